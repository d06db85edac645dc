"""The process in which files of instruments are read: ``python -m autoden.io.vendor.process``.

The readers of RosettaSciIO trust their files: damaged ones make some of them run for ever or take
all memory. Here that harms nobody: `vendor.py` ends the process after some time, and its memory is
limited. What was read goes into an .npz file.
"""

import math
import sys
from contextlib import suppress
from pathlib import Path

from autoden.errors import InputError
from autoden.io import npy
from autoden.io.vendor.reading import read

REFUSED = 3  # the exit code for an error whose text is the last line


def main(path: str, series: str, result: str, max_bytes: str) -> int:
    """Read one file and write the result; give the exit code."""
    with suppress(ImportError, ValueError, OSError):  # there are no limits on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(max_bytes), int(max_bytes)))
    try:
        signal = read(Path(path), None if series == "None" else int(series))
        npy.write(result, signal)
    except (InputError, MemoryError) as error:
        text = str(error) or f"{path} needs more than {math.ceil(int(max_bytes) / 2**30)} GiB"
        sys.stderr.write("\n" + " ".join(text.split()))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
