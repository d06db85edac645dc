"""What numba keeps on disk is never older than the source."""

import importlib
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

import autoden

ROOT = Path(autoden.__file__).parent
MODULES = sorted(
    ".".join(("autoden", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if "transforms.compiled import compiled" in path.read_text()
)


@pytest.mark.parametrize("name", MODULES)
def test_compiled_functions_call_none_of_other_modules(name: str) -> None:
    # numba compares the file of the function that is called, and not those of what it calls
    module = importlib.import_module(name)
    compiled = [value for value in vars(module).values() if isinstance(value, Dispatcher)]
    assert compiled
    assert {function.py_func.__module__ for function in compiled} == {name}
