"""What the machine can do: its parts, its best speed at products and convolutions, arithmetic.

The speeds are measured before every case of the same run, so that a slow hour shows.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch
from benchmarks.speed.cases import Case
from torch.utils.flop_counter import FlopCounterMode

import autoden as ad
from autoden.training.memory import keep_freed_memory

SPEEDS = {
    "convolution 64": "2D convolution, 64 to 64 channels, forward and backward (GFLOP/s)",
    "convolution 16": "the same, 16 to 16 channels (GFLOP/s)",
    "product": "matrix product, 2048 x 2048 (GFLOP/s)",
    "memory": "copying in memory, read and write (GB/s)",
}
N_TRIALS = 8


def describe() -> dict[str, Any]:
    """Name processor, cores, memory, system."""
    names = {}
    for path, key in (("/proc/cpuinfo", "model name"), ("/proc/meminfo", "MemTotal")):
        for line in Path(path).read_text().splitlines():
            if line.startswith(key):
                names[key] = line.split(":", 1)[1].strip()
                break
    return {
        "processor": names.get("model name", platform.processor() or platform.machine()),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(names["MemTotal"].split()[0]) * 1024 / 1e9, 1),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": platform.platform(),
    }


@keep_freed_memory()
def measure() -> dict[str, float]:
    """Measure the speeds, the best of a few trials each."""
    return {
        "convolution 64": _convolution(channels=64, size=128),
        "convolution 16": _convolution(channels=16, size=256),
        "product": _product(2048),
        "memory": _copy(64 * 2**20),
    }


def _convolution(channels: int, size: int) -> float:
    """Measure in the layout that torch convolves quickest, channels last."""
    layout = torch.channels_last
    x = torch.randn(4, channels, size, size).to(memory_format=layout).requires_grad_()
    conv = torch.nn.Conv2d(channels, channels, 3, padding=1).to(memory_format=layout)
    wanted, gradient = [x, *conv.parameters()], torch.randn_like(x)
    seconds = _seconds(lambda: torch.autograd.grad(conv(x), wanted, gradient))
    return 3 * 2 * x.numel() * channels * 9 / seconds / 1e9


def _product(size: int) -> float:
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / _seconds(lambda: a @ b) / 1e9


def _copy(n: int) -> float:
    a, b = torch.ones(n), torch.ones(n)
    return 2 * 4 * n / _seconds(lambda: b.copy_(a)) / 1e9


def _seconds(work: Callable[[], object]) -> float:
    """Give the shortest of a few times, after one that warms up."""
    times = []
    for _ in range(1 + N_TRIALS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def operations(case: Case) -> int:
    """Count the floating-point operations of the convolutions in one epoch, or one inference.

    What has to be done at least: samples that train go forward and backward once, held-out ones
    only forward. The network is autoden's, without memory behind it ("meta"), so that the count
    does not depend on which kernels are used.
    """
    make: Any = ad
    for name in case.network.split("."):
        make = getattr(make, name)
    made = make(**case.parameters)
    network = (made.get_model() if hasattr(made, "get_model") else made).to("meta")
    n_dims = case.parameters.get("n_dims", 2)
    shape = case.infer_shape or case.shape
    n = int(torch.tensor(shape[:-n_dims]).prod())
    n_held_out = round(0.2 * n) if case.algorithm == "N2V" else 0

    def count(n_samples: int, *, backward: bool) -> int:
        if not n_samples:
            return 0
        with FlopCounterMode(display=False) as counter:
            output = network(torch.empty(n_samples, 1, *shape[-n_dims:], device="meta"))
            if backward:
                output.sum().backward()
        return counter.get_total_flops()

    if case.infer_shape:
        with torch.no_grad():
            return count(n, backward=False)
    return count(n - n_held_out, backward=True) + count(n_held_out, backward=False)


def typical(speeds: list[Mapping[str, float]]) -> dict[str, tuple[float, float, float]]:
    """Give median, lowest and highest of each speed."""
    of_each = {key: [speed[key] for speed in speeds] for key in SPEEDS}
    return {key: (median(values), min(values), max(values)) for key, values in of_each.items()}
