"""Files of instruments (Bruker, Gatan, JEOL, Renishaw ...), read by RosettaSciIO (extra "vendor").

Read only, and in a process of its own, whose time and memory are limited; see
``process.py``.
"""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.io import npy
from autoden.io.files import FilePath, check_source
from autoden.io.vendor.process import REFUSED
from autoden.signals import Signal

if find_spec("rsciio") is None:
    raise ImportError("No module named 'rsciio'", name="rsciio")

_SECONDS, _BYTES_PER_SECOND = 60.0, 2e6  # how long a reader may take
_MAX_BYTES, _TIMES = 2**31, 32  # how much memory it may take, and how many times the file
_SHOWN = 300  # characters of what it says at the end


def read(path: FilePath, *, series: int | None = None) -> Signal:
    """Read a spectrum, an image or a map of an instrument.

    Parameters
    ----------
    path : path-like
        The file; its suffix says which reader of RosettaSciIO is asked.
    series : int or None
        Which of several data sets, from 0; not needed if there is only one.

    Returns
    -------
    Signal
        Shape and dtype as in the file; axes with the names, units and positions that the
        instrument gives them. ``metadata["vendor"]`` has what RosettaSciIO sorts, and
        ``["original"]`` the instrument's own.

    Raises
    ------
    InputError
        A damaged file, one whose reader takes too long or too much memory, several data sets and
        no `series`, colours.
    """
    source = check_source(path)
    if series is not None:
        whole_number("series", series, at_least=0)
    n_bytes = source.stat().st_size
    seconds = _SECONDS + n_bytes / _BYTES_PER_SECOND
    with tempfile.TemporaryDirectory(prefix="autoden-") as folder:
        result = Path(folder) / "signal.npz"
        command = [
            sys.executable, "-m", "autoden.io.vendor.process", str(source.absolute()), str(series),
            str(result), str(_MAX_BYTES + _TIMES * n_bytes),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as error:
            raise InputError(
                f"{source} could not be read in {seconds:.0f} s: it may be damaged; open it with "
                "the program it comes from and export it, for example as HDF5 or TIFF."
            ) from error
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            said = (lines[-1] if lines else f"exit code {done.returncode}")[:_SHOWN]
            if done.returncode == REFUSED and str(source.absolute()) in said:
                raise InputError(said.replace(str(source.absolute()), str(source)))
            raise InputError(
                f"{source} cannot be read as a {source.suffix} file ({said}): it may be damaged or "
                "of another kind; export it, for example as HDF5 or TIFF."
            )
        signal = npy.read(result)
    return signal.with_data(signal.data, metadata={"source": str(source)})
