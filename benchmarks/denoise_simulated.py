"""`ad.denoise` on simulated spectra of known truth: whether it is better, and its verdict right.

    python benchmarks/denoise_simulated.py [--draws 10] [--doses 0.1 1 10 100] [--budget balanced]

For each dose (1: that of the XRF tutorial) and draw: the excess deviance against the truth of the
result and of every family of classical filters, tuned on the same data; the stated against the
true dose gain and whether the stated 90 % interval holds it; how often the 1 sigma interval holds
the truth, by counts expected in a channel; the total; and the warnings, of which clean data should
have none.
"""

from __future__ import annotations

import argparse

import numpy as np

import autoden as ad
from autoden.auto.verdicts.uncertainty import LEAST_TOTAL
from autoden.baselines import BASELINES, tune
from autoden.evaluation import excess_poisson_deviance
from autoden.noise import Exposures, Poisson

BANDS = (0.0, 0.1, 1.0, 10.0, 100.0, np.inf)
FAMILIES = [name for name in BASELINES if name != "mean"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--doses", type=float, nargs="+", default=[0.1, 1, 10, 100])
    parser.add_argument("--budget", default="balanced")
    given = parser.parse_args()
    ratios, inside, totals, n_warned = [], [], [], 0
    covered: list[list[np.ndarray]] = [[] for _ in BANDS[1:]]
    for dose in given.doses:
        relative = []
        for draw in range(given.draws):
            spectra = ad.datasets.xrf_spectra(4, exposure=dose, seed=1000 + draw)
            result = ad.denoise(spectra.counts, axes="RE", budget=given.budget, seed=draw)
            truth = spectra.truth
            filters = classical(spectra.counts, draw)
            ours = excess_poisson_deviance(result.estimate, truth[None])
            best = min(excess_poisson_deviance(rate, truth[None]) for rate in filters.values())
            relative.append(ours / best)
            stated, true = result.quality["dose_gain"], true_gain(result.estimate, truth)
            low, high = result.quality["dose_gain_interval"]
            ratios.append(stated / true)
            inside.append(low <= true <= high)
            total = spectra.counts.sum() / 4
            totals.append((result.estimate.sum() - total) / np.sqrt(total / 4))
            n_warned += bool(result.warnings)
            hit = np.abs(result.estimate - truth) <= result.uncertainty
            for band, low_, high_ in zip(covered, BANDS[:-1], BANDS[1:], strict=True):
                band.append(hit[(4 * truth >= low_) & (4 * truth < high_)])
            print(
                f"dose {dose:5g} draw {draw}: {ours:6.2f} mdev, best filter {best:6.2f}, ratio "
                f"{relative[-1]:.2f}; dose gain {stated:5.1f} ({low:.1f} to {high:.1f}), true "
                f"{true:5.1f}; total {totals[-1]:+.2f}; {result.method.split(':')[0]}; "
                f"{len(result.warnings)} warnings",
                flush=True,
            )
            for sentence in result.warnings:
                print(f"    {sentence}")
        print(f"dose {dose:g}: ratio {np.mean(relative):.3f} on average, {max(relative):.3f} worst")
    print(f"stated / true dose gain: median {np.median(ratios):.2f}")
    print(f"the 90 % interval holds it in {100 * np.mean(inside):.0f} % of {len(inside)}")
    print(f"largest |total - measured|: {np.abs(totals).max():.2f} standard errors")
    print(f"draws with a warning: {n_warned} of {len(inside)}")
    for low, high, band in zip(BANDS[:-1], BANDS[1:], covered, strict=True):
        hits = np.concatenate(band)
        if not len(hits):
            continue
        print(f"{low:g} to {high:g} counts: 1 sigma holds the truth in {100 * hits.mean():.0f} %")


def classical(counts: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Apply every family, tuned on thinned counts."""
    noise, exposures = Poisson(), Exposures(counts)
    rng = np.random.default_rng(seed)
    splits = [noise.split(exposures, 0.2, rng) for _ in range(4)]
    whole = noise.combine(exposures)
    return {n: tune(n, splits, noise).baseline.apply(whole, noise) for n in FAMILIES}


def true_gain(estimate: np.ndarray, truth: np.ndarray, n_exposures: int = 4) -> float:
    """Say how many times more exposure the mean would need, in units of its noise."""
    unit = np.maximum(truth, LEAST_TOTAL / n_exposures) / n_exposures
    error_of_mean = np.mean(truth / n_exposures / unit)
    return float(error_of_mean / np.mean((estimate - truth) ** 2 / unit))


if __name__ == "__main__":
    main()
