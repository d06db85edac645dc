"""Killed at any moment, and on a full disk: what is there is whole, old or new."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.registry import format_of
from io_signals import typical

WRITER = Path(__file__).parents[1] / "writing_for_ever.py"
WRITABLE = [
    each.suffixes[0]
    for each in aio.formats()
    if each.extra != "vendor" and each.name != "JPEG image"
]
MOMENTS = 50


def kill_while_writing(path, moments):
    """Kill a writer at random moments; return how many values were found afterwards."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    usual = typical(format_of(path).holds)
    aio.write(path, usual, overwrite=True)
    found = set()
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path), "0"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1,
    ) as writer:  # fmt: skip
        for _ in range(moments):
            writer.stdin.write("go\n")
            assert writer.stdout.readline() == "killed\n"
            back = aio.read(path)
            assert back.shape == usual.shape
            values = tuple(np.unique(back.data))
            assert len(values) == 1 or np.array_equal(back.data, usual.data)
            found.add(values)
        writer.stdin.close()
    return len(found)


def test_a_file_is_whole_after_a_few_kills(tmp_path):
    assert kill_while_writing(tmp_path / "a.npz", 5) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("suffix", WRITABLE)
def test_every_format_is_whole_after_many_kills(tmp_path, suffix):
    assert kill_while_writing(tmp_path / f"a{suffix}", MOMENTS) >= 2


@pytest.mark.parametrize("suffix", WRITABLE)
def test_a_full_disk_leaves_what_was_there(small_disk, suffix):
    """On a disk of 1 MiB, a signal that is larger than what is left of it."""
    path = small_disk / f"a{suffix}"
    usual = typical(format_of(path).holds)
    aio.write(path, usual)
    before = sorted(each.name for each in small_disk.rglob("*"))
    large = np.random.default_rng(0).integers(0, 255, (3000, 700), dtype=np.uint8)
    if "spectr" in format_of(path).holds:
        large = large.reshape(-1)[:300_000] if "one" in format_of(path).holds else large
    axes = ["y", "x"] if large.ndim == 2 else ["channel"]
    with pytest.raises(InputError):
        aio.write(path, type(usual)(large, axes), overwrite=True)
    np.testing.assert_array_equal(aio.read(path).data, usual.data)
    assert sorted(each.name for each in small_disk.rglob("*")) == before


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB; skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "autoden-test", str(folder)],
        capture_output=True, check=False,
    )  # fmt: skip
    if not done or done.returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
