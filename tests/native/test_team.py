"""A compiled function on torch's threads: each piece of work is done once, whoever does it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from autoden.native import openmp
from autoden.native.openmp import n_threads

SOURCE = """
@part
def add_one(member, size, values, seen, n_times):
    for time in range(n_times):
        for i in range(member * len(values) // size, (member + 1) * len(values) // size):
            values[i] += 1
        if size > 1:
            wait()
        seen[time, member] = values.sum()
        if size > 1:
            wait()


@part
def run(values, seen, n_threads):
    in_team(add_one, n_threads, (values, seen, len(seen)))
"""


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_all_work_is_done_once_and_threads_wait_for_each_other(make_kernel, n) -> None:
    run = make_kernel(SOURCE, "T1w T2w n")
    values, seen = np.zeros(1000), np.zeros((5, n))
    run(values, seen, n)
    assert np.array_equal(values, np.full(1000, 5.0))
    assert np.array_equal(seen, np.outer(1000 * np.arange(1, 6), np.ones(n)))


def test_there_are_as_many_threads_as_torch_has() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert n_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_without_openmp_one_thread_does_all() -> None:
    code = """
import logging
logging.basicConfig(level=logging.INFO)
import torch
from autoden.native import openmp
openmp.LIBRARIES = ()
torch.set_num_threads(2)
from autoden.models.dncnn import DnCNN
network, x = DnCNN(n_layers=3, n_features=16), torch.randn(2, 1, 64, 64)
network(x).square().mean().backward()
print(openmp.n_threads(), all(p.grad.isfinite().all() for p in network.parameters()))"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1 True"
    assert done.stderr.count("compute on one thread") == 1


def test_a_forked_process_has_one_thread(monkeypatch) -> None:
    monkeypatch.setattr(openmp.os, "getpid", lambda: -1)
    assert n_threads() == 1
