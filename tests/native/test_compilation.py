"""Functions are compiled by other processes, which leave no trace in this one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autoden.native import compilation
from autoden.native.compilation import compiled
from autoden.native.interface import Function
from autoden.native.kernel import Kernel

SOURCE = """
@part
def add(x):
    x[0] += 1
"""


@pytest.fixture
def kernel(make_kernel) -> Kernel:
    return make_kernel(SOURCE, "T1w")


@pytest.fixture
def only_apart(monkeypatch) -> None:
    """Let nothing be compiled in this process."""
    monkeypatch.setattr(compilation, "_compile_here", None)


def adds(kernel: Kernel) -> bool:
    x = np.zeros(1, np.float32)
    kernel(x)
    return bool(x[0] == 1)


def function_of(kernel: Kernel) -> Function:
    function = kernel.function_for(np.float32)
    assert function is not None
    return function


@pytest.mark.usefixtures("only_apart")
def test_modules_of_the_folder_where_one_works_are_not_imported(
    kernel, tmp_path, monkeypatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "numbers.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path / "data")
    assert adds(kernel)


@pytest.mark.usefixtures("only_apart")
def test_what_numba_is_told_by_the_environment_changes_nothing(kernel, monkeypatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert adds(kernel)


@pytest.mark.parametrize("program", ["/opt/viewer", "", None, "/nowhere/python3"])
def test_where_no_process_can_compile_this_one_does(kernel, monkeypatch, program) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert adds(kernel)


def test_a_program_that_python_is_a_part_of_is_not_started_again(kernel, monkeypatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert adds(kernel)


def test_where_the_other_process_fails_this_one_compiles(kernel, monkeypatch) -> None:
    monkeypatch.setattr(compilation, "COMPILER", "no.such.module")
    assert adds(kernel)


def started(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.usefixtures("only_apart")
def test_where_the_other_process_is_killed_nobody_compiles(kernel, monkeypatch) -> None:
    killed = "import os; os.kill(os.getpid(), 9)"
    monkeypatch.setattr(compilation, "_start", lambda *_: started(killed))
    with pytest.raises(RuntimeError, match="was ended"):
        adds(kernel)


@pytest.mark.usefixtures("only_apart")
def test_what_python_prints_when_it_starts_is_no_machine_code(
    kernel, tmp_path, monkeypatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('good morning')")
    assert adds(kernel)
    monkeypatch.setattr(compilation, "_start", lambda *_: started("print('good morning')"))
    with pytest.raises(TypeError, match="not callable"):  # it would compile here
        compiled([Function(kernel.module, kernel.name, kernel.parameters, "d")])


@pytest.mark.usefixtures("only_apart")
def test_a_setting_of_numba_in_the_working_folder_changes_nothing(
    kernel, tmp_path, monkeypatch
) -> None:
    (tmp_path / ".numba_config.yaml").write_text("disable_jit: 1")
    monkeypatch.chdir(tmp_path)
    assert adds(kernel)


@pytest.mark.skipif(not Path("/proc").exists(), reason="tells by /proc what runs")
def test_processes_end_with_the_one_that_waits_for_them(kernel) -> None:
    code = f"""
import sys
from autoden.native import compilation
from autoden.native.interface import Function
process = compilation._start(Function({kernel.module!r}, "add", "T1w", "f"), "mark")
print(process.pid, flush=True)
sys.stdin.read()"""
    path = os.pathsep.join(filter(None, sys.path))
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert parent.stdout is not None
    child = Path("/proc") / parent.stdout.readline().decode().strip()
    parent.terminate()
    parent.communicate()
    for _ in range(100):
        if not child.exists() or "zombie" in (child / "status").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("it still compiles")


@pytest.mark.usefixtures("only_apart")
def test_an_interruption_between_two_starts_ends_the_first(kernel, monkeypatch) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        if processes:
            raise KeyboardInterrupt
        processes.append(started("import time; time.sleep(1000)"))
        return processes[0]

    monkeypatch.setattr(compilation, "_start", start)
    with pytest.raises(KeyboardInterrupt):
        compiled([function_of(kernel)] * 2)
    assert processes[0].poll() is not None


@pytest.mark.usefixtures("only_apart")
def test_an_interruption_ends_all_processes_at_once(kernel, monkeypatch) -> None:
    codes, processes = ["raise KeyboardInterrupt", "import time; time.sleep(1000)"], []

    def start(*_: object) -> subprocess.Popen[bytes]:
        processes.append(started(codes[len(processes)]))
        return processes[-1]

    monkeypatch.setattr(compilation, "_start", start)
    with pytest.raises(KeyboardInterrupt):
        compiled([function_of(kernel)] * 2)
    assert all(process.poll() is not None for process in processes)
