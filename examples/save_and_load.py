"""Train once, save, load, and denoise what is measured afterwards.

Noise2Noise learns from four spectra to denoise a single one (strategy "1:X"). The denoiser is
saved as a whole, with its scaling and its lower limit, and loaded as another program would. It
then meets 20 new exposures, one at a time. Look at the line that says that nothing was lost on the
way, and at the row of an early epoch, whose weights were kept while the network was trained.

    python examples/save_and_load.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
from presentation import Scores, options, print_scores
from scipy.signal import savgol_filter

import autoden as ad
from autoden.evaluation import excess_poisson_deviance, mean_squared_error

EPOCHS, SEED = 5000, 0


def main(epochs: int, output: Path) -> Scores:
    n2n = train(epochs, output)
    n2n.save(output / "n2n.safetensors", overwrite=True)

    loaded = ad.load(output / "n2n.safetensors")
    early_epoch = epochs // 10 - 1 if epochs >= 10 else 0
    early = ad.N2N(early_epoch, loaded.data_scale_bias, save_epochs_dir=output / "epochs")

    later = ad.datasets.xrf_spectra(n_exposures=20, seed=SEED + 1)
    denoised = loaded.infer(later.counts, average_splits=False)
    difference = np.abs(denoised - n2n.infer(later.counts, average_splits=False)).max()
    print(f"Largest difference between the saved and the loaded denoiser: {difference:g} counts")

    smoothed = (np.maximum(savgol_filter(later.counts, w, 4), 0) for w in range(11, 201, 10))
    estimates = {
        "one exposure": later.counts,
        "Savitzky-Golay (window tuned on the truth)": min(
            smoothed, key=lambda each: score(each, later.truth)["squared error (counts^2)"]
        ),
        f"Noise2Noise, epoch {early_epoch + 1}": early.infer(later.counts, average_splits=False),
        "Noise2Noise, loaded": denoised,
    }
    scores = {name: score(each, later.truth) for name, each in estimates.items()}
    print_scores("Distance of single exposures from the truth, per channel", scores)

    figure = ad.report.spectrum_figure(
        energies=later.energies_keV,
        noisy=later.counts[0],
        denoised=denoised[0],
        truth=later.truth,
        title="A new exposure, denoised by a denoiser that was loaded",
        log=True,
        zooms=[(7.5, 10.0), (5.0, 7.0)],
    )
    ad.report.save_figure(figure, output / "save_and_load.png", overwrite=True)
    return scores


def train(epochs: int, output: Path) -> ad.N2N:
    """Train on four exposures; ten of the epochs are kept in ``output/epochs``."""
    counts = ad.datasets.xrf_spectra(n_exposures=4, seed=SEED).counts
    network = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    every = max(epochs // 10, 1)
    n2n = ad.N2N(network, save_epochs_dir=output / "epochs", save_every=every, seed=SEED)
    inp, tgt, held_out = n2n.prepare_data(counts, strategy="1:X")
    n2n.train(inp, tgt, held_out, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    return n2n


def score(estimates: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Average the scores of estimates (exposures, channels)."""
    deviance = [excess_poisson_deviance(one, truth[np.newaxis]) for one in estimates]
    error = [mean_squared_error(one, truth) for one in estimates]
    return {
        "squared error (counts^2)": float(np.mean(error)),
        "deviance (mdev)": float(np.mean(deviance)),
    }


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
