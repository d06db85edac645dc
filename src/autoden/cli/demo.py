"""``autoden demo``: simulated spectra with a known truth, denoised, with a report to look at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.options import Flag
from autoden.cli.verdict import scores, tell_warnings
from autoden.errors import InputError
from autoden.signals import Axis, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from autoden.auto.result import Result
    from autoden.datasets import XRFSpectra
    from autoden.training import History

logger = logging.getLogger(__name__)

N_EXPOSURES, N_USED = 32, 4
FILES = (
    "report.html", "report.png", "spectra.png", "spectra.svg", "losses.png",
    "exposures.csv", "denoised.csv", "noise2noise.csv",
)  # fmt: skip
ZOOMS = ((5.0, 7.0), (7.5, 10.0))


def demo(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("demo-output"),
    epochs: int = 4_000,
    seed: int = 0,
    force: Flag = False,
    quiet: Flag = False,
) -> int:
    """Simulate 32 X-ray spectra, denoise 4 of them, and compare with the known truth.

    By Noise2Noise, and as autoden denoise does it; the other 28 serve as its reference.

    Parameters
    ----------
    output
        Folder for the spectra and figures; made if it does not exist.
    epochs
        How many times Noise2Noise goes through the data.
    seed
        Seed of the simulation and of all that is trained.
    force
        Overwrite files that exist.
    quiet
        No progress.
    """
    from autoden.datasets import xrf_spectra
    from autoden.io import check_destination, write

    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: give --output the name of a folder.")
    output.mkdir(parents=True, exist_ok=True)
    paths = {name: output / name for name in FILES}
    for path in paths.values():
        check_destination(path, overwrite=force)
    if quiet:
        logging.getLogger().setLevel(logging.WARNING)

    spectra = xrf_spectra(n_exposures=N_EXPOSURES, seed=seed)
    trained, losses = noise2noise(spectra.counts[:N_USED], epochs, seed, quiet=quiet)

    from autoden.auto.denoise import denoise

    exposures, others = (as_signal(spectra, rows) for rows in (slice(N_USED), slice(N_USED, None)))
    result = denoise(exposures, axes="RE", reference=others, seed=seed)
    write(paths["exposures.csv"], as_signal(spectra), overwrite=True)
    write(paths["noise2noise.csv"], Signal(trained, exposures.axes[1:]), overwrite=True)
    result.save(paths["denoised.csv"], overwrite=True)
    for name in ("report.html", "report.png"):
        result.report(paths[name], overwrite=True)
    draw_results(paths, spectra, result, losses.plot())
    print_table(spectra, {"Noise2Noise": trained, "autoden denoise": result.estimate})
    print("\nautoden denoise, which does not know the truth:", *result.verdict, sep="\n")
    tell_warnings(result)
    print(f"\nWrote {', '.join(paths)} to {output}/")
    return EXIT_INTERRUPTED if losses.stopped else 0


def noise2noise(
    counts: NDArray[np.integer], epochs: int, seed: int, *, quiet: bool
) -> tuple[NDArray[np.float64], History]:
    """Train the tutorial's small network on some exposures, (R, E); give its estimate, (E,)."""
    from autoden.algorithms import N2N
    from autoden.models.params import NetworkParamsDnCNN

    network = NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    n2n = N2N(network, seed=seed, verbose=not quiet)
    inp, tgt, mask = n2n.prepare_data(counts)
    losses = n2n.train(
        inp, tgt, mask, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1
    )
    return n2n.infer(inp), losses


def as_signal(spectra: XRFSpectra, rows: slice = slice(None)) -> Signal:
    """Give some of the exposures their axes."""
    energy = Axis("energy", "keV", spectra.energies_keV)
    return Signal(spectra.counts[rows], (Axis("repeat"), energy))


def draw_results(
    paths: dict[str, Path], spectra: XRFSpectra, result: Result, losses: Figure
) -> None:
    """Draw the spectra with zooms on strong and weak lines, and the loss curves of the network."""
    from autoden.report import save_figure, spectrum_figure

    figure = spectrum_figure(
        energies=spectra.energies_keV,
        noisy=spectra.counts[0],
        mean=result.mean,
        denoised=result.estimate,
        sigma=result.uncertainty,
        truth=spectra.truth,
        title=f"Simulated XRF spectra: {N_USED} exposures denoised",
        log=True,
        zooms=ZOOMS,
    )
    for name in ("spectra.png", "spectra.svg"):
        save_figure(figure, paths[name], overwrite=True)
    save_figure(losses, paths["losses.png"], overwrite=True)


def print_table(spectra: XRFSpectra, denoised: Mapping[str, NDArray[np.float64]]) -> None:
    """Print the errors against the truth, and what each is worth in exposures."""
    from scipy.signal import savgol_filter

    from autoden.evaluation import (
        equivalent_exposures,
        excess_poisson_deviance,
        mean_squared_error,
    )

    truth = spectra.truth
    mean = spectra.counts[:N_USED].mean(axis=0)
    estimates = {
        "one exposure": spectra.counts[0],
        f"mean of {N_USED}": mean,
        f"mean of {N_USED}, Savitzky-Golay (4, 51)": np.maximum(savgol_filter(mean, 51, 4), 0.0),
        **denoised,
    }
    of_one = float(np.mean([mean_squared_error(c, truth) for c in spectra.counts]))
    errors = {name: mean_squared_error(estimate, truth) for name, estimate in estimates.items()}
    rows = [
        (
            name,
            errors[name],
            excess_poisson_deviance(estimate, truth[np.newaxis]),
            equivalent_exposures(errors[name], of_one),
        )
        for name, estimate in estimates.items()
    ]
    print("\nDistance from the known truth, per channel of one exposure")
    print("\n".join(scores(rows)))
