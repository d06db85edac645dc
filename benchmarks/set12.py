"""Set12: what each method makes of one noisy image, and how long it takes.

The twelve images are read from ``../shared/data/images`` (01.png to 12.png) or ``--folder``. Noise
is drawn as ``numpy.random.default_rng(1).normal`` times sigma, image after image in order, never
clipped; or, with ``--peaks``, as Poisson counts of an image scaled to that many counts at its
brightest. PSNR has data range 255, or the peak. Classical filters know the noise; of those with
several members the one that is best against the truth is shown, which flatters them.

    python benchmarks/set12.py --sigmas 25 --images 1 4 --methods nl-ridge wavelets
    python benchmarks/set12.py --sigmas 15 25 50 --peaks 30 --json set12.json

A further method is a function of the noisy image (H, W), its noise and the truth, and one line in
``METHODS``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.io import imread

from autoden.baselines import BASELINES, NLRidge, Step, families
from autoden.noise import Gaussian, Poisson
from autoden.noise.model import NoiseModel

Image = NDArray[np.float64]
Method = Callable[[Image, NoiseModel, Image], Image]
FOLDER = Path(__file__).parents[2] / "shared" / "data" / "images"
SEED = 1
N_IMAGES = 12
N_MEANS = 400
PUBLISHED = {15: ((7, 18), (7, 55)), 25: ((9, 18), (9, 90)), 50: ((11, 20), (9, 120))}


@dataclass(frozen=True)
class Row:
    """One result: PSNR in dB, processor and wall time in seconds."""

    noise: str
    method: str
    image: int
    psnr: float
    cpu: float
    wall: float


def family(name: str) -> Method:
    """Give the best member of a family of classical filters against the truth."""

    def clean(noisy: Image, noise: NoiseModel, truth: Image) -> Image:
        members = BASELINES[name].candidates(noisy.shape)
        results = (each[0] for each in type(members[0]).sweep(members, noisy[None], 1.0, noise))
        return min(results, key=lambda result: np.mean((result - truth) ** 2))

    return clean


def two_step_nl_ridge(noisy: Image, noise: NoiseModel, truth: Image) -> Image:
    """Do as the authors of NL-Ridge do, by their table for sigma on a scale of 255."""
    sigma = noise.sigma if isinstance(noise, Gaussian) else 255 / np.sqrt(truth.max())
    passes = next((passes for limit, passes in PUBLISHED.items() if sigma <= limit), PUBLISHED[50])
    steps = tuple(Step(patch, similar, 37, 4) for patch, similar in passes)
    return NLRidge(steps).smooth(noisy[None], 1.0, noise)[0]


def ideal_transform(noisy: Image, noise: NoiseModel, truth: Image) -> Image:
    """Do as if the transform made noise exactly normal: what it costs that it does not.

    The mean of what becomes of the truth gets normal noise instead of that of the counts.
    """
    rng = np.random.default_rng(0)
    mean = np.zeros_like(truth)
    for _ in range(N_MEANS):
        mean += noise.stabilise(noise.simulate(truth, 1.0, rng)) / N_MEANS
    drawn = mean + rng.normal(size=truth.shape)
    return noise.unstabilise(NLRidge().smooth(drawn[None], 1.0, Gaussian(1.0))[0])


METHODS: dict[str, Method] = {
    **{name: family(name) for name in families(2)},
    "nl-ridge, ideal transform": ideal_transform,
    "nl-ridge, two steps": two_step_nl_ridge,
}


def images(
    folder: Path, sigma: float | None, peak: float | None
) -> Iterator[tuple[int, Image, Image, NoiseModel]]:
    """Give number, truth, noisy image and noise of each; all are drawn, so that none depends."""
    rng = np.random.default_rng(SEED)
    for number in range(1, N_IMAGES + 1):
        truth = imread(folder / f"{number:02d}.png").astype(np.float64)
        if peak is not None:
            truth *= peak / truth.max()
            yield number, truth, rng.poisson(truth).astype(np.float64), Poisson()
        else:
            yield number, truth, truth + rng.normal(size=truth.shape) * sigma, Gaussian(sigma)


def measure(options: argparse.Namespace) -> Iterator[Row]:
    settings = [(f"sigma {sigma:g}", sigma, None) for sigma in options.sigmas]
    settings += [(f"peak {peak:g}", None, peak) for peak in options.peaks]
    for said, sigma, peak in settings:
        for number, truth, noisy, noise in images(options.folder, sigma, peak):
            if number not in options.images:
                continue
            for name in options.methods:
                cpu, wall = time.process_time(), time.perf_counter()
                estimate = METHODS[name](noisy, noise, truth)
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                error = np.mean((estimate - truth) ** 2)
                psnr = 10 * np.log10((peak or 255.0) ** 2 / error)
                row = Row(said, name, number, float(psnr), cpu, wall)
                print(f"{said}, image {number:2d}, {name}: {psnr:.2f} dB, {cpu:.1f} s", flush=True)
                yield row


def print_table(rows: list[Row]) -> None:
    print(f"\n{'noise':10s}  {'method':24s}  {'mean PSNR':>9s}  {'CPU s':>6s}  images")
    for noise, method in dict.fromkeys((row.noise, row.method) for row in rows):
        own = [row for row in rows if (row.noise, row.method) == (noise, method)]
        mean, cpu = np.mean([row.psnr for row in own]), np.mean([row.cpu for row in own])
        each = " ".join(f"{row.psnr:.2f}" for row in own)
        print(f"{noise:10s}  {method:24s}  {mean:9.2f}  {cpu:6.1f}  {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where 01.png to 12.png are")
    numbers = range(1, N_IMAGES + 1)
    parser.add_argument("--images", type=int, nargs="+", default=list(numbers), choices=numbers)
    parser.add_argument("--sigmas", type=float, nargs="*", default=[15.0, 25.0, 50.0])
    parser.add_argument("--peaks", type=float, nargs="*", default=[], help="Poisson counts")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--json", type=Path, help="where to write all results")
    options = parser.parse_args()
    rows = list(measure(options))
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
