"""Weights kept on disk while a network trains, epoch by epoch."""

from __future__ import annotations

from os import PathLike

from torch import nn

from autoden.models.io import save_model_state
from autoden.training.observers import EpochRecord


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

    def on_epoch(self, record: EpochRecord) -> None:
        """Keep the weights as they are after an epoch."""
        if (record.epoch + 1) % self._every == 0:
            save_model_state(self._folder, record.epoch, self._model)

    def save_best(self, epoch: int) -> None:
        """Keep the present weights as the best ones, as ``weights/weights.pt``."""
        save_model_state(self._folder, epoch, self._model, is_best=True)
