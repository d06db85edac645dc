"""A kernel gives what its function gives, and takes nothing else than it says."""

import ctypes
import sys
import threading

import numpy as np
import pytest

from autoden.native.kernel import prepare

SCALED = """
@part
def scaled(x, space, n, kinds, out):
    row = shaped(borrow(x.size, x.dtype), x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            row[i, j] = n * x[i, j] + space[0] - space[2]
    out[0] = row.sum() if kinds[0] else 0
    give_back(row)
"""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_gives_what_its_function_gives(make_kernel, dtype) -> None:
    scaled, out = make_kernel(SCALED, "T2 3n n b1 T1"), np.empty(1, dtype)
    x = np.random.default_rng(0).normal(size=(3, 100)).astype(dtype)
    scaled(x, 7, 0, 5, 3, np.array([True]), out)
    np.testing.assert_allclose(out, (3 * x + 2).sum(), rtol=1e-5)
    scaled(x, 7, 0, 5, 3, np.array([False]), out)
    assert out == 0
    x[1, 2] = np.nan
    scaled(x, 7, 0, 5, 3, np.array([True]), out)
    assert np.isnan(out)


def test_what_a_kernel_does_not_take_is_refused_and_let_go(make_kernel) -> None:
    scaled = make_kernel(SCALED, "T2 3n n b1 T1")
    x, yes, out = np.ones((4, 6), np.float32), np.array([True]), np.zeros(1, np.float32)
    held = sys.getrefcount(x)
    for wrong, error in (
        ((x.ravel(), 1, 2, 3, 4, yes, out), TypeError),
        ((x, 1, 2, 3, 4, yes, out.astype(np.float64)), TypeError),
        ((x, 1, 2, 3, 4, yes, [0.0]), TypeError),
        ((x.T, 1, 2, 3, 4, yes, out), ValueError),
        ((x, 1, 2, 3, 4, yes), TypeError),
        ((x, 1, 2, 3.5, 4, yes, out), ctypes.ArgumentError),
    ):
        with pytest.raises(error):
            scaled(*wrong)
    assert out == 0
    del wrong
    assert sys.getrefcount(x) == held
    with pytest.raises(TypeError, match="scaled takes T2 3n n b1 T1"):
        scaled(x.ravel(), 1, 2, 3, 4, yes, out)


def test_memory_that_there_is_not_is_an_error(make_kernel) -> None:
    source = """
@part
def greedy(x, n):
    give_back(borrow(n, x.dtype))
"""
    greedy, x = make_kernel(source, "T1 n"), np.ones(1)
    greedy(x, 10**6)
    with pytest.raises(MemoryError, match="greedy needs more memory than there is"):
        greedy(x, 2**60)
    greedy(x, 10**6)


def test_a_function_that_would_make_arrays_is_not_compiled(make_kernel) -> None:
    source = """
@part
def wasteful(x):
    x[0] = np.ones(int(x[0])).sum()
"""
    with pytest.raises(TypeError, match="borrow arrays"):
        make_kernel(source, "T1")(np.ones(1))


def test_python_goes_on_in_other_threads_meanwhile(make_kernel) -> None:
    source = """
@part
def count(x, counted):
    while take_next(counted, 0) >= 0:
        x[0] += 1
"""
    count, x, counted = make_kernel(source, "T1 i1"), np.zeros(1), np.zeros(1, np.int64)
    count.prepare(x.dtype)
    stop = threading.Timer(0.2, lambda: counted.__setitem__(0, -(10**6)))
    stop.start()
    count(x, counted)
    assert x > 0


def test_kernels_are_prepared_together(make_kernel) -> None:
    source = """
@part
def doubled(x):
    x[0] *= 2
"""
    doubled, x = make_kernel(source, "T1"), np.ones(1, np.float32)
    prepare(np.float32, [doubled, doubled])
    doubled(x)
    assert x == 2
