"""What autoden's own options bring: bfloat16, compiled steps, several networks at the same time.

    python benchmarks/options.py

Ways to do the same are timed by turns, round after round; printed is the median time, and how many
times faster than the first way, with the lowest and highest round. An ensemble is trained one
network after the other on all threads, side by side on a thread each (as `ad.denoise` does), and
with the weights of all in one batch (`torch.func.vmap`, the gradients of all at once).
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Mapping
from statistics import median

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

import autoden as ad
from autoden.auto.learning.fitting import side_by_side
from autoden.training.compilation import compile_network
from autoden.training.memory import keep_freed_memory
from autoden.training.precision import in_mixed_precision

IMAGES = {
    "U-Net 16, 6 x 128 x 128": (ad.NetworkParamsUNet(n_features=16), (6, 1, 128, 128)),
    "DnCNN 17 x 64, 8 x 64 x 64": (
        ad.NetworkParamsDnCNN(n_layers=17, n_features=64, n_dims=2),
        (8, 1, 64, 64),
    ),
}
ENSEMBLES = {
    "DnCNN 1D 6 x 4, 4 x 4095": (
        ad.NetworkParamsDnCNN(n_layers=6, n_features=4, n_dims=1),
        (4, 1, 4095),
    ),
    "DnCNN 1D 6 x 16, 4 x 512": (
        ad.NetworkParamsDnCNN(n_layers=6, n_features=16, n_dims=1),
        (4, 1, 512),
    ),
    "DnCNN 2D 6 x 16, 4 x 64 x 64": (
        ad.NetworkParamsDnCNN(n_layers=6, n_features=16, n_dims=2),
        (4, 1, 64, 64),
    ),
}
N_NETWORKS = 4
Ways = Mapping[str, Callable[[], object]]


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=10, help="a round, for each way")
    given = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; ms per step")
    with keep_freed_memory():
        for name, (params, shape) in IMAGES.items():
            print(f"\n{name}")
            compare(_precisions(params.get_model("cpu", 0), torch.rand(shape)), given)
        for name, (params, shape) in ENSEMBLES.items():
            print(f"\n{N_NETWORKS} networks, {name}")
            models = [params.get_model("cpu", seed) for seed in range(N_NETWORKS)]
            compare(_ensembles(models, torch.rand(shape), given.steps), given)


def compare(ways: Ways, given: argparse.Namespace) -> None:
    """Time ways by turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1 + given.rounds):  # the first warms up
        for name, way in ways.items():
            began = time.perf_counter()
            way() if name.startswith("side") else [way() for _ in range(given.steps)]
            if number:
                times[name].append((time.perf_counter() - began) / given.steps)
    first = next(iter(times.values()))
    for name, each in times.items():
        ratios = [a / b for a, b in zip(first, each, strict=True)]
        print(
            f"  {name:34} {1e3 * median(each):7.2f}   {median(ratios):.2f} times faster "
            f"({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


def step(model: nn.Module, x: Tensor) -> None:
    """Go forward and back once."""
    (model(x) - x).square().mean().backward()


def _precisions(model: nn.Module, x: Tensor) -> Ways:
    half, code = in_mixed_precision(model), compile_network(model)
    return {
        "float32": lambda: step(model, x),
        "mixed_precision=True": lambda: step(half, x),
        "compile=True": lambda: step(code, x),
    }


def _ensembles(models: list[nn.Module], x: Tensor, n_steps: int) -> Ways:
    base = copy.deepcopy(models[0]).to("meta")
    weights, buffers = stack_module_state(models)

    def loss(weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        return (functional_call(base, (weights, buffers), (x,)) - x).square().mean()

    gradients = vmap(grad(loss))

    def train(model: nn.Module) -> None:
        for _ in range(n_steps):
            step(model, x)

    return {
        "one after the other": lambda: [step(model, x) for model in models],
        "side by side": lambda: side_by_side(train, models),
        "weights in one batch": lambda: gradients(weights, buffers),
    }


if __name__ == "__main__":
    main()
