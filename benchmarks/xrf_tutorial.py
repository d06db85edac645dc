"""Quality of the XRF tutorial: Noise2Noise beside the mean and Savitzky-Golay filters.

The file holds 32 repeated exposures. Each of the 8 disjoint groups of 4 is denoised, and scored
against the 28 exposures that no method has seen. Usage:

    python benchmarks/xrf_tutorial.py 05_xrf_spectra.csv [--seeds 0 1 2] [--epochs 10000]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

import autoden as ad
from autoden.evaluation import equivalent_exposures, excess_poisson_deviance, unbiased_mse

FILTERS = {f"Savitzky-Golay ({order}, {window})": (order, window)
           for order, window in ((4, 51), (4, 61), (6, 71))}  # fmt: skip


def noise2noise(counts: NDArray[np.int64], epochs: int, seed: int) -> NDArray[np.float64]:
    """Denoise with exactly the calls of the tutorial."""
    model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6).get_model(seed=seed)
    n2n = ad.N2N(model=model, reg_val=None, seed=seed, verbose=False)
    n2n_data = n2n.prepare_data(counts)
    n2n.train(*n2n_data, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    return n2n.infer(n2n_data[0])


def estimates(counts: NDArray[np.int64], epochs: int, seeds: list[int]) -> dict[str, NDArray]:
    """Give every method's estimate of one exposure from a group of exposures."""
    mean = counts.mean(axis=0)
    table = {"mean": mean}
    for name, (order, window) in FILTERS.items():
        table[name] = np.maximum(savgol_filter(mean, window, order), 0.0)
    for seed in seeds:
        start = time.perf_counter()
        table[f"N2N seed {seed}"] = noise2noise(counts, epochs, seed)
        print(f"  seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)
    return table


def print_table(title: str, scores: dict[str, list[float]], digits: int) -> None:
    """Print one row per method: its score in each group and their mean."""
    print(f"\n{title}\n{'':24}" + "".join(f"{g:>9}" for g in range(8)) + f"{'mean':>9}")
    for name, row in scores.items():
        cells = "".join(f"{value:9.{digits}f}" for value in [*row, float(np.mean(row))])
        print(f"{name:24}{cells}")


def main() -> None:
    """Score every method on every group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=10_000)
    arguments = parser.parse_args()

    counts = ad.read(arguments.csv).data
    mse: dict[str, list[float]] = {}
    deviance: dict[str, list[float]] = {}
    of_one = []
    for group in range(len(counts) // 4):
        chosen = np.arange(4 * group, 4 * group + 4)
        held = np.delete(counts, chosen, axis=0)
        print(f"group {group}", flush=True)
        of_one.append(np.mean([unbiased_mse(counts[i], held) for i in chosen]))
        for name, p in estimates(counts[chosen], arguments.epochs, arguments.seeds).items():
            mse.setdefault(name, []).append(unbiased_mse(p, held))
            deviance.setdefault(name, []).append(excess_poisson_deviance(p, held))

    print_table("Unbiased mean squared error (counts^2)", mse, digits=3)
    print_table("Excess Poisson deviance (mdev)", deviance, digits=1)
    print("\nEquivalent exposures, from the errors averaged over the groups")
    for name, row in mse.items():
        print(f"{name:24}{equivalent_exposures(np.mean(row), np.mean(of_one)):9.1f}")


if __name__ == "__main__":
    main()
