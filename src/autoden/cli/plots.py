"""Figures of spectra before and after, as ``--plot`` asks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autoden.cli.measurements import Measurement
from autoden.errors import InputError
from autoden.signals import Signal


def parse_zooms(texts: list[str], measurement: Measurement) -> list[tuple[float, float]]:
    """Read ranges of energies such as 2.5:7.5, and check that the spectra have them.

    Raises
    ------
    InputError
        Data that are no spectra, or a range that is none.
    """
    from autoden.report.spectra import check_zoom

    several = measurement.channel is not None or np.iscomplexobj(measurement.data)
    if measurement.n_dims != 1 or several:
        raise InputError(f"--plot draws spectra, not {measurement}: leave it out.")
    axis = measurement.space[0]
    n_channels = measurement.signal.shape[-1]
    positions = np.arange(n_channels, dtype=np.float64) if axis.values is None else axis.values
    return [check_zoom(parse_zoom(text), positions) for text in texts]


def parse_zoom(text: str) -> tuple[float, float]:
    """Read a range such as 2.5:7.5."""
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise InputError(f"--zoom {text} must be two numbers, such as 2.5:7.5.") from None
    return low, high


def draw(
    path: Path,
    measurement: Measurement,
    result: Signal,
    zooms: list[tuple[float, float]],
    *,
    overwrite: bool,
) -> None:
    """Draw the first spectrum, the mean of its repeats if there are any, and the result."""
    from autoden.report import save_figure, spectrum_figure

    axis = measurement.space[0]
    n_channels = measurement.signal.shape[-1]
    spectra = measurement.data
    if measurement.repeats is not None:
        spectra = spectra.reshape(-1, *spectra.shape[-2:])[0]  # (repeats, channels)
    figure = spectrum_figure(
        energies=axis.values,
        noisy=spectra.reshape(-1, n_channels)[0],
        mean=None if measurement.repeats is None else spectra.mean(axis=0),
        denoised=np.asarray(result).reshape(-1, n_channels)[0],
        quantity=axis.name.capitalize(),
        unit=axis.unit,
        log=True,
        zooms=zooms,
    )
    save_figure(figure, path, overwrite=overwrite)
