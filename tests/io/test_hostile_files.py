"""Files that are broken or made to do harm: nothing but our own error, and no memory taken.

Each format's valid files are changed at random and read in a process whose memory is limited.
``AUTODEN_FUZZ_SECONDS=300`` says how long each format is tried in the slow test.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import autoden.io as aio
from autoden.errors import InputError

FUZZER = Path(__file__).parents[1] / "fuzzing.py"
SECONDS = float(os.environ.get("AUTODEN_FUZZ_SECONDS", "20"))
FIRST = [each.suffixes[0] for each in aio.formats() if each.extra != "vendor"]
LINES = [b"\n", b"1\n", b"1 ", b"#\n", b"$A:\n", b"{;="]
OF_INSTRUMENTS = [".emd", ".unf"]


def fuzz(suffix, seconds, folder, seed=0):
    """Read changed files; return how many were read and refused."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(FUZZER), suffix, str(seconds), str(seed), str(folder)],
        capture_output=True,
        text=True,
        timeout=120 + 2 * seconds,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_a_format_is_tried_for_a_moment(tmp_path):
    counts = fuzz(".msa", 1.0, tmp_path)
    assert counts["failed"] == 0
    assert counts["refused"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FIRST + OF_INSTRUMENTS)
def test_every_format_is_tried_for_long(tmp_path, suffix):
    counts = fuzz(suffix, SECONDS, tmp_path)
    assert counts["failed"] == 0
    assert counts["refused"] > 0


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".msa", ".mca", ".edf", ".h5", ".tif"])
@pytest.mark.parametrize("name", ["../x\n{}", "a;b=c", "$(x) `y`", "-rf", "µ \\ %00"])
def test_names_of_files_do_no_harm(tmp_path, suffix, name):
    path = tmp_path / f"{name.replace('../', '..')}{suffix}"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError):
        aio.read(path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content",
    [pytest.param(each, marks=[] if each == b"1 " else pytest.mark.slow) for each in LINES],
)
def test_text_that_is_all_lines_or_cells_takes_little_memory(tmp_path, content):
    """The largest text that is read, in a process that may take 1 GiB more than it has."""
    code = (
        "import re, resource, sys, autoden.io as aio\n"
        "from pathlib import Path\n"
        "from autoden.errors import InputError\n"
        "from autoden.io import emsa, mca, edf\n"
        "used = 1024 * int(re.search(r'VmData:\\s*(\\d+)', "
        "Path('/proc/self/status').read_text())[1])\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (used + 2**30, used + 2**30))\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        aio.read(name)\n"
        "    except InputError as error:\n"
        "        assert not isinstance(error.__cause__, MemoryError), error\n"
    )
    header = {".msa": b"#FORMAT : EMSA\n#SPECTRUM :\n", ".mca": b"$DATA:\n", ".edf": b"{\n"}
    names = []
    for suffix, start in header.items():
        path = tmp_path / f"a{suffix}"
        path.write_bytes((start + content * (2**22 // len(content)))[: 2**22])
        names.append(str(path))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
