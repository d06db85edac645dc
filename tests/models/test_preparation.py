"""Kernels are compiled in a process of their own, so that all processes compute with the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KERNEL = """
import numpy as np
from autoden.transforms.compiled import compiled{0}

@compiled
def total(x):
    return x.sum()

def try_out(dtype):
    assert total(np.ones(3, str(dtype).removeprefix("torch."))) == 3
"""
PREPARE = """
import sys, torch
import kernel
from autoden.models.narrow.preparation import prepare
{0}
prepare("kernel", torch.float32)
print(sum(kernel.total.stats.cache_hits.values()), len(kernel.total.signatures))
"""


@pytest.fixture
def prepared(tmp_path: Path):
    """Prepare a small kernel in a new process: how often it came from disk, and how many it has."""

    def prepare(before: str = "", of_kernel: str = "") -> list[int]:
        (tmp_path / "kernel.py").write_text(KERNEL.format(of_kernel))
        path = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
        done = subprocess.run(
            [sys.executable, "-c", PREPARE.format(before)],
            env={**os.environ, **path}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [int(n) for n in done.stdout.split()]

    return prepare


def test_what_a_process_computes_with_always_comes_from_disk(prepared) -> None:
    assert prepared() == [1, 1]
    assert prepared() == [1, 1]


@pytest.mark.parametrize("program", ["'/opt/viewer'", "''", "None", "'/nowhere/python3'"])
def test_where_no_process_can_compile_this_one_does(prepared, program: str) -> None:
    assert prepared(f"sys.executable = {program}") == [0, 1]


def test_where_the_other_process_fails_this_one_compiles(prepared, tmp_path) -> None:
    assert prepared(f"sys.path.remove({str(tmp_path)!r})") == [0, 1]


def test_where_nothing_can_be_kept_this_process_compiles_at_once(prepared) -> None:
    without = "\nimport numba\nnjit = numba.njit\n" + (
        "def no_place(function, *, cache=False, **options):\n"
        "    if cache: raise RuntimeError('no locator available')\n"
        "    return njit(function, **options)\n"
        "numba.njit = no_place"
    )
    alone = "from autoden.models.narrow import preparation\npreparation._compile_apart = None"
    assert prepared(alone, without) == [0, 1]
