"""What a report of a denoised spectrum says: arrays, sentences and tables, and nothing else.

How it looks is in `html`; who worked it out is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.report.tables import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One sample of a page; arrays of shape (n_channels,)."""

    name: str
    measured: Floats
    estimate: Floats
    sigma: Floats | None
    noise_sigma: Floats | None
    reference: Floats | None

    @property
    def residuals(self) -> Floats | None:
        """(measured - estimate) / noise_sigma; NaN where the noise is 0, None if it is unknown."""
        if self.noise_sigma is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (self.measured - self.estimate) / self.noise_sigma
        return np.where(np.isfinite(z), z, np.nan)


@dataclass(frozen=True, eq=False)
class Page:
    """A report of one denoised spectrum, or of several samples of one set-up.

    Parameters
    ----------
    measured, estimate : array_like, shape (n_channels,) or (n_samples, n_channels)
        Mean of what was measured, and what denoising made of it, in the same unit.
    sigma : array_like, same shape, optional
        1 sigma uncertainty of the estimate; NaN where it is unknown.
    noise_sigma : array_like, same shape, optional
        1 sigma of the noise of `measured`; the residuals are drawn in this unit.
    reference : array_like, same shape, optional
        Acquisitions or a truth that took no part, for comparison.
    positions : array_like, shape (n_channels,), optional
        Position of each channel, in rising or falling order; channel numbers if not given.
    axis_name, axis_unit : str
        What the positions are, and their unit.
    value_name, value_unit : str
        What the values are, and their unit.
    samples : sequence of str
        A name for each of several samples.
    title : str
        Title of the page.
    measurement : mapping of str to object
        What was measured: files, repeats, counts, dose.
    verdict, warnings : sequence of str
        Plain sentences.
    candidates : Table, optional
        As `candidates_table` makes it.
    tables : sequence of Table
        Peaks, regions, residuals and whatever else there is to tell.
    made : mapping of str to object
        How the estimate was made: method, parameters, seed, version, date.
    settings : mapping of str to object
        All settings, by name.
    losses : mapping of str to array_like, each of shape (n_epochs,)
        Losses of a training, as `loss_figure` takes them.
    best_epoch : int, optional
        The epoch that was kept.
    citation : str
        A paragraph that says all this in a paper.

    Raises
    ------
    InputError
        Shapes differ, the positions are in no order, a sigma is negative, or the number of names
        is not the number of samples.

    Examples
    --------
    >>> page = Page(measured=[3, 0, 2], estimate=[2.1, 1.4, 1.6], sigma=[0.4, 0.3, 0.3])
    >>> page.axis_label, page.x.tolist(), len(page.spectra())
    ('Channel', [0.0, 1.0, 2.0], 1)
    """

    measured: ArrayLike
    estimate: ArrayLike
    sigma: ArrayLike | None = None
    noise_sigma: ArrayLike | None = None
    reference: ArrayLike | None = None
    positions: ArrayLike | None = None
    axis_name: str = ""
    axis_unit: str = ""
    value_name: str = "Counts per channel"
    value_unit: str = "counts"
    samples: Sequence[str] = ()
    title: str = "Denoised spectrum"
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
        for name in ("measured", "estimate", "sigma", "noise_sigma", "reference", "positions"):
            given = getattr(self, name)
            if given is not None:
                array = np.array(given, dtype=np.float64)  # a copy: the page does not change
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        self._check_shapes()
        self._check_values()

    @property
    def x(self) -> Floats:
        """Positions, or channel numbers from 0; shape (n_channels,)."""
        if self.positions is None:
            return np.arange(np.shape(self.measured)[-1], dtype=np.float64)
        return np.asarray(self.positions)

    @property
    def axis_label(self) -> str:
        """The name of the axis, with its unit where it has one."""
        if self.positions is None:
            return "Channel"
        name = self.axis_name or "Position"
        return f"{name} ({self.axis_unit})" if self.axis_unit else name

    def spectra(self) -> tuple[Spectrum, ...]:
        """Give the samples one by one; at least one."""
        n_samples = len(np.atleast_2d(self.measured))
        names = self.samples or [
            f"Sample {i + 1}" if n_samples > 1 else "" for i in range(n_samples)
        ]

        def row(values: ArrayLike | None, i: int) -> Floats | None:
            return None if values is None else np.atleast_2d(values)[i]

        return tuple(
            Spectrum(
                name=name,
                measured=np.atleast_2d(self.measured)[i],
                estimate=np.atleast_2d(self.estimate)[i],
                sigma=row(self.sigma, i),
                noise_sigma=row(self.noise_sigma, i),
                reference=row(self.reference, i),
            )
            for i, name in enumerate(names)
        )

    def _check_shapes(self) -> None:
        shape = np.shape(self.measured)
        if len(shape) not in (1, 2) or not np.size(self.measured):
            raise InputError(
                f"`measured` has shape {shape}: give one spectrum, (n_channels,), or several "
                "samples, (n_samples, n_channels)."
            )
        for name in ("estimate", "sigma", "noise_sigma", "reference"):
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise InputError(
                    f"`{name}` has shape {given.shape} and `measured` {shape}: give it one value "
                    "for each measured one."
                )
        if self.positions is not None and np.shape(self.positions) != shape[-1:]:
            raise InputError(
                f"`positions` has shape {np.shape(self.positions)}: give one for each of the "
                f"{shape[-1]} channels, or None for channel numbers."
            )
        n_samples = shape[0] if len(shape) == 2 else 1
        if self.samples and len(self.samples) != n_samples:
            raise InputError(
                f"`samples` has {len(self.samples)} names: give {n_samples}, one for each "
                "spectrum, or none."
            )

    def _check_values(self) -> None:
        steps = np.diff(self.x)
        if not (np.isfinite(self.x).all() and ((steps > 0).all() or (steps < 0).all())):
            raise InputError(
                "`positions` neither rise nor fall from channel to channel: sort the channels, or "
                "give None for channel numbers."
            )
        for name in ("sigma", "noise_sigma"):
            given = getattr(self, name)
            if given is not None and (given < 0).any():
                raise InputError(
                    f"`{name}` is {given[given < 0][0]:g} somewhere: give standard deviations, "
                    "which are not negative."
                )
