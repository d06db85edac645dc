"""Files that the browser brings: into a private folder, under plain names, up to a stated size."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType

from autoden.errors import InputError

LIMIT = 2 * 1024**3
"""Bytes that one file may have; larger ones are opened by their path, which copies nothing."""

_LONGEST = 80
_PLAIN = re.compile(r"[^A-Za-z0-9._ ()+-]+")


class Tray:
    """A folder that only this user can read, gone when the app ends.

    Parameters
    ----------
    limit : int
        Bytes that one file may have.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._taken: dict[str, Path] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="autoden-app-"))  # mode 0700

    def __enter__(self) -> Tray:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_folder(self) -> Path:
        """Make a folder of its own for something."""
        folder = self.folder / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder

    def number(self, path: Path) -> str:
        """Give a file that lies here a number, by which `path` finds it."""
        number = secrets.token_hex(8)
        self._taken[number] = path
        return number

    def path(self, number: str) -> Path:
        """Give the file of a number.

        Raises
        ------
        InputError
            There is none.
        """
        if number not in self._taken:
            raise InputError("The file is not there any more: drop it again.")
        return self._taken[number]

    def by_name(self, text: str) -> str:
        """Name files that lie here without their folder, which says nothing to users."""
        return re.sub(re.escape(f"{self.folder}/") + r"[0-9a-f]+/", "", text)

    async def take(self, name: str, chunks: AsyncIterator[bytes]) -> Path:
        """Write a file that comes in parts.

        Parameters
        ----------
        name : str
            What the browser calls it; only `plain_name` of it is used.
        chunks : async iterator of bytes
            Its content.

        Returns
        -------
        Path
            The file, in a folder of its own.

        Raises
        ------
        InputError
            More bytes than the limit; nothing is kept then.
        """
        folder, size = self.new_folder(), 0
        path = folder / plain_name(name)
        try:
            with path.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.limit:
                        raise InputError(
                            f"{path.name} is larger than {say_size(self.limit)}: open it by its "
                            "path instead, which copies nothing."
                        )
                    file.write(chunk)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path


def plain_name(name: str) -> str:
    r"""Give a name that is harmless as a file's: no folders, no hidden file, plain letters.

    Examples
    --------
    >>> plain_name("../../etc/passwd"), plain_name("C:\\data\\Fe Ka (2).csv")
    ('passwd', 'Fe Ka (2).csv')
    >>> plain_name("..."), plain_name("échantillon\n1.tif"), plain_name("-rf.csv")
    ('file', '_chantillon_1.tif', 'rf.csv')
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = _PLAIN.sub("_", last.lstrip(".- "))
    if len(plain) > _LONGEST:  # the suffix says the format
        stem, suffix = Path(plain).stem, Path(plain).suffix[:16]
        plain = f"{stem[: _LONGEST - len(suffix)]}{suffix}"
    return plain.rstrip(". ") or "file"


def say_size(n_bytes: int) -> str:
    """Say a size as people do.

    Examples
    --------
    >>> say_size(303602), say_size(2 * 1024**3), say_size(12)
    ('296 KiB', '2 GiB', '12 bytes')
    """
    size, units = float(n_bytes), ["bytes", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.3g} {units[0]}"
