"""Kernels made for a test, in a package of their own, and kept in a folder of their own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autoden.native import kept
from autoden.native.kernel import Kernel

HEAD = """
import numpy as np
from numba import uint64
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import borrow, bytes_for, give_back, take
from autoden.native.compiling.team import in_team, take_next, wait
"""


@pytest.fixture
def make_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Kernel]:
    """Write the source of a function, and give its kernel; the last function is called."""
    package = f"kernels_of_{tmp_path.name}"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(kept, "user_cache_path", lambda name: tmp_path / "caches" / name)
    folder = tmp_path / package / "kernels"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()

    def make(source: str, parameters: str) -> Kernel:
        (folder / "made.py").write_text(HEAD + source)
        sys.modules.pop(f"{package}.kernels.made", None)  # for tests that compile in this process
        name = source.rsplit("def ", 1)[1].split("(")[0]
        return Kernel(f"{package}.kernels.made", name, parameters)

    return make
