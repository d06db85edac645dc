"""What a training run measured: four curves, how they ended, and whether it was worth it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autoden.training.observers import EpochRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = {
    "loss_trn": "train",
    "loss_trn_data": "train_data",
    "loss_tst": "held_out",
    "loss_tst_sbi": "held_out_sbi",
}


@dataclass(frozen=True)
class Rival:
    """A simpler estimate than the network's, from the same data.

    Attributes
    ----------
    name : str
        Such as "the mean of the inputs".
    error : float
        Its mean squared error on held-out elements, in squared data units.
    margin : float
        How much larger that is than the network's.
    uncertainty : float
        Standard error of the margin, taking held-out elements for independent.
    """

    name: str
    error: float
    margin: float
    uncertainty: float

    @property
    def wins(self) -> bool:
        """Whether the network's error is larger, by more than the uncertainty."""
        return self.margin < -self.uncertainty

    @property
    def ties(self) -> bool:
        """Whether the two errors agree within the uncertainty."""
        return abs(self.margin) <= self.uncertainty


@dataclass(frozen=True)
class Comparison:
    """A trained network beside simpler means, on what was held out.

    Attributes
    ----------
    error : float
        The network's mean squared error, in squared data units.
    rivals : tuple of Rival
        What it must beat to be worth it: the data as they are, and the best simple filter.
    noise_included : bool
        Whether the errors, all alike, contain the noise of the targets.
    """

    error: float
    rivals: tuple[Rival, ...]
    noise_included: bool


class History(dict[str, NDArray[np.float64]]):
    """Loss curves of a run: a dict of arrays with one value per epoch.

    The keys are ``loss_trn`` (training, with penalties), ``loss_trn_data`` (training, data term
    alone), ``loss_tst`` (held out) and ``loss_tst_sbi`` (held out, invariant to scale and bias).

    Attributes
    ----------
    records : tuple of EpochRecord
        The measurements, epoch by epoch.
    best_epoch : int
        Epoch, counted from 0, whose weights were kept; the last one also stands for what its
        last step made.
    best_held_out : float
        Held-out error of the kept weights, measured as they are used: in inference mode. NaN if
        nothing was held out.
    skipped_steps : int
        Steps left out because their gradients were not finite.
    stopped : str or None
        Why the training ended early; None if it ran to its end.
    comparison : Comparison or None
        How the network of a self-supervised algorithm does beside simpler means; None where
        nothing was held out, and with ``verbose=False``, which saves the time.
    """

    def __init__(
        self,
        records: Sequence[EpochRecord],
        *,
        best_epoch: int,
        best_held_out: float,
        skipped_steps: int = 0,
        stopped: str | None = None,
    ) -> None:
        super().__init__(
            (name, np.array([getattr(record, field) for record in records]))
            for name, field in _CURVES.items()
        )
        self.records = tuple(records)
        self.best_epoch = best_epoch
        self.best_held_out = best_held_out
        self.skipped_steps = skipped_steps
        self.stopped = stopped
        self.comparison: Comparison | None = None

    # a dict would compare arrays, which have no one truth
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__  # type: ignore[assignment] # a run is itself and no other

    def __repr__(self) -> str:
        names = ("best_epoch", "best_held_out", "skipped_steps", "stopped")
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"History({len(self.records)} epochs, {values})"

    def plot(self) -> Figure:
        """Draw the loss curves, with the best epoch marked.

        Returns
        -------
        matplotlib.figure.Figure
            Notebooks show it by themselves; ``figure.savefig("losses.png")`` writes it.
        """
        from autoden.report import loss_figure

        return loss_figure(self, best_epoch=self.best_epoch)

    def _repr_html_(self) -> str:
        """Show how the training went, and its curves, at the end of a notebook cell."""
        from autoden.report.cards import card

        ended = f"; {self.stopped}" if self.stopped else ""
        kept = f"The weights of epoch {self.best_epoch} (of 0 to {len(self.records) - 1}) are kept"
        score = "" if math.isnan(self.best_held_out) else (
            f": held-out loss {self.best_held_out:.4g}"
        )  # fmt: skip
        return card(
            f"Training, {len(self.records)} epochs{ended}",
            [f"{kept}{score}."],
            picture=self._repr_png_(),
            says="The loss curves of the training, with the epoch that was kept.",
        )

    def _repr_png_(self) -> bytes:
        from autoden.report.saving import figure_bytes

        return figure_bytes(self.plot(), ".png", dpi=100)
