"""A kernel gives what its function gives, and takes nothing else than it says."""

import ast
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import autoden
from autoden.native.kernel import Kernel, prepare

ROOT = Path(autoden.__file__).parent

SCALED = """
@part
def scaled(x, space, n, kinds, out):
    room = borrow(bytes_for(x.size, x.dtype))
    row = shaped(take(room, x.size, x.dtype), x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            row[i, j] = n * x[i, j] + space[0] - space[2]
    out[0] = row.sum() if kinds[0] else 0
    give_back(room)
"""
TAKES = "T2 3n n b1 T1w"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_gives_what_its_function_gives(make_kernel, dtype) -> None:
    scaled, out = make_kernel(SCALED, TAKES), np.empty(1, dtype)
    x = np.random.default_rng(0).normal(size=(3, 100)).astype(dtype)
    scaled(x, 7, 0, 5, 3, np.array([True]), out)
    np.testing.assert_allclose(out, (3 * x + 2).sum(), rtol=1e-5)
    scaled(x, 7, 0, 5, 3, np.array([False]), out)
    assert out == 0
    x[1, 2] = np.nan
    scaled(x, 7, 0, 5, 3, np.array([True]), out)
    assert np.isnan(out)


def test_what_a_kernel_does_not_take_is_refused_and_let_go(make_kernel) -> None:
    scaled = make_kernel(SCALED, TAKES)
    x, yes, out = np.ones((4, 6), np.float32), np.array([True]), np.zeros(1, np.float32)
    fixed = np.zeros(1, np.float32)
    fixed.setflags(write=False)
    held = sys.getrefcount(x)
    for wrong, error in (
        ((x.ravel(), 1, 2, 3, 4, yes, out), TypeError),
        ((x, 1, 2, 3, 4, yes, out.astype(np.float64)), TypeError),
        ((x, 1, 2, 3, 4, yes, out.astype(np.int32)), TypeError),
        ((x, 1, 2, 3, 4, yes, out.astype(">f4")), TypeError),
        ((x, 1, 2, 3, 4, yes, [0.0]), TypeError),
        ((x, 1, 2, 3, 4, yes, fixed), ValueError),
        ((x.T, 1, 2, 3, 4, yes, out), ValueError),
        ((x, 1, 2, 3, 4, yes), TypeError),
        ((x, 1, 2, 3, 4, yes, out, out), TypeError),
        ((x, 1, 2, 3.5, 4, yes, out), TypeError),
        ((x.astype(np.float16), 1, 2, 3, 4, yes, out), TypeError),
        (([[1.0]], 1, 2, 3, 4, yes, out), TypeError),
        ((), TypeError),
    ):
        with pytest.raises(error):
            scaled(*wrong)
    del wrong
    assert out == fixed == 0
    assert sys.getrefcount(x) == held
    with pytest.raises(TypeError, match=r"takes T2 3n n b1 T1w, not float32 of 1 axes, int, "):
        scaled(x.ravel(), 1, 2, 3, 4, yes, out)


def test_parameters_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="'T2 x' are no parameters"):
        Kernel("somewhere", "something", "T2 x")
    for without_array in ("", "n T1"):
        with pytest.raises(ValueError, match="begin with no array"):
            Kernel("somewhere", "something", without_array)


GREEDY = """
@part
def share(member, size, n, x):
    x[member] += n


@part
def greedy(x, n):
    room = borrow(bytes_for(n, x.dtype))
    in_team(share, 2, (n, x))
    give_back(room)
"""


def test_memory_that_there_is_not_is_an_error(make_kernel) -> None:
    greedy, x = make_kernel(GREEDY, "T1w n"), np.zeros(2)
    greedy(x, 10**6)
    done = x.copy()
    with pytest.raises(MemoryError, match="greedy needs more memory than there is"):
        greedy(x, 2**60)
    assert np.array_equal(x, done)
    greedy(x, 10**6)


def test_only_what_is_called_from_python_borrows() -> None:
    # what a thread of a team raises is lost
    for path in ROOT.rglob("kernels/*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                called = {
                    ast.unparse(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)
                }
                assert "borrow" not in called or {"in_team", "give_back"} <= called, function.name


def test_a_function_that_would_make_arrays_is_not_compiled(make_kernel) -> None:
    source = """
@part
def wasteful(x):
    x[0] = np.ones(int(x[0])).sum()
"""
    with pytest.raises(TypeError, match="would call"):
        make_kernel(source, "T1w")(np.ones(1))


def test_python_goes_on_in_other_threads_meanwhile(make_kernel) -> None:
    source = """
@part
def count(x, counted):
    while take_next(counted, 0) >= 0:
        x[0] += 1
"""
    count, x, counted = make_kernel(source, "T1w i1w"), np.zeros(1), np.zeros(1, np.int64)
    prepare(x.dtype, [count])
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
    doubled, x = make_kernel(source, "T1w"), np.ones(1, np.float32)
    prepare(np.float32, [doubled, doubled])
    doubled(x)
    assert x == 2
