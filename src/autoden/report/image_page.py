"""What a report of a denoised image says: arrays, sentences and tables, and nothing else.

How it looks is in `image_html` and `images`; who worked it out is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.report.ring_correlation import Curve
from autoden.report.tables import Table

Floats = NDArray[np.float64]
Pick = tuple[int | slice, ...]

_COLOURS: Final = 3
_ARRAYS: Final = ("measured", "estimate", "sigma", "noise_sigma", "reference")


@dataclass(frozen=True, eq=False)
class View:
    """One picture of a page: arrays of shape (height, width), or (height, width, 3) of colour."""

    name: str
    measured: Floats
    estimate: Floats
    sigma: Floats | None
    noise_sigma: Floats | None
    reference: Floats | None

    @property
    def is_colour(self) -> bool:
        """Whether the last axis holds red, green and blue."""
        return self.measured.ndim == 3

    @property
    def residuals(self) -> Floats:
        """(measured - estimate), over the noise if it is known, averaged over colours: (h, w)."""
        left = self.measured - self.estimate
        if self.noise_sigma is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                left = np.where(self.noise_sigma > 0, left / self.noise_sigma, np.nan)
            return left.sum(axis=-1) / np.sqrt(_COLOURS) if self.is_colour else left
        return left.mean(axis=-1) if self.is_colour else left


@dataclass(frozen=True, eq=False)
class ImagePage:
    """A report of one denoised image, of several channels, a stack or a volume.

    Parameters
    ----------
    measured, estimate : array_like, shape (*S)
        What was measured (the mean of repeats), and what denoising made of it, in the same unit:
        (height, width), (depth, height, width), and one axis of channels more if there is one.
        NaN where nothing is known.
    sigma : array_like, shape (*S), optional
        1 sigma uncertainty of the estimate.
    noise_sigma : array_like, shape (*S) or a number, optional
        1 sigma of the noise of `measured`; the residuals are drawn in this unit.
    reference : array_like, shape (*S), optional
        Acquisitions or a truth that took no part, for comparison.
    channel_axis : int, optional
        Axis of channels. Three are shown as red, green and blue if `is_colour`, others one by one.
    is_colour : bool
        Three channels are colours.
    is_stack : bool
        The first axis of three holds separate images, of which the middle one is shown; otherwise
        three axes are a volume, of which the middle slices of all three axes are.
    axes : sequence of str
        A name for each axis but that of the channels, such as ("Z", "Y", "X").
    curves : mapping of str to RingCorrelation
        Ring correlations by name, drawn with thresholds and resolutions.
    unit : str
        Of the spacing that the curves were made with.
    value_name : str
        What the values are, with their unit.
    title : str
        Title of the page.
    measurement, verdict, warnings, candidates, tables, made, settings, losses, best_epoch, citation
        As for `Page`.

    Raises
    ------
    InputError
        Shapes differ, there are not two or three axes besides channels, or a sigma is negative.

    Examples
    --------
    >>> import numpy as np
    >>> page = ImagePage(measured=np.zeros((5, 20, 30)), estimate=np.zeros((5, 20, 30)))
    >>> [(view.name, view.measured.shape) for view in page.views()]
    [('slice 3 of 5 along Z', (20, 30)), ('slice 11 of 20 along Y', (5, 30)), ('slice 16 of 30 ...
    """

    measured: ArrayLike
    estimate: ArrayLike
    sigma: ArrayLike | None = None
    noise_sigma: ArrayLike | None = None
    reference: ArrayLike | None = None
    channel_axis: int | None = None
    is_colour: bool = True
    is_stack: bool = False
    axes: Sequence[str] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    unit: str = "px"
    value_name: str = ""
    title: str = "Denoised image"
    measurement: Mapping[str, object] = field(default_factory=dict)
    verdict: Sequence[str] = ()
    warnings: Sequence[str] = ()
    candidates: Table | None = None
    tables: Sequence[Table] = ()
    made: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    losses: Mapping[str, ArrayLike] = field(default_factory=dict)
    best_epoch: int | None = None
    citation: str = ""

    def __post_init__(self) -> None:
        shape = np.shape(self.measured)
        for name in _ARRAYS:
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _checked(name, given, shape))
        n_axes = len(shape) - (self.channel_axis is not None)
        if n_axes not in (2, 3) or not np.size(self.measured):
            raise InputError(
                f"`measured` has shape {shape}: give (height, width) or (depth, height, width), "
                "and say by `channel_axis` which axis holds channels."
            )
        if self.axes and len(self.axes) != n_axes:
            raise InputError(
                f"`axes` has {len(self.axes)} names: give {n_axes}, one for each axis but that of "
                "the channels."
            )

    def views(self) -> tuple[View, ...]:
        """Give the pictures of the page; at least one."""

        def cut(values: ArrayLike | None, pick: Pick) -> Floats | None:
            return None if values is None else self._spread(values)[pick]

        shape = self._spread(self.measured).shape
        names = list(self.axes) or ["Z", "Y", "X"][-(len(shape) - 1) :]
        slices = _slices(shape[:-1], names, self.is_stack)
        return tuple(
            View(
                name=", ".join(filter(None, (where, channel))),
                measured=self._spread(self.measured)[*place, colour],
                estimate=self._spread(self.estimate)[*place, colour],
                sigma=cut(self.sigma, (*place, colour)),
                noise_sigma=cut(self.noise_sigma, (*place, colour)),
                reference=cut(self.reference, (*place, colour)),
            )
            for where, place in slices
            for channel, colour in _channels(shape[-1], self.is_colour)
        )

    def _spread(self, values: ArrayLike) -> Floats:
        """Move the channels last; one channel if there is no axis of them."""
        if self.channel_axis is None:
            return np.asarray(values)[..., None]
        return np.moveaxis(np.asarray(values), self.channel_axis, -1)


def _checked(name: str, given: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Copy an array of the page; it does not change."""
    array = np.array(given, dtype=np.float64)
    if name == "noise_sigma" and array.ndim == 0:
        array = np.full(shape, float(array))
    if array.shape != shape:
        raise InputError(
            f"`{name}` has shape {array.shape} and `measured` {shape}: give it one value for each "
            "measured one."
        )
    if "sigma" in name and (array < 0).any():
        raise InputError(
            f"`{name}` is {array[array < 0][0]:g} somewhere: give standard deviations, which are "
            "not negative."
        )
    array.flags.writeable = False
    return array


def _slices(
    shape: tuple[int, ...], names: Sequence[str], is_stack: bool
) -> list[tuple[str, tuple[int | slice, ...]]]:
    """Cut volumes (depth, height, width) in their middles; with what each slice is."""
    whole = (slice(None),) * len(shape)
    if len(shape) == 2:
        return [("", whole)]
    kind, n_cuts = ("image", 1) if is_stack else ("slice", 3)
    return [
        (
            f"{kind} {shape[axis] // 2 + 1} of {shape[axis]} along {names[axis]}",
            (*whole[:axis], shape[axis] // 2, *whole[axis + 1 :]),
        )
        for axis in range(n_cuts)
    ]


def _channels(n_channels: int, is_colour: bool) -> list[tuple[str, int | slice]]:
    """Give colours together and other channels one by one, with their names."""
    if is_colour and n_channels == _COLOURS:
        return [("", slice(None))]
    return [(f"channel {i + 1}" if n_channels > 1 else "", i) for i in range(n_channels)]
