"""Change valid files at random and read them: ``python fuzzing.py SUFFIX SECONDS SEED FOLDER``.

Run as a process of its own, whose memory is limited. Whatever a reader raises besides our own
error, an error that hides a lack of memory, and a reader that takes longer than its time are
printed, and the file that did it is kept in the folder.
"""

import json
import re
import resource
import shutil
import signal as signals_of_system
import sys
import time
import traceback
from pathlib import Path

import numpy as np

import autoden.io as aio
from autoden.errors import InputError
from valid_files import seeds_of

MEMORY = 2**30  # bytes that reading a file of some kB may add
PATIENCE = 100  # seconds for one file; readers of instruments have 60
NUMBERS = (0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**60, 2**63 - 1)
WORDS = (
    b"0", b"-1", b"1e999", b"nan", b"inf", b"1_0", b"99999999999999999999", b"1152921504606846976",
    b"0x10", b"", b"/etc/passwd", b"../../x", b"\xb5m", b"{}", b"[[", b'"', b"\n", b"#", b"$DATA:",
    b"None", b"[" * 3000,
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+\.?\d*")


class TooLong(BaseException):
    """A reader takes longer than a user would wait; no `Exception`, which readers catch."""


def change(content, others, rng):
    """Change a file in a few of the ways that damage or malice would."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(0, len(data) + 1))
        place = min(place, int(rng.integers(0, 2048))) if rng.random() < 0.6 else place  # headers
        CHANGES[int(rng.integers(len(CHANGES)))](data, place, others, rng)
    return bytes(data)


def set_byte(data, place, _, rng):
    data[place : place + 1] = bytes([int(rng.integers(0, 256))])


def cut_off(data, place, *_):
    del data[place:]


def set_number(data, place, _, rng):
    size = int(rng.choice([1, 2, 4, 8]))
    number = NUMBERS[int(rng.integers(len(NUMBERS)))] % 2 ** (8 * size)
    data[place : place + size] = number.to_bytes(size, rng.choice(["little", "big"]))


def leave_out(data, place, _, rng):
    del data[place : place + int(rng.integers(1, 64))]


def repeat(data, place, _, rng):
    data[place:place] = data[place : place + int(rng.integers(1, 512))]


def replace_number_in_text(data, _, __, rng):
    found = list(_NUMBER.finditer(bytes(data[:4096])))
    if found:
        span = found[int(rng.integers(len(found)))].span()
        data[slice(*span)] = WORDS[int(rng.integers(len(WORDS)))]


def insert_word(data, place, _, rng):
    data[place:place] = WORDS[int(rng.integers(len(WORDS)))]


def go_on_as_another(data, place, others, rng):
    if others:
        other = others[int(rng.integers(len(others)))]
        data[place:] = other[min(place, len(other)) :]


CHANGES = (
    set_byte, cut_off, set_number, leave_out, repeat, replace_number_in_text, insert_word,
    go_on_as_another,
)  # fmt: skip


def read(path):
    """Read a file; return what is wrong with how that went, None if nothing is."""
    signals_of_system.alarm(PATIENCE)
    try:
        aio.read(path)
    except InputError as error:
        cause = error.__cause__
        if isinstance(cause, MemoryError):
            return traceback.format_exc()
        return None if str(path) in str(error) else f"the error does not name the file: {error}"
    except BaseException:
        return traceback.format_exc()
    finally:
        signals_of_system.alarm(0)
    return "read"


def write_changed(seed, seeds, path, rng):
    """Write a changed file, or a folder of which one file is changed."""
    if seed.is_file():
        others = [each.read_bytes() for each in seeds if each.is_file()]
        path.write_bytes(change(seed.read_bytes(), others, rng))
        return
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(seed, path)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    chosen = files[int(rng.integers(len(files)))]
    chosen.write_bytes(change(chosen.read_bytes(), [], rng))


def main(suffix, seconds, seed, folder):
    """Read changed files of a format for some time."""

    def give_up(*_):
        raise TooLong

    signals_of_system.signal(signals_of_system.SIGALRM, give_up)
    rng = np.random.default_rng(seed)
    folder = Path(folder)
    seeds = seeds_of(suffix, folder)
    for each in seeds:
        assert read(each) == "read", f"a valid file is not read: {each}: {read(each)}"
    used = int(re.search(r"VmData:\s*(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY, used + MEMORY))
    counts = {"read": 0, "refused": 0, "failed": 0}
    end = time.monotonic() + seconds
    known = set()
    while time.monotonic() < end:
        chosen = seeds[int(rng.integers(len(seeds)))]
        path = folder / f"changed{suffix}"
        write_changed(chosen, seeds, path, rng)
        found = read(path)
        if found in ("read", None):
            counts["refused" if found is None else "read"] += 1
            continue
        counts["failed"] += 1
        last = found.strip().splitlines()[-1]
        if last not in known and len(known) < 20:
            known.add(last)
            kept = folder / f"failed-{len(known)}{suffix}"
            (shutil.copytree if path.is_dir() else shutil.copy)(path, kept)
            sys.stderr.write(f"{kept}:\n{found}\n")
    sys.stdout.write(f"{json.dumps(counts)}\n")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
