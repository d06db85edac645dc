"""``autoden demo``: simulated spectra with a known truth, denoised, with figures to look at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.options import Flag
from autoden.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from autoden.datasets import XRFSpectra

logger = logging.getLogger(__name__)

N_EXPOSURES, N_USED = 32, 4
FILES = ("exposures.csv", "denoised.csv", "spectra.png", "spectra.svg", "losses.png")
ZOOMS = ((5.0, 7.0), (7.5, 10.0))


def demo(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("demo-output"),
    epochs: int = 5_000,
    seed: int = 0,
    force: Flag = False,
    quiet: Flag = False,
) -> int:
    """Simulate 32 X-ray spectra, denoise 4 of them, and compare with the known truth.

    Parameters
    ----------
    output
        Folder for the spectra and figures; made if it does not exist.
    epochs
        How many times to go through the data.
    seed
        Seed of the simulation and of the training.
    force
        Overwrite files that exist.
    quiet
        No progress.
    """
    from autoden.datasets import xrf_spectra
    from autoden.io import check_destination

    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: give --output the name of a folder.")
    output.mkdir(parents=True, exist_ok=True)
    paths = {name: output / name for name in FILES}
    for path in paths.values():
        check_destination(path, overwrite=force)
    if quiet:
        logging.getLogger().setLevel(logging.WARNING)

    spectra = xrf_spectra(n_exposures=N_EXPOSURES, seed=seed)

    from autoden.algorithms import N2N
    from autoden.models.params import NetworkParamsDnCNN

    network = NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    n2n = N2N(network, seed=seed, verbose=not quiet)
    inp, tgt, mask = n2n.prepare_data(spectra.counts[:N_USED])
    losses = n2n.train(
        inp, tgt, mask, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1
    )
    denoised = n2n.infer(inp)

    write_results(paths, spectra, denoised)
    draw_results(paths, spectra, denoised, losses.plot())
    print_table(spectra, denoised)
    print(f"\nWrote {', '.join(paths)} to {output}/")
    return EXIT_INTERRUPTED if losses.stopped else 0


def write_results(
    paths: dict[str, Path], spectra: XRFSpectra, denoised: NDArray[np.float64]
) -> None:
    """Write the simulated exposures and the denoised spectrum as CSV."""
    from autoden.io import write
    from autoden.signals import Axis, Signal

    energy = Axis("energy", "keV", spectra.energies_keV)
    write(paths["exposures.csv"], Signal(spectra.counts, (Axis("repeat"), energy)), overwrite=True)
    write(paths["denoised.csv"], Signal(denoised, (energy,)), overwrite=True)


def draw_results(
    paths: dict[str, Path], spectra: XRFSpectra, denoised: NDArray[np.float64], losses: Figure
) -> None:
    """Draw the spectra with zooms on strong and weak lines, and the loss curves."""
    from autoden.report import save_figure, spectrum_figure

    figure = spectrum_figure(
        energies=spectra.energies_keV,
        noisy=spectra.counts[0],
        mean=spectra.counts[:N_USED].mean(axis=0),
        denoised=denoised,
        truth=spectra.truth,
        title=f"Simulated XRF spectra: {N_USED} exposures denoised by Noise2Noise",
        log=True,
        zooms=ZOOMS,
    )
    for name in ("spectra.png", "spectra.svg"):
        save_figure(figure, paths[name], overwrite=True)
    save_figure(losses, paths["losses.png"], overwrite=True)


def print_table(spectra: XRFSpectra, denoised: NDArray[np.float64]) -> None:
    """Print the errors against the truth, and what each is worth in exposures."""
    from scipy.signal import savgol_filter

    from autoden.evaluation import (
        equivalent_exposures,
        excess_poisson_deviance,
        mean_squared_error,
    )

    one, truth = spectra.counts[0], spectra.truth
    mean = spectra.counts[:N_USED].mean(axis=0)
    estimates = {
        "one exposure": one,
        f"mean of {N_USED}": mean,
        f"mean of {N_USED}, Savitzky-Golay (4, 51)": np.maximum(savgol_filter(mean, 51, 4), 0.0),
        "denoised (Noise2Noise)": denoised,
    }
    error_of_one = np.mean([mean_squared_error(c, truth) for c in spectra.counts])
    print("\nDistance from the known truth, per channel of one exposure")
    print(f"{'':34}{'squared error':>14}{'deviance':>10}{'equivalent':>12}")
    print(f"{'':34}{'(counts^2)':>14}{'(mdev)':>10}{'exposures':>12}")
    for name, estimate in estimates.items():
        error = mean_squared_error(estimate, truth)
        deviance = excess_poisson_deviance(estimate, truth[np.newaxis])
        worth = equivalent_exposures(error, float(error_of_one))
        print(f"{name:34}{error:14.3f}{deviance:10.1f}{worth:12.1f}")
