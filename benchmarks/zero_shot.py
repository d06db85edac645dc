"""Zero-shot algorithms on Set12: one noisy image each, Gaussian noise, no truth and no tuning.

    python benchmarks/zero_shot.py --method zsn2n r2r --images 01 04 --json zero_shot.json

Every image is denoised by a network that has seen nothing else. PSNR with data range 255, noise
unclipped; the noise level is estimated from the image where an algorithm needs it. CPU seconds are
those of one thread. With ``--json`` finished images are kept in that file and not computed again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import autoden as ad
from set12_images import NAMES, Image, noisy_images, psnr

COMMON: dict[str, Any] = {
    "seed": 0, "verbose": False, "patch_size": 128, "augmentation": ["flip", "rot90"],
}  # fmt: skip
ANNEALED: dict[str, Any] = {"learning_rate": 3e-3, "restarts": 1}


def zsn2n(noisy: Image) -> Image:
    network = ad.NetworkParamsPlain(n_layers=5, n_features=32)
    denoiser = ad.ZSN2N(network, **{**COMMON, "patch_size": 64})
    data = denoiser.prepare_data(noisy, num_tst_ratio=0)
    denoiser.train(*data, epochs=1200, **ANNEALED)
    return views_averaged(denoiser, data[0])


def nb2nb(noisy: Image) -> Image:
    denoiser = ad.Nb2Nb(ad.NetworkParamsPlain(n_layers=6, n_features=32), **COMMON)
    data = denoiser.prepare_data(noisy, num_tst_ratio=0)
    denoiser.train(*data, epochs=250, **ANNEALED)
    return denoiser.infer(data[0])


def r2r(noisy: Image, **options: Any) -> Image:
    denoiser = ad.R2R(ad.NetworkParamsPlain(n_layers=6, n_features=32), **COMMON, **options)
    data = denoiser.prepare_data(noisy, num_tst_ratio=0)
    denoiser.train(*data, epochs=200, **ANNEALED)
    return denoiser.infer(data[0])


def sure(noisy: Image) -> Image:
    return r2r(noisy, objective="sure")


def blindspot(noisy: Image) -> Image:
    network = ad.NetworkParamsBlindSpot(n_layers=5, n_features=20)
    # Many steps on small patches: as many pixels in larger ones leave it a decibel behind.
    denoiser = ad.BlindSpot(network, **{**COMMON, "patch_size": 32})
    data = denoiser.prepare_data(noisy, num_tst_ratio=0)
    denoiser.train(*data, epochs=2400, **{**ANNEALED, "learning_rate": 4e-3})
    return views_averaged(denoiser, data[0])


def n2v(noisy: Image) -> Image:
    # No median in place of a hidden pixel: a network this small would learn to trust it, and the
    # pixel that it later sees.
    denoiser = ad.N2V(
        ad.NetworkParamsPlain(n_layers=6, n_features=32),
        replacement="neighbour",
        **{**COMMON, "patch_size": 96},
    )
    images, held_out = denoiser.prepare_data(noisy, num_tst_ratio=0)
    denoiser.train(images, held_out, epochs=2000, ratio_blind_spot=0.03, **ANNEALED)
    return views_averaged(denoiser, images)


def views_averaged(denoiser: Any, image: Image) -> Image:
    """Average the outputs for the eight flips and quarter turns, which trained it, too."""
    views = []
    for flipped in (image, image[:, ::-1]):
        for turns in range(4):
            output = np.rot90(denoiser.infer(np.rot90(flipped, turns).copy()), -turns)
            views.append(output if flipped is image else output[:, ::-1])
    return np.mean(views, axis=0)


METHODS: dict[str, Callable[[Image], Image]] = {
    "zsn2n": zsn2n, "nb2nb": nb2nb, "blindspot": blindspot, "r2r": r2r, "sure": sure, "n2v": n2v,
}  # fmt: skip


def measure(method: str, options: argparse.Namespace, kept: dict[str, Any]) -> None:
    """Denoise the images that are not in `kept` yet."""
    for name, truth, noisy in noisy_images(options.sigma, options.images):
        if options.size:
            truth, noisy = (image[: options.size, : options.size] for image in (truth, noisy))
        key = f"{method} {options.sigma:g} {name}" + f" {options.size}" * bool(options.size)
        if key in kept:
            continue
        began = time.process_time()
        estimate = METHODS[method](noisy)
        seconds = time.process_time() - began
        kept[key] = {
            "method": method, "image": name, "sigma": options.sigma,
            "noisy": psnr(noisy, truth), "psnr": psnr(estimate, truth), "cpu_seconds": seconds,
        }  # fmt: skip
        print(f"{key:24}{kept[key]['psnr']:7.2f} dB {seconds:6.0f} s", flush=True)
        if options.json:
            options.json.write_text(json.dumps(kept, indent=1))


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the images of each method in a line, and their means."""
    for method in dict.fromkeys(row["method"] for row in rows):
        own = sorted((row for row in rows if row["method"] == method), key=lambda r: r["image"])
        means = {k: np.mean([row[k] for row in own]) for k in ("psnr", "noisy", "cpu_seconds")}
        print(
            f"{method:10}", *(f"{row['image']}: {row['psnr']:.2f}" for row in own),
            f"| mean {means['psnr']:.2f} dB (noisy {means['noisy']:.2f}) of {len(own)},"
            f" {means['cpu_seconds']:.0f} s",
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--images", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--sigma", type=float, default=25.0)
    parser.add_argument("--size", type=int, help="only so many pixels of each side")
    parser.add_argument("--json", type=Path, help="file that keeps the results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(options.json.read_text()) if options.json and options.json.exists() else {}
    for method in options.method:
        measure(method, options, kept)
    print_table(list(kept.values()))


if __name__ == "__main__":
    main()
