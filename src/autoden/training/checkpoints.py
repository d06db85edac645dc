"""Weights kept on disk while a network trains, epoch by epoch."""

from __future__ import annotations

import logging
from os import PathLike

from torch import nn

from autoden.errors import InputError
from autoden.models.io import save_model_state
from autoden.training.observers import EpochRecord

logger = logging.getLogger(__name__)


class SavedEpochs:
    """Keep the weights of the epochs of a training in a folder; an observer.

    Parameters
    ----------
    model : torch.nn.Module
        The network being trained; it has `init_params`.
    folder : path
        Where the files go, as ``weights/weights_epoch_N.pt``; files of earlier trainings are
        replaced.
    every : int
        Keep every so manieth epoch.
    """

    def __init__(self, model: nn.Module, folder: str | PathLike[str], every: int = 1) -> None:
        self._model, self._folder, self._every = model, folder, every
        self._failed = False

    def on_epoch(self, record: EpochRecord) -> None:
        """Keep the weights as they are after an epoch.

        What cannot be written, on a full disk, ends the keeping, not the training.
        """
        if (record.epoch + 1) % self._every or self._failed:
            return
        try:
            save_model_state(self._folder, record.epoch, self._model)
        except (InputError, OSError) as error:
            if record.epoch + 1 == self._every:  # the first: better told before hours of training
                raise
            self._failed = True
            logger.warning("Epoch %d and those after it are not kept: %s", record.epoch, error)

    def save_best(self, epoch: int) -> None:
        """Keep the present weights as the best ones, as ``weights/weights.pt``."""
        try:
            save_model_state(self._folder, epoch, self._model, is_best=True)
        except (InputError, OSError) as error:
            logger.warning("The best weights are not kept on disk: %s", error)
