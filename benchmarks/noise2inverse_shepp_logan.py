"""Quality of Noise2Inverse: a Shepp-Logan of 100 x 100 pixels from 282 noisy projections.

The Gaussian noise of each draw is such that filtered back-projection scores 21.5 dB (peak signal
to noise, data range 1, inside the circle). Total variation has its weight tuned on the truth.
Usage:

    python benchmarks/noise2inverse_shepp_logan.py [--seeds 0 1 2] [--figure slices.png]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.data import shepp_logan_phantom
from skimage.restoration import denoise_tv_chambolle
from skimage.transform import radon, resize

import autoden as ad
from autoden.transforms.parallel_beam import ParallelBeam

Image = NDArray[np.float64]

SIZE, N_ANGLES, FBP_DECIBELS = 100, 282, 21.5
ANGLES = np.arange(N_ANGLES) * np.pi / N_ANGLES
BEAM = ParallelBeam(ANGLES, SIZE)
CIRCLE = BEAM.circle.numpy()
TRUTH = resize(shepp_logan_phantom(), (SIZE, SIZE), anti_aliasing=True)


def decibels(estimate: Image) -> float:
    """Give the peak signal to noise ratio inside the circle, for a data range of 1."""
    return -10 * float(np.log10(np.mean((estimate - TRUTH)[CIRCLE] ** 2)))


def filtered_back_projection(sinogram: Image) -> Image:
    return BEAM.filtered_back_projection(torch.from_numpy(sinogram)).numpy()


def noisy_sinogram(seed: int) -> Image:
    """Draw noise and scale it so that filtered back-projection scores what is wanted."""
    clean = radon(TRUTH, np.rad2deg(ANGLES)).T
    noise = np.random.default_rng(seed).normal(size=clean.shape)
    error = (filtered_back_projection(clean) - TRUTH)[CIRCLE]
    spread = filtered_back_projection(noise)[CIRCLE]
    # The mean of (error + sigma * spread)^2 is a quadratic in sigma.
    wanted = 10 ** (-FBP_DECIBELS / 10)
    terms = np.mean(spread**2), 2 * np.mean(error * spread), np.mean(error**2) - wanted
    return clean + np.roots(terms).max() * noise


def total_variation(image: Image) -> Image:
    """Denoise with the weight that the truth says is best."""
    inside = np.where(CIRCLE, image, 0.0)
    weights = np.geomspace(0.02, 0.1, 17)
    results = [denoise_tv_chambolle(inside, w, eps=1e-5, max_num_iter=500) for w in weights]
    return max(results, key=decibels)


def noise2inverse(sinogram: Image, seed: int, epochs: int) -> Image:
    model = ad.NetworkParamsDnCNN(n_layers=8, n_features=24).get_model(seed=seed)
    n2i = ad.N2I(model, batch_size=1, augmentation="flip", seed=seed, verbose=False)
    inp, tgt, held_out = n2i.prepare_data(sinogram, ANGLES, n_splits=4, strategy="X:1")
    n2i.train(inp, tgt, held_out, epochs=epochs, learning_rate=3e-3, restarts=1)
    return n2i.infer(inp)


def draw_figure(path: str, images: dict[str, Image]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(images), 4.3), layout="constrained")
    for axes, (name, image) in zip(figure.subplots(1, len(images)), images.items(), strict=True):
        axes.imshow(np.where(CIRCLE, image, 0.0), cmap="gray", vmin=-0.1, vmax=0.6)
        axes.set_title(name if image is TRUTH else f"{name}: {decibels(image):.2f} dB")
        axes.set_axis_off()
    figure.savefig(path)


def main() -> None:
    """Print one row per draw, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--figure", help="where to draw the slices of the last draw")
    arguments = parser.parse_args()

    print("PSNR in dB (data range 1, inside the circle)")
    print(f"{'draw':>6}{'FBP':>9}{'FBP + TV':>10}{'N2I':>8}{'seconds':>9}")
    rows = []
    for seed in arguments.seeds:
        sinogram = noisy_sinogram(seed)
        fbp = filtered_back_projection(sinogram)
        start = time.perf_counter()
        n2i = noise2inverse(sinogram, seed, arguments.epochs)
        seconds = time.perf_counter() - start
        images = {"FBP": fbp, "FBP + TV": total_variation(fbp), "N2I": n2i}
        rows.append([decibels(image) for image in images.values()])
        print("{:6}{:9.2f}{:10.2f}{:8.2f}{:9.0f}".format(seed, *rows[-1], seconds), flush=True)
    print("{:>6}{:9.2f}{:10.2f}{:8.2f}".format("median", *np.median(rows, axis=0)))
    if arguments.figure:
        draw_figure(arguments.figure, {"truth": TRUTH, **images})


if __name__ == "__main__":
    main()
