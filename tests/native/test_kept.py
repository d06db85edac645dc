"""Machine code is compiled once, and again when anything changes that it is made of."""

import ast
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import autoden
from autoden.native import kept
from autoden.native.interface import Function
from autoden.native.kernel import Kernel

ROOT = Path(autoden.__file__).parent
SOURCE = """
@part
def add(x):
    x[0] += 1
"""


@pytest.fixture
def n_compiled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how often something was compiled."""
    compiled, calls = kept.compiled, []

    def counting(functions: list[Function]) -> list[bytes]:
        calls.extend(functions)
        return compiled(functions)

    monkeypatch.setattr(kept, "compiled", counting)
    return lambda: len(calls)


def adds(kernel: Kernel, much: float = 1) -> bool:
    x = np.zeros(1, np.float32)
    kernel(x)
    return bool(x[0] == much)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.o") if path.is_file()]


def test_machine_code_is_compiled_once(make_kernel, n_compiled, tmp_path) -> None:
    for _ in range(2):
        assert adds(make_kernel(SOURCE, "T1w"))
    assert n_compiled() == 1
    (file,) = files_in(tmp_path)
    assert file.parent.name == "__pycache__"


def test_it_is_compiled_again_when_the_source_changes(make_kernel, n_compiled, tmp_path) -> None:
    assert adds(make_kernel(SOURCE, "T1w"))
    assert adds(make_kernel(SOURCE.replace("1", "2"), "T1w"), 2)
    assert n_compiled() == 2
    assert len(files_in(tmp_path)) == 1  # the old one is written over


@pytest.mark.parametrize("which", ["_version_of", "processor"])
def test_it_is_compiled_again_for_another_compiler_or_processor(
    make_kernel, n_compiled, monkeypatch, which
) -> None:
    assert adds(make_kernel(SOURCE, "T1w"))
    monkeypatch.setattr(kept, which, lambda *_: "another one")
    assert adds(make_kernel(SOURCE, "T1w"))
    assert n_compiled() == 2


@pytest.mark.parametrize(
    "damage", [lambda code: b"", lambda code: code[:-1], lambda code: code * 2]
)
def test_a_damaged_file_is_replaced(make_kernel, n_compiled, tmp_path, damage) -> None:
    assert adds(make_kernel(SOURCE, "T1w"))
    (file,) = files_in(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert adds(make_kernel(SOURCE, "T1w"))
    assert n_compiled() == 2
    assert file.read_bytes()[:32] == whole[:32]


def test_where_its_folder_cannot_be_written_the_user_s_caches_have_it(
    make_kernel, n_compiled, tmp_path
) -> None:
    kernel = make_kernel(SOURCE, "T1w")
    (kept._source(kernel.module).parent / "__pycache__").write_text("in the way")
    for _ in range(2):
        assert adds(make_kernel(SOURCE, "T1w"))
    assert n_compiled() == 1
    (file,) = files_in(tmp_path)
    assert tmp_path / "caches" in file.parents


def test_where_nothing_can_be_written_each_process_compiles(
    make_kernel, n_compiled, tmp_path, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(kept, "_places", lambda *_: iter([tmp_path / "made.py" / "x.o"]))
    (tmp_path / "made.py").touch()
    caplog.set_level(logging.WARNING)
    assert adds(make_kernel(SOURCE, "T1w"))
    assert adds(make_kernel(SOURCE, "T1w"))
    assert n_compiled() == 2
    assert caplog.text.count("Every process will compile") == 2


def test_where_there_are_no_locks_nobody_waits(make_kernel, monkeypatch) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise NotImplementedError("no locks here")

    monkeypatch.setattr(kept.FileLock, "acquire", unsupported)
    assert adds(make_kernel(SOURCE, "T1w"))


def test_who_waits_for_another_process_says_so(make_kernel, monkeypatch, caplog) -> None:
    kernel = make_kernel(SOURCE, "T1w")
    place = kept.File(kernel.function_for(np.float32)).places[0].with_name("autoden.lock")
    place.parent.mkdir()
    held = kept.FileLock(place, thread_local=False)
    held.acquire()
    threading.Timer(0.5, held.release).start()
    with caplog.at_level(logging.WARNING):
        assert adds(kernel)
    assert "Waiting for another process" in caplog.text


def test_of_processes_that_start_together_one_compiles(make_kernel, tmp_path) -> None:
    kernel = make_kernel(SOURCE, "T1w")
    code = f"""
import numpy as np
from autoden.native.kernel import Kernel
x = np.zeros(1, np.float32)
Kernel({kernel.module!r}, "add", "T1w")(x)
print(x)"""
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    outputs = [process.communicate() for process in processes]
    assert [out.strip() for out, _ in outputs] == ["[1.]"] * 3
    assert sum(said.count("Compiling") for _, said in outputs) == 1


def modules_of(module: Path) -> set[Path]:
    """Give the modules of this package that a module imports, directly or not."""
    found, left = set(), [module]
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autoden."):
                imported = ROOT.joinpath(*node.module.split(".")[1:]).with_suffix(".py")
                assert imported.exists(), f"{path} imports a package: import its modules"
                left.append(imported)
    return found


MODULES = [path for path in ROOT.rglob("kernels/*.py") if path.name != "__init__.py"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_all_that_a_kernel_is_made_of_is_summed_up(module: Path) -> None:
    assert modules_of(module) <= set(kept.sources_of(module))
