"""Time to quality: how good a spectrum is after how many seconds, on the tutorial's data.

Four of 32 exposures go in; the other 28, which nothing has seen, tell how far each result is from
the truth. Every run is the first of a new process, as a user meets it; the time is that of the
calls, without starting Python and importing torch.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.speed.contenders import Contender, ContenderError, Process

import autoden as ad
from autoden.evaluation import excess_poisson_deviance, unbiased_mse

Scores = dict[str, dict[str, Any]]


def source(file: Path | None) -> str:
    """Say where the exposures come from."""
    return "of the tutorial" if file is not None and file.is_file() else "simulated"


def exposures(file: Path | None) -> np.ndarray:
    """Read the tutorial's exposures, (32, 4095); simulate such where the file is not there."""
    if file is not None and file.is_file():
        return np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:-1]
    return ad.datasets.xrf_spectra(n_exposures=32, seed=0).counts


def time_to_quality(
    contenders: list[Contender], counts: np.ndarray, budgets: list[str], n_runs: int, epochs: int
) -> Scores:
    """Run `ad.denoise` with each budget and, if `epochs` is not 0, the tutorial's call by turns.

    Returns
    -------
    dict
        By what was run: "seconds", "mse" (squared counts) and "mdev" (excess Poisson deviance),
        one per run; "error" if it failed.
    """
    ours = next(c for c in contenders if c.package == "autoden" and c.device == "cpu")
    entries = [(f"denoise, {name}", ours, "denoise", {"budget": name}) for name in budgets]
    if epochs:
        entries += [
            (f"N2N, {epochs} epochs, {c.name}", c, "tutorial", _tutorial(c, epochs))
            for c in contenders
        ]
    held_out = counts[4:]
    scores: Scores = {"mean of the four": {"seconds": [0.0]}}
    _add(scores["mean of the four"], counts[:4].mean(axis=0), held_out)
    with tempfile.TemporaryDirectory() as folder:
        data, result = f"{folder}/exposures.npy", f"{folder}/spectrum.npy"
        np.save(data, counts[:4])
        for seed in range(n_runs):
            for name, contender, do, options in entries:
                found = scores.setdefault(name, {"seconds": []})
                request = {"data": data, "result": result, "seed": seed, **options}
                try:
                    with Process(contender) as process:
                        found["seconds"].append(process.ask(do, **request)["call"])
                except ContenderError as error:
                    found["error"] = str(error)
                else:
                    _add(found, np.load(result), held_out)
    return scores


def _tutorial(contender: Contender, epochs: int) -> dict[str, Any]:
    return {"epochs": epochs, "device": contender.device}


def _add(found: dict[str, Any], spectrum: np.ndarray, held_out: np.ndarray) -> None:
    """Score a spectrum by exposures that it was not made from."""
    found.setdefault("mse", []).append(float(unbiased_mse(spectrum, held_out)))
    found.setdefault("mdev", []).append(float(excess_poisson_deviance(spectrum, held_out)))
