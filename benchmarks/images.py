"""Images and volumes through `autoden.denoise`, which is told nothing but the axes.

Each row has the PSNR of the estimate, the PSNR that the result states without a truth with its
90 % interval, the time, what was chosen, and by how much the best classical filter was worse on
held-out data (in thousandths of a nat; below 0: better). Beside it stands NL-Ridge alone, which
knows the noise; for counts also NL-Ridge between Anscombe's transform and its unbiased inverse.

    python benchmarks/images.py --quick
    python benchmarks/images.py --cases camera sigma25 --images 1 4 --budget best --json images.json

Cases: ``camera`` (six copies of scikit-image's camera at 128 x 128 with sigma 20), ``sigma15``,
``sigma25``, ``sigma50`` (Set12, ``../shared/data/images`` or ``--folder``, one copy each, noise of
numpy's default generator with the seed ``--draw``, image after image, never clipped), ``poisson30``
(Set12 at a peak of 30 counts), ``volume`` (64^3, counts), ``colour`` (scikit-image's astronaut at
128 x 128, sigma 25). PSNR has data range 255, or the peak of the counts. ``--quick`` takes three
images of 128 x 128 and the budget "fast".
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut, camera
from skimage.io import imread
from skimage.transform import downscale_local_mean

import autoden as ad
from autoden.baselines import BASELINES, Mean, NLRidge
from autoden.noise import Exposures, Gaussian, Poisson

Array = NDArray[np.float64]
FOLDER = Path(__file__).parents[2] / "shared" / "data" / "images"
N_IMAGES, SEED = 12, 1
SET12 = {"sigma15": 15.0, "sigma25": 25.0, "sigma50": 50.0}
CASES = ("camera", *SET12, "poisson30", "volume", "colour")
QUICK = 128


@dataclass(frozen=True)
class Case:
    """Something to denoise: its truth, what was measured of it, and the range of its PSNR."""

    name: str
    image: str
    truth: Array
    noisy: Array
    axes: str
    noise: Gaussian | Poisson
    peak: float = 255.0


@dataclass(frozen=True)
class Row:
    """One result; PSNR in dB, times in seconds."""

    case: str
    image: str
    budget: str
    seed: int
    psnr: float
    stated: float
    low: float
    high: float
    holds: bool
    cpu: float
    wall: float
    chosen: str
    noise: str
    best_filter: str
    filter_behind: float
    filter_behind_error: float
    nl_ridge: float
    anscombe_nl_ridge: float | None
    mean: float


def cases(
    names: list[str], folder: Path, numbers: list[int], quick: bool, draw: int
) -> Iterator[Case]:
    """Draw what is asked for."""
    if "camera" in names:
        truth = downscale_local_mean(camera().astype(float), (4, 4))
        copies = truth + np.random.default_rng(draw - 1).normal(0, 20, (6, *truth.shape))
        yield Case("camera", "camera", truth, copies, "RYX", Gaussian(20.0))
    for name, sigma in SET12.items():
        rng = np.random.default_rng(draw)
        for number, truth in _set12(folder):
            noisy = truth + rng.normal(0, sigma, truth.shape)
            if name in names and number in numbers:
                yield _cut(Case(name, f"{number:02}", truth, noisy, "YX", Gaussian(sigma)), quick)
    rng = np.random.default_rng(draw)
    for number, image in _set12(folder):
        truth = image / 255 * 30
        counts = rng.poisson(truth).astype(float)
        if "poisson30" in names and number in numbers:
            case = Case("poisson30", f"{number:02}", truth, counts, "YX", Poisson(), 30.0)
            yield _cut(case, quick)
    if "volume" in names:
        truth = cells(32 if quick else 64)
        counts = np.random.default_rng(draw).poisson(truth).astype(float)
        yield Case("volume", "cells", truth, counts, "ZYX", Poisson(), float(truth.max()))
    if "colour" in names:
        truth = downscale_local_mean(astronaut().astype(float), (4, 4, 1))
        noisy = truth + np.random.default_rng(draw).normal(0, 25, truth.shape)
        yield Case("colour", "astronaut", truth, noisy, "YXC", Gaussian(25.0))


def cells(size: int) -> Array:
    """Make a volume of hollow and filled balls of 4 to 30 counts on a slope."""
    rng = np.random.default_rng(7)
    grid = np.indices((size,) * 3)
    volume = 2.0 + 3 * grid[0] / size
    for _ in range(24):
        centre, radius = rng.uniform(0, size, 3), rng.uniform(0.06, 0.2) * size
        distance = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)))
        shell = np.clip(radius - distance + 0.5, 0, 1) * (distance > rng.choice([0, 0.6]) * radius)
        volume += rng.uniform(4, 20) * shell
    return volume


def measure(case: Case, budget: Any, seed: int) -> Row:
    """Denoise a case and compare."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = ad.denoise(case.noisy, axes=case.axes, budget=budget, seed=seed)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    error = float(np.mean((result.estimate - case.truth) ** 2))
    low, high = result.quality["mse_interval"]
    classical = [
        each for each in result.candidates if each.name in BASELINES and each.name != Mean.name
    ]
    best = min(classical, key=lambda each: each.behind)
    chosen = next(each for each in result.candidates if each.chosen)
    plain, between = nl_ridge(case, result.mean)

    def decibels(squared: float) -> float:
        return round(float(10 * np.log10(case.peak**2 / squared)), 3)

    return Row(
        case.name, case.image, budget, seed, decibels(error), decibels(result.quality["mse"]),
        decibels(high), decibels(low), bool(low <= error <= high), round(cpu, 1), round(wall, 1),
        chosen.name, result.trained.noise.describe(), best.name, round(best.behind, 3),
        round(best.behind_error, 3), decibels(plain),
        None if between is None else decibels(between),
        decibels(float(np.mean((result.mean - case.truth) ** 2))),
    )  # fmt: skip


def nl_ridge(case: Case, mean: Array) -> tuple[float, float | None]:
    """Give the mean squared errors of NL-Ridge, and of that between Anscombe and its inverse."""
    repeats = case.noisy if "R" in case.axes else case.noisy[np.newaxis]
    dose = case.noise.combine(Exposures(repeats)).dose
    colours = case.axes.endswith("C")
    values = np.moveaxis(mean, -1, 0) if colours else mean[np.newaxis]
    truth = np.moveaxis(case.truth, -1, 0) if colours else case.truth[np.newaxis]
    plain = NLRidge().smooth_channels(values[np.newaxis], dose, case.noise)[0]
    if isinstance(case.noise, Gaussian):
        return float(np.mean((plain - truth) ** 2)), None
    stable = case.noise.stabilise(values, dose)
    smooth = NLRidge().smooth_channels(stable[np.newaxis], 1.0, Gaussian(1.0))[0]
    back = case.noise.unstabilise(smooth, dose)
    return float(np.mean((plain - truth) ** 2)), float(np.mean((back - truth) ** 2))


def _set12(folder: Path) -> Iterator[tuple[int, Array]]:
    for number in range(1, N_IMAGES + 1):
        yield number, imread(folder / f"{number:02}.png").astype(float)


def _cut(case: Case, quick: bool) -> Case:
    """Keep the middle of an image, if time is short."""
    if not quick:
        return case
    top, left = ((size - QUICK) // 2 for size in case.truth.shape)
    part = (slice(top, top + QUICK), slice(left, left + QUICK))
    return Case(case.name, case.image, case.truth[part], case.noisy[part], case.axes, case.noise,
                case.peak)  # fmt: skip


def summary(rows: list[Row]) -> list[str]:
    """Average each case."""
    lines = []
    for name in dict.fromkeys(row.case for row in rows):
        own = [row for row in rows if row.case == name]
        psnr, stated, ridge = (
            float(np.mean([getattr(row, key) for row in own]))
            for key in ("psnr", "stated", "nl_ridge")
        )
        between = [row.anscombe_nl_ridge for row in own if row.anscombe_nl_ridge is not None]
        lines.append(
            f"{name:10} {len(own):2} images: {psnr:.2f} dB, stated {stated:.2f} dB, interval holds "
            f"{sum(row.holds for row in own)}; NL-Ridge with the true noise {ridge:.2f} dB"
            + (f", between Anscombe {np.mean(between):.2f} dB" if between else "")
            + f"; {np.mean([row.wall for row in own]):.0f} s each"
        )
    return lines


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--images", nargs="+", type=int, default=list(range(1, N_IMAGES + 1)))
    parser.add_argument("--budget", choices=("fast", "balanced", "best"), default="balanced")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draw", type=int, default=SEED, help="seed of the noise")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    numbers = [1, 4, 9] if given.quick else given.images
    budget = "fast" if given.quick else given.budget
    rows = []
    for case in cases(given.cases, given.folder, numbers, given.quick, given.draw):
        rows.append(measure(case, budget, given.seed))
        print(json.dumps(asdict(rows[-1])), flush=True)
        if given.json is not None:
            given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    print("\n".join(summary(rows)))


if __name__ == "__main__":
    main()
