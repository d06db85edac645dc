"""Compiled functions compute also where nothing can be kept on disk, and nothing kept is old."""

import ast
import hashlib
import importlib
import re
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import autoden
from autoden.transforms.compiled import compiled

ROOT = Path(autoden.__file__).parent
NARROW = "autoden.models.narrow"
WITH_BUILT_ON = [f"{NARROW}.{kind}_kernels" for kind in ("forward", "backward", "scale")]


def name_of(path: Path) -> str:
    return ".".join(("autoden", *path.relative_to(ROOT).with_suffix("").parts))


def path_of(name: str) -> Path:
    return ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")


MODULES = sorted(
    name_of(path)
    for path in ROOT.rglob("*.py")
    if re.search("^@compiled", path.read_text(), re.MULTILINE)
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


def imported_by(name: str) -> set[str]:
    """Give the modules of narrow networks that become part of what a module compiles."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path_of(name).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{NARROW}."):
            found |= {node.module, *imported_by(node.module)}
    return found


@pytest.mark.parametrize("name", MODULES)
def test_compiled_functions_call_none_of_other_modules_unless_they_say_so(name: str) -> None:
    # numba compares the file of the function that is called, and not those of what it calls
    module = importlib.import_module(name)
    functions = [value for value in vars(module).values() if isinstance(value, Dispatcher)]
    assert functions
    if name not in WITH_BUILT_ON:
        assert {function.py_func.__module__ for function in functions} == {name}


@pytest.mark.parametrize("name", WITH_BUILT_ON)
def test_what_is_kept_on_disk_is_compiled_again_when_anything_in_it_changes(name: str) -> None:
    sources = [path_of(module).read_bytes() for module in sorted(imported_by(name))]
    digest = hashlib.sha256(b"".join(sources)).hexdigest()[:16]
    assert digest == importlib.import_module(name).BUILT_ON, f"write this into {name}"
