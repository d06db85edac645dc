"""Compiled functions compute also where nothing can be kept on disk, and nothing kept is old."""

import importlib
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import autoden
from autoden.transforms.compiled import compiled

ROOT = Path(autoden.__file__).parent
MODULES = sorted(
    ".".join(("autoden", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if "transforms.compiled import compiled" in path.read_text()
)


def product(x, y):
    return (x * y).sum()


def test_a_compiled_function_gives_what_the_function_gives():
    x = np.random.default_rng(0).normal(size=(2, 100))
    assert np.isclose(compiled(product)(*x), product(*x))
    assert np.isnan(compiled(product)(np.array([np.nan, 1]), np.ones(2)))


def test_without_a_place_for_its_cache_it_is_compiled_for_this_process(monkeypatch):
    njit = numba.njit

    def without_cache(function, *, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(numba, "njit", without_cache)
    assert compiled(product)(np.arange(3.0), np.arange(3.0)) == 5


@pytest.mark.parametrize("name", MODULES)
def test_compiled_functions_call_none_of_other_modules(name: str) -> None:
    # numba compares the file of the function that is called, and not those of what it calls
    module = importlib.import_module(name)
    functions = [value for value in vars(module).values() if isinstance(value, Dispatcher)]
    assert functions
    assert {function.py_func.__module__ for function in functions} == {name}
