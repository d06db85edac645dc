"""`ad.denoise` on real XRF spectra: every group of four exposures, scored by those left out.

    python benchmarks/denoise_xrf.py DATA [--budget fast balanced best] [--seeds 3] [--groups 8]
    python benchmarks/denoise_xrf.py DATA --standards [--draws 6]
    python benchmarks/denoise_xrf.py DATA --single

DATA is the folder that holds xrf/ and xrf_standards/. The tutorial file's 32 exposures make eight
disjoint groups of four; 28 are held out each time. A standard is the sum of its six repeats,
thinned to four exposures of 23,700 counts; what thinning left is the reference. Paired with every
result are the mean and all Savitzky-Golay filters of orders 2, 4, 6 and windows 7 to 71, of which
the best one is chosen on the truth, over all groups at once. The figures of auto-denoise 3.0 (its
tutorial's settings, 10,000 epochs) were measured once, in November 2026.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.signal import savgol_filter

import autoden as ad
from autoden.evaluation import excess_poisson_deviance, unbiased_mse

SAVGOL = [(order, window) for order in (2, 4, 6) for window in range(7, 72, 4) if window > order]
REFERENCE_MSE = (0.28, 0.27, 0.61, 0.60, 0.16, 0.30, 1.04, 0.36)
REFERENCE_MDEV = (58, 48, 379, 443, 42, 34, 911, 49)
COUNTS_PER_EXPOSURE = 23_700
Scores = dict[str, list[tuple[float, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--budget", nargs="+", default=["fast", "balanced", "best"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--groups", type=int, default=8)
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--standards", action="store_true")
    parser.add_argument("--single", action="store_true")
    given = parser.parse_args()
    if given.standards:
        for name in ("nist_2586", "stds_2"):
            print(f"\n{name}: {given.draws} thinnings")
            compare(standards(given.data / "xrf_standards" / name, given.draws), given.budget, 1)
    elif given.single:
        single(tutorial(given.data), given.budget[0])
    else:
        compare(groups(tutorial(given.data), given.groups), given.budget, given.seeds)


def tutorial(data: Path) -> np.ndarray:
    """Read the counts of the 32 exposures, without the index and the overflow bin."""
    return np.genfromtxt(data / "xrf/05_xrf_spectra.csv", delimiter=",", skip_header=1)[:, 1:-1]


def groups(counts: np.ndarray, n: int) -> Iterator[tuple[np.ndarray, np.ndarray, None]]:
    """Give groups of four and what is held out for each."""
    for first in range(0, 4 * n, 4):
        taken = np.arange(first, first + 4)
        yield counts[taken], np.delete(counts, taken, axis=0), None


def standards(folder: Path, n_draws: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Give four exposures thinned from the sum of all repeats, the rest, and its variance."""
    total = np.sum([emsa(path) for path in sorted(folder.iterdir())], axis=0)
    share = 4 * COUNTS_PER_EXPOSURE / total.sum()
    for draw in range(n_draws):
        rng = np.random.default_rng(draw)
        taken = rng.binomial(total, share)
        exposures = rng.multinomial(taken, [0.25] * 4).T
        scale = share / (1 - share) / 4
        rest = total - taken
        yield exposures.astype(float), (rest * scale)[None], rest * scale**2


def emsa(path: Path) -> np.ndarray:
    """Read a spectrum of positions and counts in EMSA text."""
    lines = path.read_text(encoding="latin-1").splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    return np.array([round(float(row.split(",")[1])) for row in rows])


def compare(cases: Iterator, budgets: list[str], n_seeds: int) -> None:
    """Print one table over all cases: mean, best Savitzky-Golay, ours."""
    cases = list(cases)
    classical: Scores = {}
    for exposures, held, variance in cases:
        mean = exposures.mean(axis=0)
        classical.setdefault("mean", []).append(score(mean, held, variance))
        for order, window in SAVGOL:
            smoothed = savgol_filter(mean, window, order)
            classical.setdefault(f"Savitzky-Golay ({order}, {window})", []).append(
                score(smoothed, held, variance)
            )
    for name, found in classical.items():
        show(name, found)
    best = [min(classical, key=lambda n: np.mean(classical[n], axis=0)[i]) for i in (0, 1)]
    print(f"best single filter by MSE: {best[0]}; by mdev: {best[1]}")
    if cases[0][2] is None and len(cases) == 8:
        show("auto-denoise 3.0 N2N", list(zip(REFERENCE_MSE, REFERENCE_MDEV, strict=True)))
    for budget in budgets:
        for seed in range(n_seeds):
            ours, seconds, n_warned = [], [], 0
            for exposures, held, variance in cases:
                start = time.perf_counter()
                result = ad.denoise(exposures, axes="RE", budget=budget, seed=seed)
                seconds.append(time.perf_counter() - start)
                n_warned += bool(result.warnings)
                ours.append(score(result.estimate, held, variance))
            show(f"{budget}, seed {seed}", ours)
            paired = [np.array(ours) - np.array(classical[name]) for name in best]
            print(
                f"    less than {best[0]}: MSE {describe(paired[0][:, 0])}; than {best[1]}: "
                f"mdev {describe(paired[1][:, 1])}; {np.median(seconds):.1f} s "
                f"(worst {max(seconds):.1f}); with warnings: {n_warned}"
            )


def single(counts: np.ndarray, budget: str) -> None:
    """Compare one exposure, denoised, against means of several others."""
    for first in range(0, 32, 8):
        held = np.delete(counts, np.arange(first, first + 12) % 32, axis=0)
        twelve = counts[np.arange(first, first + 12) % 32].mean(axis=0)
        result = ad.denoise(counts[first], budget=budget)
        ours, mean = (excess_poisson_deviance(e, held) for e in (result.estimate, twelve))
        print(f"exposure {first}: {ours:.1f} mdev from one, {mean:.1f} from the mean of twelve")


def score(estimate: np.ndarray, held: np.ndarray, variance: np.ndarray | None) -> tuple:
    """Give unbiased mean squared error and excess deviance."""
    mse = unbiased_mse(estimate, held, variance=variance)
    return mse, excess_poisson_deviance(estimate, held)


def show(name: str, found: list[tuple[float, float]]) -> None:
    """Print a row: averages, then each case."""
    mse, mdev = np.array(found).T
    each = " ".join(f"{a:.3f}/{b:.1f}" for a, b in found)
    print(f"{name:28} MSE {mse.mean():.3f} mdev {mdev.mean():6.1f}   {each}", flush=True)


def describe(differences: np.ndarray) -> str:
    """Say mean and range of paired differences."""
    return f"{differences.mean():+.3f} ({differences.min():+.3f} to {differences.max():+.3f})"


if __name__ == "__main__":
    main()
