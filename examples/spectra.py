"""Noise2Noise on X-ray spectra: four short exposures, each predicted from the others.

The exposures are simulated, so the truth is known. Look at the iron line in the right-hand panel,
a few counts high: the network shows it, but a tenth too weak. In the table, "equivalent exposures"
says how many one would have to average to come as close to the truth. A Savitzky-Golay filter is
better still, with the window that the truth says is best: these lines are about equally wide.

    python examples/spectra.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
from presentation import Scores, options, print_scores
from scipy.signal import savgol_filter

import autoden as ad
from autoden.evaluation import (
    equivalent_exposures,
    excess_poisson_deviance,
    mean_squared_error,
)

EPOCHS, SEED = 5000, 0


def main(epochs: int, output: Path) -> Scores:
    spectra = ad.datasets.xrf_spectra(n_exposures=4, seed=SEED)
    counts, truth = spectra.counts, spectra.truth
    mean = counts.mean(axis=0)

    network = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    n2n = ad.N2N(network, seed=SEED)
    inp, tgt, held_out = n2n.prepare_data(counts, strategy="1:X")
    n2n.train(inp, tgt, held_out, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    denoised = n2n.infer(inp)

    smoothed = (np.maximum(savgol_filter(mean, w, 4), 0) for w in range(11, 101, 10))
    filtered = min(smoothed, key=lambda estimate: mean_squared_error(estimate, truth))
    estimates = {
        "one exposure": counts[0],
        "mean of 4": mean,
        "mean of 4, Savitzky-Golay (window tuned on the truth)": filtered,
        "Noise2Noise": denoised,
    }
    error_of_one = float(np.mean([mean_squared_error(c, truth) for c in counts]))
    scores = {name: score(estimate, truth, error_of_one) for name, estimate in estimates.items()}
    print_scores("Distance from the truth, per channel", scores)

    figure = ad.report.spectrum_figure(
        energies=spectra.energies_keV,
        noisy=counts[0],
        mean=mean,
        denoised=denoised,
        truth=truth,
        log=True,
        zooms=[(7.5, 10.0), (5.0, 7.0)],
    )
    ad.report.save_figure(figure, output / "spectra.png", overwrite=True)
    return scores


def score(estimate: np.ndarray, truth: np.ndarray, error_of_one: float) -> dict[str, float]:
    error = mean_squared_error(estimate, truth)
    return {
        "squared error (counts^2)": error,
        "deviance (mdev)": excess_poisson_deviance(estimate, truth[np.newaxis]),
        "equivalent exposures": equivalent_exposures(error, error_of_one),
    }


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
