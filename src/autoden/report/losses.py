"""How a training went: the loss of the training and of the held-out data, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

LABELS: Final = {
    "loss_trn": "training",
    "loss_trn_data": "training, data term only",
    "loss_tst": "held out",
    "loss_tst_sbi": "held out, scale- and bias-invariant",
}
_VARIANTS: Final = {"loss_trn_data": "loss_trn", "loss_tst_sbi": "loss_tst"}
_SAME: Final = 0.01  # two curves that differ by less, relative to their values, look like one
_MANY_EPOCHS: Final = 100  # beyond, a linear axis would show the first ones as a wall


def loss_figure(curves: Mapping[str, ArrayLike], best_epoch: int | None = None) -> Figure:
    """Draw loss curves against the epochs.

    Parameters
    ----------
    curves : mapping of str to array_like, each of shape (n_epochs,)
        Losses (no unit) by name: ``loss_trn`` (training), ``loss_trn_data`` (its data term),
        ``loss_tst`` (held out), ``loss_tst_sbi`` (held out, invariant to scale and bias); others
        are labelled by their names. The second and the fourth are drawn only if they differ from
        the one before by more than 1 % at some epoch. Values that are not finite are left out.
    best_epoch : int, optional
        Epoch to mark, counted from 0 as the curves are.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Losses are on a logarithmic scale, or on a linear one if some are negative, as
        likelihoods can be; epochs are on a logarithmic one, with a place for 0, if there are more
        than 100.

    Raises
    ------
    InputError
        If there is no curve with a finite value, one is not of shape (n_epochs,), or the best
        epoch is not among the epochs.

    Examples
    --------
    >>> import autoden as ad
    >>> curves = {"loss_trn": [3.0, 1.0, 0.5], "loss_tst": [3.2, 1.4, 1.6]}
    >>> figure = ad.report.loss_figure(curves, best_epoch=1)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['training', 'held out', 'best epoch: 1']
    """
    losses = _losses(curves)
    n_epochs = max(len(y) for y in losses.values())
    if best_epoch is not None and not 0 <= best_epoch < n_epochs:
        raise InputError(
            f"`best_epoch` is {best_epoch}; give one of the {n_epochs} epochs, 0 to {n_epochs - 1}."
        )
    from autoden.report.canvas import Sheet, tidy

    figure = Sheet(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    tidy(axes)
    _draw(axes, losses)
    _scale(axes, np.concatenate([y[np.isfinite(y)] for y in losses.values()]))
    if best_epoch is not None:
        _mark(axes, best_epoch, losses)
    _scale_epochs(axes, n_epochs)
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Loss")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _losses(curves: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Give the curves to draw, (n_epochs,) float64 each, those with a known name first."""
    names = [name for name in LABELS if name in curves]
    names += [name for name in curves if name not in LABELS]
    losses = {name: np.asarray(curves[name], dtype=float) for name in names}
    for name, y in losses.items():
        if y.ndim != 1:
            raise InputError(f"`{name}` has shape {y.shape}; give one loss per epoch, (n_epochs,).")
    if not any(np.isfinite(y).any() for y in losses.values()):
        raise InputError(
            f"No loss is finite; give one or more curves, such as {', '.join(LABELS)}."
        )
    for name, other in _VARIANTS.items():
        if name in losses and other in losses and _coincide(losses[name], losses[other]):
            del losses[name]
    return losses


def _coincide(one: Floats, other: Floats) -> bool:
    """Tell whether two curves, (n_epochs,) each, cannot be told apart in a figure."""
    return len(one) == len(other) and np.allclose(one, other, rtol=_SAME, atol=0, equal_nan=True)


def _draw(axes: Axes, losses: Mapping[str, Floats]) -> None:
    """Draw each curve through its finite values; a lone value as a point."""
    from autoden.report.canvas import BLUE, GREEN, ORANGE, PURPLE

    known = {
        "loss_trn": (BLUE, "-"),
        "loss_trn_data": (BLUE, ":"),
        "loss_tst": (ORANGE, "-"),
        "loss_tst_sbi": (ORANGE, ":"),
    }
    others = iter([(colour, style) for style in ("-", "--", ":") for colour in (GREEN, PURPLE)] * 9)
    for name, y in losses.items():
        colour, style = known.get(name) or next(others)
        epochs = np.flatnonzero(np.isfinite(y))
        if not epochs.size:
            continue
        axes.plot(
            epochs,
            y[epochs],
            color=colour,
            linestyle=style,
            linewidth=1.3,
            marker="o" if len(epochs) == 1 else None,
            label=LABELS.get(name, name),
        )


def _scale(axes: Axes, values: Floats) -> None:
    """Choose the scale of the losses for all of their finite `values`, (n_values,)."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    positive = values[values > 0]
    if not positive.size or np.any(values < 0):
        return
    axes.set_yscale("log", nonpositive="mask")
    axes.yaxis.set_major_formatter("{x:g}")
    span = float(positive.max() / positive.min())
    if span < 5:  # too narrow for powers of ten
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 200 else (1,)))
        axes.yaxis.set_minor_formatter("")


def _scale_epochs(axes: Axes, n_epochs: int) -> None:
    """Choose the scale of the epochs 0 to n_epochs - 1."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    if n_epochs <= _MANY_EPOCHS:
        axes.set_xlim(-0.5, n_epochs - 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
        return
    axes.set_xscale("symlog", linthresh=1, linscale=0.3)  # linear from 0 to 1
    axes.set_xlim(-0.2, 1.1 * n_epochs)
    decades = [10**power for power in range(len(str(n_epochs - 1)))]
    axes.xaxis.set_major_locator(FixedLocator([0, *decades]))
    axes.xaxis.set_minor_locator(FixedLocator([m * d for d in decades for m in range(2, 10)]))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")


def _mark(axes: Axes, best_epoch: int, losses: Mapping[str, Floats]) -> None:
    """Mark the best epoch by a line and, where it has one, by its held-out loss."""
    from autoden.report.canvas import BLACK

    label = f"best epoch: {best_epoch}"
    axes.axvline(best_epoch, color=BLACK, linewidth=0.8, linestyle=(0, (4, 2)), label=label)
    held_out = losses.get("loss_tst", losses.get("loss_tst_sbi"))
    if held_out is not None and best_epoch < len(held_out):
        axes.plot(best_epoch, held_out[best_epoch], "o", color=BLACK, markersize=5, zorder=5)
