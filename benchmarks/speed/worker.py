"""One side of a comparison: does what it is told, line by line, and says how long it took.

Both packages are called `autoden`, so each has an interpreter of its own; this file is run by both
and uses only names that both have. A request is a line of JSON on standard input,
``{"do": "train", "epochs": 5}``; an answer is a line of JSON on standard output. What the packages
print goes to standard error. Nothing is decided here: see `cases` for what is measured.
"""

import inspect
import json
import operator
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

import autoden as ad

Answer = dict[str, Any]


class Worker:
    """A denoiser, its data, and the requests that it obeys."""

    def about(self) -> Answer:
        """Say which package this is, and what it computes with."""
        versions = {}
        for name in ("autoden", "auto-denoise", "numpy", "torch"):
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        return {
            "versions": versions,
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        }

    def prepare(self, case: dict[str, Any], device: str) -> Answer:
        """Make the network, its data and, for a case of inference, what it is used on."""
        start_mb = peak_memory()
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - one of the packages follows the global state
        self.training = case["training"]
        network = operator.attrgetter(case["network"])(ad)(**case["parameters"])
        self.denoiser = getattr(ad, case["algorithm"])(
            network, device=device, batch_size=case["batch_size"], verbose=False
        )
        clean, noisy = measurements(case["shape"])
        given = (noisy, clean) if case["algorithm"] == "Supervised" else (noisy,)
        self.prepared = self.denoiser.prepare_data(*given)
        if case["infer_shape"]:
            self.train(epochs=1)  # only a trained denoiser infers
            self.denoiser.infer(self.prepared[0])
            self.unseen = unseen(case["infer_shape"])
        return {"start_mb": start_mb}

    def train(self, epochs: int) -> Answer:
        """Train once: seconds of the whole call, and per epoch after the first."""
        with marking(self.denoiser.train) as (marks, options):
            began = time.perf_counter()
            self.denoiser.train(*self.prepared, epochs=epochs, **self.training, **options)
            seconds = time.perf_counter() - began
        per_epoch = seconds_per_epoch(marks, epochs) if epochs > 1 else seconds
        return {"call": seconds, "each": per_epoch, "fixed": seconds - epochs * per_epoch}

    def infer(self) -> Answer:
        """Denoise the unseen data once."""
        began = time.perf_counter()
        self.denoiser.infer(self.unseen)
        seconds = time.perf_counter() - began
        return {"call": seconds, "each": seconds}

    def memory(self) -> Answer:
        """Give the highest memory so far, of the process and on the GPU."""
        on_gpu = torch.cuda.max_memory_allocated() / 1e6 if torch.cuda.is_available() else 0.0
        return {"peak_mb": peak_memory(), "peak_gpu_mb": on_gpu}

    def tutorial(self, data: str, result: str, seed: int, epochs: int, device: str) -> Answer:
        """Make the tutorial's call on exposures from a file; leave the spectrum in another."""
        exposures = np.load(data)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        began = time.perf_counter()
        model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6).get_model()
        n2n = ad.N2N(model=model, reg_val=None, device=device, verbose=False)
        prepared = n2n.prepare_data(exposures)
        settings = {"lower_limit": 0.0, "learning_rate": 1e-2, "restarts": 1}
        n2n.train(*prepared, epochs=epochs, **settings)
        spectrum = n2n.infer(prepared[0])
        seconds = time.perf_counter() - began
        np.save(result, spectrum)
        return {"call": seconds}

    def denoise(self, data: str, result: str, seed: int, budget: str) -> Answer:
        """Denoise exposures from a file in one call (autoden alone); leave the spectrum."""
        exposures = np.load(data)
        call = ad.denoise  # brings in what it imports
        began = time.perf_counter()
        found = call(exposures, axes="RE", budget=budget, seed=seed)
        seconds = time.perf_counter() - began
        np.save(result, found.estimate)
        return {"call": seconds}


def measurements(shape: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Make something smooth with positive values, and the counts that one would see of it."""
    clean = np.full(shape, 30.0)
    for axis, size in enumerate(shape):
        wave = 1 + 0.3 * np.sin(np.linspace(0, 9 + axis, size))
        clean *= wave.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return clean, np.random.default_rng(0).poisson(clean)


def unseen(shape: list[int]) -> np.ndarray:
    """Make large data of such values, without more memory than they take (float32)."""
    values = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    values *= 5
    values += 30
    return values


class Marks(list[float]):
    """When epochs ended."""

    def on_epoch(self, record: object) -> None:
        """Take the time, as an observer of autoden."""
        self.append(time.perf_counter())

    def on_step(self, optimizer: object, args: object, kwargs: object) -> None:
        """Take the time, as a hook of torch's optimizers."""
        self.append(time.perf_counter())


@contextmanager
def marking(train: Callable[..., Any]) -> Iterator[tuple[Marks, dict[str, Any]]]:
    """Mark time once an epoch: by an observer where there are such, else at every step."""
    marks = Marks()
    if "observers" in inspect.signature(train).parameters:
        yield marks, {"observers": [marks]}
        return
    hook = register_optimizer_step_post_hook(marks.on_step)
    try:
        yield marks, {}
    finally:
        hook.remove()


def seconds_per_epoch(marks: list[float], epochs: int) -> float:
    """Give the mean time between the ends of epochs: all but the first, which warms up.

    There may be several marks an epoch, one for each step, always the same number.

    Examples
    --------
    >>> seconds_per_epoch([9.0, 10.0, 12.0], epochs=3)
    1.5
    >>> seconds_per_epoch([4.0, 5.0, 6.0, 7.0], epochs=2)
    2.0
    """
    per_epoch, rest = divmod(len(marks), epochs)
    if rest or not per_epoch:
        raise RuntimeError(f"{len(marks)} steps were seen in {epochs} epochs")
    ends = marks[per_epoch - 1 :: per_epoch]
    return (ends[-1] - ends[0]) / (epochs - 1)


def peak_memory() -> float:
    """Give the highest resident memory of this process so far, in MB."""
    with open("/proc/self/status") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints is no answer
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
