"""The tables of a verdict: lines, regions, background and residuals of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.spectra.measurement import Measurement
from autoden.auto.verdicts.agreement import Agreement, dispersion_ratio, ordered_positions
from autoden.report.spectrum_tables import bands_table, peaks_table, regions_table
from autoden.report.tables import Table

Floats = NDArray[np.float64]


def verdict_tables(found: Sequence[Agreement], measurement: Measurement) -> tuple[Table, ...]:
    """Tabulate the comparison of each sample with its measurement."""
    axis = measurement.axis
    given = ordered_positions(axis)
    positions = np.arange(measurement.n_channels, dtype=float) if given is None else given
    unit = "channels" if given is None else axis.unit
    tables: list[Table] = []
    for number, each in enumerate(found, start=1):
        made = [_regions(each, positions, unit)]
        if each.lines:
            made.insert(0, _lines(each, unit))
        if each.background.windows:
            made.append(_background(each, axis.name.capitalize()))
        if each.has_residuals:
            made.append(_residuals(each))
        if len(found) > 1:
            made = [replace(table, title=f"Sample {number}: {table.title}") for table in made]
        tables += made
    return tuple(tables)


def _lines(found: Agreement, unit: str) -> Table:
    lines = found.lines
    widths = [line.width for line in lines]
    return peaks_table(
        positions=[line.centroid.measured for line in lines],
        area_before=[line.area.measured for line in lines],
        area_after=[line.area.estimate for line in lines],
        centroid_shift=[line.centroid.difference for line in lines],
        centroid_error=[line.centroid.standard_error for line in lines],
        width_shift=[np.nan if width is None else width.difference for width in widths],
        width_error=[np.nan if width is None else width.standard_error for width in widths],
        unit=unit,
    )


def _regions(found: Agreement, positions: Floats, unit: str) -> Table:
    """Tabulate the whole and the net areas of the lines."""
    ends = [
        sorted((positions[line.peak.start], positions[line.peak.stop - 1])) for line in found.lines
    ]
    ends.insert(0, sorted((positions[0], positions[-1])))
    sums = [found.total, *(line.area for line in found.lines)]
    return regions_table(
        low=[low for low, _ in ends],
        high=[high for _, high in ends],
        net_before=[each.measured for each in sums],
        net_after=[each.estimate for each in sums],
        z=[each.z for each in sums],
        unit=unit,
        names=["all channels", *("line" for _ in found.lines)],
    )


def _background(found: Agreement, axis_name: str) -> Table:
    levels = [each for each in (found.background.overall, *found.background.windows) if each]
    return Table(
        title="Background between the lines",
        columns=(axis_name, "Level measured", "Level estimated", "z"),
        rows=[
            (each.region.label, each.level.measured, each.level.estimate, f"{each.level.z:+.2f}")
            for each in levels
        ],
        note="Mean per channel; z is the difference in standard errors of the measured level.",
    )


def _residuals(found: Agreement) -> Table:
    bands = found.residuals.bands
    rates = [found.estimate[band.band.inside] for band in bands]
    return bands_table(
        low=[rate.min() for rate in rates],
        high=[rate.max() for rate in rates],
        n_channels=[rate.size for rate in rates],
        dispersion=[dispersion_ratio(band) for band in bands],
        whiteness=[band.whiteness.correlations[0] for band in bands],
    )
