"""The tables that every report of a spectrum has: peaks, regions, residuals.

Each function takes columns and says in a note how to read them. Where the numbers come from is
not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.report.numerals import plus_minus, show
from autoden.report.tables import Table, equal_columns


def peaks_table(
    *,
    positions: ArrayLike,
    area_before: ArrayLike,
    area_after: ArrayLike,
    centroid_shift: ArrayLike,
    centroid_error: ArrayLike,
    width_shift: ArrayLike,
    width_error: ArrayLike,
    unit: str = "",
    names: Sequence[str] | None = None,
) -> Table:
    """Tabulate what denoising did to the strong peaks.

    Parameters
    ----------
    positions : array_like, shape (n_peaks,)
        Positions in `unit`, as everything along the axis.
    area_before, area_after : array_like, shape (n_peaks,)
        Net areas in the measured mean and in the estimate, in the unit of the data.
    centroid_shift, centroid_error, width_shift, width_error : array_like, shape (n_peaks,)
        Estimate minus measured mean, with standard errors.
    unit : str
        Unit of the axis; may be empty.
    names : sequence of str, optional
        Names of the peaks.

    Returns
    -------
    Table
        One row per peak.

    Raises
    ------
    InputError
        Lengths differ.

    Examples
    --------
    >>> peaks_table(
    ...     positions=[8.05], area_before=[812.0], area_after=[810.2], centroid_shift=[0.0004],
    ...     centroid_error=[0.0011], width_shift=[0.002], width_error=[0.0015], unit="keV",
    ... ).rows
    (('8.05', 812.0, 810.2, '0.0004 ± 0.0011', '0.0020 ± 0.0015'),)
    """
    values = equal_columns(
        positions=positions, area_before=area_before, area_after=area_after,
        centroid_shift=centroid_shift, centroid_error=centroid_error,
        width_shift=width_shift, width_error=width_error,
    )  # fmt: skip
    shifts = [
        list(map(plus_minus, values[f"{what}_shift"], values[f"{what}_error"]))
        for what in ("centroid", "width")
    ]
    positions_shown = [show(float(position), digits=6) for position in values["positions"]]
    columns = [positions_shown, values["area_before"], values["area_after"], *shifts]
    return Table(
        title="Strong peaks before and after",
        columns=_named(
            names, "Peak",
            _with_unit("Position", unit), "Area measured", "Area estimated",
            _with_unit("Centroid shift", unit), _with_unit("Width shift", unit),
        ),
        rows=_rows(names, columns),
        note="Shifts are estimate minus measured mean, ± one standard error.",
    )  # fmt: skip


def regions_table(
    *,
    low: ArrayLike,
    high: ArrayLike,
    net_before: ArrayLike,
    net_after: ArrayLike,
    z: ArrayLike,
    unit: str = "",
    names: Sequence[str] | None = None,
) -> Table:
    """Tabulate whether counts were conserved, region by region.

    Parameters
    ----------
    low, high : array_like, shape (n_regions,)
        Ends of the regions in `unit`.
    net_before, net_after : array_like, shape (n_regions,)
        Net counts in the measured mean and in the estimate.
    z : array_like, shape (n_regions,)
        Their difference in standard errors.
    unit : str
        Unit of the axis; may be empty.
    names : sequence of str, optional
        Names of the regions.

    Returns
    -------
    Table
        One row per region.

    Raises
    ------
    InputError
        Lengths differ.

    Examples
    --------
    >>> regions_table(low=[7], high=[9], net_before=[812.5], net_after=[815.1], z=[0.4]).rows
    (('7 to 9', 812.5, 815.1, '+0.40'),)
    """
    values = equal_columns(low=low, high=high, net_before=net_before, net_after=net_after, z=z)
    spans = list(map(_span, values["low"], values["high"]))
    return Table(
        title="Net counts by region",
        columns=_named(
            names, "Region",
            _with_unit("From, to", unit), "Net counts measured", "Net counts estimated", "z",
        ),
        rows=_rows(
            names,
            [spans, values["net_before"], values["net_after"], _fixed(values["z"], "+.2f")],
        ),
        note="z is the difference in standard errors; beyond ±3 is hardly chance.",
    )  # fmt: skip


def bands_table(
    *,
    low: ArrayLike,
    high: ArrayLike,
    n_channels: Sequence[int],
    dispersion: ArrayLike,
    whiteness: ArrayLike,
) -> Table:
    """Tabulate what is left after the estimate is taken away, by intensity.

    Parameters
    ----------
    low, high : array_like, shape (n_bands,)
        Ends of the bands of the estimate, in the unit of the data.
    n_channels : sequence of int
        How many channels are in each.
    dispersion : array_like, shape (n_bands,)
        Mean square of the standardised residuals.
    whiteness : array_like, shape (n_bands,)
        Correlation between residuals of neighbouring channels.

    Returns
    -------
    Table
        One row per band.

    Raises
    ------
    InputError
        Lengths differ.

    Examples
    --------
    >>> bands_table(low=[0], high=[5], n_channels=[900], dispersion=[0.98], whiteness=[0.01]).rows
    (('0 to 5', 900, '0.98', '+0.01'),)
    """
    values = equal_columns(
        low=low, high=high, n_channels=n_channels, dispersion=dispersion, whiteness=whiteness
    )
    spans = list(map(_span, values["low"], values["high"]))
    return Table(
        title="Residuals by intensity",
        columns=("Estimate from, to", "Channels", "Dispersion", "Correlation of neighbours"),
        rows=_rows(
            None,
            [
                spans,
                values["n_channels"],
                _fixed(values["dispersion"], ".2f"),
                _fixed(values["whiteness"], "+.2f"),
            ],
        ),
        note="Dispersion is the mean square of (measured - estimate) / sigma: about 1 where only "
        "noise was removed, more where signal was. Neighbours are uncorrelated, about 0, where "
        "the residuals are pure noise.",
    )


def _rows(names: Sequence[str] | None, columns: Sequence[Any]) -> list[tuple[object, ...]]:
    """Turn columns into rows, with the names in front where there are any."""
    lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    return list(zip(*([names] if names is not None else []), *lists, strict=True))


def _named(names: Sequence[str] | None, heading: str, *columns: str) -> tuple[str, ...]:
    return columns if names is None else (heading, *columns)


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _fixed(values: NDArray[Any], form: str) -> list[str | None]:
    """Write numbers with the same decimals, so that they can be compared down a column."""
    return [format(value, form) if np.isfinite(value) else None for value in values]


def _span(low: float, high: float) -> str:
    return f"{show(float(low))} to {show(float(high))}"
