"""Camera: the algorithms of images beside auto-denoise 3.0 and classical filters, in one run.

Six copies of a grey image (scikit-image's camera, averaged down to 128 x 128) with Gaussian noise
of deviation 20, never clipped; U-Net with 16 features, seed 0; PSNR and SSIM with data range 255.
Needs an environment of its own for the reference, which is a package of the same name:

    python3 -m venv reference
    reference/bin/pip install torch auto-denoise==3.0.0 scikit-image
    python benchmarks/camera.py --reference reference/bin/python

Without ``--reference`` only ours is measured. ``--draws 3`` repeats ours on other noise.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.data import camera
from skimage.metrics import structural_similarity
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from skimage.transform import downscale_local_mean

Image = NDArray[np.floating]
SIGMA, N_COPIES, N_FEATURES, SEED = 20.0, 6, 16, 0


def make_data(draw: int) -> tuple[Image, Image]:
    """Give the truth (128, 128) and noisy copies (6, 128, 128)."""
    truth = downscale_local_mean(camera().astype(float), (4, 4))
    noise = np.random.default_rng(draw).normal(0.0, SIGMA, (N_COPIES, *truth.shape))
    return truth, truth + noise


def psnr(estimate: Image, truth: Image) -> float:
    """Give the peak signal-to-noise ratio in dB for a data range of 255."""
    return float(10 * np.log10(255.0**2 / np.mean((estimate - truth) ** 2)))


def ours(name: str, noisy: Image, truth: Image) -> Image:
    """Denoise with autoden, with the settings found for such images."""
    import autoden as ad

    unet = ad.NetworkParamsUNet(n_features=N_FEATURES)
    common: dict[str, Any] = {"seed": SEED, "verbose": False, "batch_size": 1}
    annealed: dict[str, Any] = {"restarts": 1, "learning_rate": 3e-3}
    if name == "N2N":
        n2n = ad.N2N(unet, augmentation="flip", **common)
        data = n2n.prepare_data(noisy, num_tst_ratio=0.05, strategy="X:1")
        n2n.train(*data, epochs=500, **annealed)
        return n2n.infer(data[0])
    if name == "N2V":
        n2v = ad.N2V(unet, **common)
        inp, test_indices = n2v.prepare_data(noisy, num_tst_ratio=0)
        annealed["learning_rate"] = 5e-3
        n2v.train(inp, test_indices, epochs=900, ratio_blind_spot=0.15, **annealed)
        return n2v.infer(inp).mean(axis=0)
    if name == "DIP":
        unet = ad.NetworkParamsUNet(n_features=N_FEATURES, n_channels_in=32)
        dip = ad.DIP(unet, reg_val=0.03, **common)
        data = dip.prepare_data(noisy, num_tst_ratio=0, average_redundant=True)
        dip.train(*data, epochs=900, learning_rate=1e-2, input_jitter=0.03, average=0.98)
        return dip.infer(data[0])
    supervised = ad.Supervised(unet, **common)
    pairs = supervised.prepare_data(noisy, truth, num_tst_ratio=0.05)
    supervised.train(*pairs, epochs=300, **annealed)
    return supervised.infer(pairs[0]).mean(axis=0)


REFERENCE = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, torch
import autoden as ad
name, source, target = sys.argv[1:]
torch.manual_seed(0); np.random.seed(0)
data = np.load(source)
noisy, truth = data["noisy"].astype(np.float32), data["truth"].astype(np.float32)
began = time.perf_counter()
net = ad.NetworkParamsUNet(n_features=16)
if name == "N2N":
    d = ad.N2N(net, reg_val=1e-7, verbose=False)
    prepared = d.prepare_data(noisy, strategy="1:X")
elif name == "N2V":
    d = ad.N2V(net, reg_val=1e-7, verbose=False)
    prepared = d.prepare_data(noisy)
elif name == "DIP":
    d = ad.DIP(net, reg_val=1e-6, verbose=False)
    prepared = d.prepare_data(noisy)
else:
    d = ad.Supervised(net, reg_val=1e-7, verbose=False)
    prepared = d.prepare_data(noisy, np.stack([truth] * len(noisy)))
d.train(*prepared, epochs=1024)
out = d.infer(prepared[0])
estimate = out if out.ndim == 2 else out.mean(axis=0)
np.savez(target, estimate=estimate, seconds=time.perf_counter() - began)
"""


def reference(
    python: str, name: str, noisy: Image, truth: Image, folder: str
) -> tuple[Image, float]:
    """Denoise with auto-denoise 3.0, as its tutorial does, in its own environment."""
    np.savez(f"{folder}/data.npz", noisy=noisy, truth=truth)
    command = [python, "-c", REFERENCE, name, f"{folder}/data.npz", f"{folder}/out.npz"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with np.load(f"{folder}/out.npz") as result:
        return result["estimate"], float(result["seconds"])


def classical(truth: Image, mean: Image) -> dict[str, Image]:
    """Give the filters of the mean, each with the setting that is best against the truth."""
    candidates: dict[str, list[Image]] = {
        "total variation": [
            255 * denoise_tv_chambolle(mean / 255, weight) for weight in np.geomspace(0.01, 0.2, 25)
        ],
        "non-local means": [
            denoise_nl_means(mean, h=h, sigma=SIGMA / N_COPIES**0.5, fast_mode=False)
            for h in np.linspace(2, 12, 11)
        ],
    }
    return {name: max(found, key=lambda e: psnr(e, truth)) for name, found in candidates.items()}


def timed_ours(name: str, noisy: Image, truth: Image) -> tuple[Image, float]:
    began = time.perf_counter()
    return ours(name, noisy, truth), time.perf_counter() - began


def measure(draw: int, names: list[str], python: str | None, rows: dict[str, list[Any]]) -> None:
    """Run all methods on one draw of the noise and add their scores."""
    truth, noisy = make_data(draw)

    def add(row: str, estimate: Image, seconds: float = 0.0) -> None:
        ssim = structural_similarity(estimate, truth, data_range=255)
        rows.setdefault(row, []).append((psnr(estimate, truth), ssim, seconds))
        print(f"draw {draw}: {row:32} {psnr(estimate, truth):6.2f} dB {seconds:6.0f} s", flush=True)

    mean = noisy.mean(axis=0)
    add("one copy", noisy[0])
    add("mean of 6", mean)
    for name, estimate in classical(truth, mean).items():
        add(f"mean, {name} (tuned)", estimate)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:  # ours and the reference's by turns
            add(f"{name}, autoden", *timed_ours(name, noisy, truth))
            if python is not None:
                add(f"{name}, auto-denoise 3.0", *reference(python, name, noisy, truth, folder))


def print_table(rows: dict[str, list[Any]]) -> None:
    n_draws = len(rows["one copy"])
    print(f"\nMeans over {n_draws} draw(s) of the noise, lowest PSNR in brackets")
    print(f"{'':34}{'PSNR (dB)':>18}{'SSIM':>8}{'time (s)':>10}")
    for row, scores in rows.items():
        decibels, ssims, seconds = zip(*scores, strict=True)
        lowest = f"({min(decibels):.2f})" if n_draws > 1 else ""
        print(
            f"{row:34}{np.mean(decibels):9.2f} {lowest:>8}{np.mean(ssims):8.3f}"
            f"{np.mean(seconds):10.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", help="python of an environment with auto-denoise 3.0")
    parser.add_argument("--draws", type=int, default=1, help="how many draws of the noise")
    parser.add_argument("--only", nargs="+", default=["N2N", "N2V", "DIP", "Supervised"])
    options = parser.parse_args()
    rows: dict[str, list[Any]] = {}
    for draw in range(options.draws):
        # The reference is slow: once is enough for its place in the table.
        measure(draw, options.only, options.reference if draw == 0 else None, rows)
    print_table(rows)


if __name__ == "__main__":
    main()
