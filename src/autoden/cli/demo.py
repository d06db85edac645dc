"""``autoden demo``: simulated spectra with a known truth, denoised, with a report to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.events import Plan
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.options import Flag
from autoden.cli.record import NO_RECORD, TakesRecord
from autoden.cli.verdict import found_of, scores, tell_warnings
from autoden.cli.watching import Epochs, Stages
from autoden.errors import InputError
from autoden.signals import Axis, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from autoden.auto.result import Result
    from autoden.datasets import XRFSpectra
    from autoden.training import History

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
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
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
    """
    from autoden.datasets import xrf_spectra
    from autoden.io import check_destination, write

    teller = manner.teller()
    teller.start(record.command, [])
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: give --output the name of a folder.")
    paths = {name: output / name for name in FILES}
    if manner.dry_run:
        does = f"Would simulate {N_EXPOSURES} spectra and denoise {N_USED} of them."
        teller.plan(Plan([], [does], {name: str(path) for name, path in paths.items()}))
        return 0
    output.mkdir(parents=True, exist_ok=True)
    for path in paths.values():
        check_destination(path, overwrite=force)

    spectra = xrf_spectra(n_exposures=N_EXPOSURES, seed=seed)
    watch = Epochs(teller, epochs)
    counts = spectra.counts[:N_USED]
    trained, losses = noise2noise(counts, epochs, seed, watch, quiet=manner.quiet)

    from autoden.auto.denoise import denoise

    exposures, others = (as_signal(spectra, rows) for rows in (slice(N_USED), slice(N_USED, None)))
    with Stages(teller) as stages:
        result = denoise(exposures, axes="RE", reference=others, seed=seed, progress=stages)
    write(paths["exposures.csv"], as_signal(spectra), overwrite=True)
    write(paths["noise2noise.csv"], Signal(trained, exposures.axes[1:]), overwrite=True)
    result.save(paths["denoised.csv"], overwrite=True)
    for name in ("report.html", "report.png"):
        result.report(paths[name], overwrite=True)
    draw_results(paths, spectra, result, losses.plot())
    table = describe(spectra, {"Noise2Noise": trained, "autoden denoise": result.estimate})
    verdict = ["", "autoden denoise, which does not know the truth:", *result.verdict]
    teller.show([*table, *verdict])
    tell_warnings(result)
    teller.show(["", f"Wrote {', '.join(paths)} to {output}/"])
    stopped = "interrupted" if losses.stopped or stages.interrupted else None
    teller.result(paths, found_of(result), stopped)
    return EXIT_INTERRUPTED if stopped else 0


def noise2noise(
    counts: NDArray[np.integer], epochs: int, seed: int, watch: Epochs, *, quiet: bool
) -> tuple[NDArray[np.float64], History]:
    """Train the tutorial's small network on some exposures, (R, E); give its estimate, (E,)."""
    from autoden.algorithms import N2N
    from autoden.models.params import NetworkParamsDnCNN

    network = NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    n2n = N2N(network, seed=seed, verbose=not quiet)
    inp, tgt, mask = n2n.prepare_data(counts)
    losses = n2n.train(
        inp, tgt, mask, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1,
        observers=[watch],
    )  # fmt: skip
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


def describe(spectra: XRFSpectra, denoised: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Tabulate the errors against the truth, and what each is worth in exposures."""
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
    return ["", "Distance from the known truth, per channel of one exposure", *scores(rows)]
