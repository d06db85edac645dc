"""Compiled functions compute also where nothing can be kept on disk."""

import numba
import numpy as np

from autoden.transforms.compiled import compiled


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
