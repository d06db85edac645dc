"""The arithmetic of the speed benchmark; and that its processes answer, also when they cannot."""

import doctest
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.stem for path in (ROOT / "benchmarks" / "speed").glob("*.py") if path.stem != "__main__"
)


@pytest.fixture
def speed(monkeypatch):
    """Give the modules of the benchmark by name."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda name: importlib.import_module(f"benchmarks.speed.{name}")


@pytest.fixture
def tiny(speed):
    """Give a case that takes no time."""
    network = {"n_dims": 1, "n_features": 2, "n_layers": 3}
    return speed("cases").Case("tiny", "tiny", "N2N", "NetworkParamsDnCNN", network, (3, 32), 3)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name, speed):
    assert doctest.testmod(speed(name)).failed == 0


def test_what_slows_both_for_a_while_does_not_change_the_ratio(speed):
    load = np.array([1.0, 5.0, 2.0, 1.0, 9.0])
    ratio = speed("ratios").paired_ratio(3.0 * load, load)
    assert (ratio.median, ratio.lowest, ratio.highest) == pytest.approx((3.0, 3.0, 3.0))


def test_a_slow_first_epoch_is_not_counted_and_an_uneven_number_of_steps_is_refused(speed):
    per_epoch = speed("worker").seconds_per_epoch
    assert per_epoch([100.0, 101.0, 102.0, 103.0], epochs=4) == 1.0
    with pytest.raises(RuntimeError, match="5 steps were seen in 2 epochs"):
        per_epoch([1.0, 2.0, 3.0, 4.0, 5.0], epochs=2)


@pytest.mark.parametrize("n_dims", [1, 2])
@pytest.mark.parametrize("algorithm", ["N2N", "N2V"])
def test_operations_are_those_of_the_convolutions(algorithm, n_dims, speed):
    n_layers, features, n, size = 5, 6, 10, 8
    parameters = {"n_layers": n_layers, "n_features": features, "n_dims": n_dims}
    make = speed("cases").Case
    shape = (n, *[size] * n_dims)
    case = make("case", "case", algorithm, "NetworkParamsDnCNN", parameters, shape)

    of_pair = 2 * 3**n_dims * size**n_dims  # per pair of channels and sample
    forward = of_pair * (features + (n_layers - 2) * features**2 + features)
    # Backward: to the kernels of each layer, and to the input of each but the first.
    backward = 2 * forward - of_pair * features
    n_held_out = 2 if algorithm == "N2V" else 0
    expected = n * forward + (n - n_held_out) * backward
    assert speed("hardware").operations(case) == expected


def test_a_process_trains_and_tells_how_long_each_epoch_took(speed, tiny):
    contenders = speed("contenders")
    us = contenders.Contender("autoden", sys.executable, threads=1)
    with contenders.Process(us) as process:
        process.ask("prepare", case=tiny.as_request(), device="cpu")
        times = process.ask("train", epochs=4)
        assert 0 < 3 * times["each"] < times["call"]
        memory = process.ask("memory")["peak_mb"]
        assert 50 < memory < 5000
        with pytest.raises(contenders.ContenderError, match="epochs"):
            process.ask("train", epochs=-1)
        assert process.ask("train", epochs=2)["each"] > 0, "it lives on"


def test_an_environment_without_the_package_is_refused(speed):
    contenders = speed("contenders")
    wrong = contenders.Contender("auto-denoise", sys.executable, threads=1)
    with pytest.raises(
        contenders.ContenderError, match="has auto-denoise None, not auto-denoise 3"
    ):
        contenders.introduce(wrong, "3.0.0")


def test_one_that_fails_does_not_stop_the_other_and_the_tables_tell(speed, tiny, tmp_path):
    dead = tmp_path / "python"
    dead.write_text("#!/bin/sh\necho no memory left >&2\nexit 9\n")
    dead.chmod(0o755)
    make = speed("contenders").Contender
    contenders = [make("autoden", sys.executable, 1), make("auto-denoise", str(dead), 1)]
    runs = speed("rounds").compare(tiny, contenders, n_rounds=2)
    assert len(runs["autoden"]["each"]) == 2
    assert runs["auto-denoise"] == {"error": "ended with code 9: no memory left"}

    speeds = dict.fromkeys(speed("hardware").SPEEDS, 100.0)
    about = {"versions": {"autoden": "1"}, "python": "3", "threads": 1, "cuda": None}
    record = {
        "machine": {"processor": "P", "cores": 2, "memory_gb": 8.0, "instructions": "AVX2"},
        "contenders": {"autoden": about},
        "options": {"repeats": 2, "quick": False},
        "speeds": [speeds],
        "cases": {"tiny": {**tiny.as_request(), "operations": 10**9, "runs": runs}},
        "scaling": {"pixels": {32: runs}},
        "exposures": "simulated",
        "quality": {"mean": {"seconds": [0.0], "mse": [1.5], "mdev": [300.0]}},
    }
    tables = speed("summary").summarise(record)
    assert "| mean | 0 | 1.500 | 300.0 | 1 |" in tables
    assert "- tiny, 3 x 32, auto-denoise, failed: ended with code 9: no memory left" in tables
    widths = [block.splitlines() for block in tables.split("\n\n") if block.startswith("|")]
    assert all(len({row.count("|") for row in rows}) == 1 for rows in widths)
