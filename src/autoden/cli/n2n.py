"""``autoden n2n``: denoise repeated spectra of a file by Noise2Noise."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from cyclopts import Parameter

from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.options import Flag
from autoden.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from autoden.signals import Signal

logger = logging.getLogger(__name__)

NetworkName = Literal["dncnn", "unet", "msd", "resnet"]
SMALL = {"dncnn": {"n_features": 4, "n_layers": 6}}
"""Sizes that suit single spectra, where they differ from a network's own defaults."""


def n2n(
    file: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    exposures: str | None = None,
    epochs: int = 10_000,
    model: NetworkName = "dncnn",
    features: int | None = None,
    layers: int | None = None,
    learning_rate: float = 1e-2,
    lower_limit: float | None = None,
    restarts: int | None = 1,
    strategy: Literal["1:X", "X:1"] = "1:X",
    held_out: float = 0.2,
    seed: int = 0,
    device: str | None = None,
    plot: Path | None = None,
    zoom: Annotated[
        list[str] | None, Parameter(negative_iterable=(), consume_multiple=True)
    ] = None,
    keep_overflow: Flag = False,
    force: Flag = False,
    quiet: Flag = False,
) -> int:
    """Denoise repeated spectra by Noise2Noise: predict each exposure from the others.

    Ctrl-C ends the training early; the best result so far is still written.

    Parameters
    ----------
    file
        Repeated exposures of one sample, as CSV.
    output
        Where to write the denoised spectrum, in the units of one exposure.
    exposures
        Which exposures to use, as FIRST:END counted from 0 with END left out, such as 0:4.
        All of them if not given.
    epochs
        How many times to go through the data.
    model
        The network.
    features
        Features of the network (4 for dncnn; else the network's own default).
    layers
        Layers of the network, or levels of a unet (6 for dncnn; else the network's own default).
    learning_rate
        Step size at the start.
    lower_limit
        Smallest value the result may have; 0 for counts.
    restarts
        Cycles of the learning rate, which falls along half a cosine in each; none keeps it.
    strategy
        1:X shows one exposure and asks for the mean of the others; X:1 the reverse.
    held_out
        Share of the channels that is held out to choose the best weights.
    seed
        Same seed, same machine, same result.
    device
        Where to compute, such as cpu or cuda; the GPU if there is one.
    plot
        Draw the exposures, their mean and the result into this PNG or SVG file.
    zoom
        Energy ranges such as 2.5:7.5 to draw below the whole spectrum.
    keep_overflow
        Keep a last channel that looks like an overflow bin.
    force
        Overwrite files that exist.
    quiet
        No progress, no closing lines.
    """
    from autoden.io import check_writable, read, write
    from autoden.report.saving import check_figure_path
    from autoden.report.spectra import check_zoom
    from autoden.training.settings import TrainingSettings

    if quiet:
        logging.getLogger().setLevel(logging.WARNING)
    TrainingSettings(epochs, learning_rate, restarts=restarts)  # said before the file is read
    if not 0 <= held_out < 1:
        raise InputError(f"--held-out {held_out} must be from 0 to below 1, such as 0.2.")
    signal = read(file, keep_overflow=keep_overflow)
    check_writable(output, overwrite=force)
    if output.exists() and output.samefile(file):
        raise InputError(f"{output}: the result would replace the measurement; choose another -o.")
    if plot is not None:
        check_figure_path(plot, overwrite=force)
    if signal.axes[0].name != "repeat":
        along = signal.axes[0].name
        logger.warning("The spectra along %r are taken for repeats of one measurement.", along)
    data = select_exposures(np.asarray(signal), exposures)
    energies = energies_of(signal)
    zooms = [check_zoom(parse_zoom(text), energies) for text in zoom or ()]

    from autoden.algorithms.noise2noise import N2N
    from autoden.models.config import create_network

    sizes = network_sizes(model, features, layers)
    network = create_network(model, sizes, device=device, seed=seed)
    denoiser = N2N(network, device=device, seed=seed, verbose=not quiet)
    inp, tgt, mask = denoiser.prepare_data(data, num_tst_ratio=held_out, strategy=strategy)
    losses = denoiser.train(
        inp, tgt, mask,
        epochs=epochs, learning_rate=learning_rate, lower_limit=lower_limit, restarts=restarts,
    )  # fmt: skip
    denoised = denoiser.infer(inp)
    write(output, signal.with_data(denoised, dropping=signal.axes[0].name), overwrite=force)
    if plot is not None:
        draw(plot, signal, data, denoised, zooms, overwrite=force)
    logger.info("Wrote %s.", ", ".join(str(p) for p in (output, plot) if p is not None))
    return EXIT_INTERRUPTED if losses.stopped else 0


def network_sizes(model: NetworkName, features: int | None, layers: int | None) -> dict[str, int]:
    """Give the sizes of a one-dimensional network, as far as the command line sets them."""
    sizes = {"n_dims": 1, **SMALL.get(model, {})}
    if features is not None:
        sizes["n_features"] = features
    if layers is not None:
        sizes["n_levels" if model == "unet" else "n_layers"] = layers
    return sizes


def select_exposures(data: NDArray[np.generic], exposures: str | None) -> NDArray[np.generic]:
    """Take the exposures FIRST:END of data whose first axis counts them."""
    if exposures is None:
        return data
    parts = exposures.split(":")
    bounds = [int(part) for part in parts if part.isdecimal()]
    if not (len(bounds) == len(parts) == 2 and bounds[0] < bounds[1] <= len(data)):
        raise InputError(
            f"--exposures {exposures} must be FIRST:END within the {len(data)} exposures of the "
            f"file, such as 0:{min(4, len(data))}."
        )
    return data[bounds[0] : bounds[1]]


def parse_zoom(text: str) -> tuple[float, float]:
    """Read a range of energies such as 2.5:7.5."""
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise InputError(f"--zoom {text} must be two numbers, such as 2.5:7.5.") from None
    return low, high


def energies_of(signal: Signal) -> NDArray[np.float64]:
    """Give the values of the last axis, or channel numbers where it has none."""
    values = signal.axes[-1].values
    return np.arange(signal.shape[-1], dtype=np.float64) if values is None else values


def draw(
    path: Path,
    signal: Signal,
    data: NDArray[np.generic],
    denoised: NDArray[np.floating],
    zooms: list[tuple[float, float]],
    *,
    overwrite: bool,
) -> None:
    """Draw one exposure, the mean of all and the result."""
    from autoden.report import save_figure, spectrum_figure

    axis = signal.axes[-1]
    figure = spectrum_figure(
        energies=axis.values,
        noisy=data[0],
        mean=data.mean(axis=0),
        denoised=denoised,
        quantity=axis.name.capitalize(),
        unit=axis.unit,
        log=True,
        zooms=zooms,
    )
    save_figure(figure, path, overwrite=overwrite)
