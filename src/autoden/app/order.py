"""What a user asks for, and the command line that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

AUTOMATIC = "denoise"
"""The verb that chooses the method itself; all others are algorithms."""

RESULT, SIGMA, REPORT, MODEL, SETTINGS = "result", "sigma", "report", "model", "settings"
"""What a job can leave."""


@dataclass(frozen=True)
class Order:
    """What is to be denoised, and how.

    Attributes
    ----------
    title : str
        What the user knows it by, such as the name of the file.
    files : tuple of str
        The measurements: absolute paths, perhaps with the place of an array in the file. Several
        are repeats.
    verb : str
        `AUTOMATIC` or the name of an algorithm.
    options : mapping of str to tuple of str
        Values by option, such as ``{"--budget": ("fast",)}``; a switch has none.
    suffix : str
        Of the file that the result goes to.
    """

    title: str
    files: tuple[str, ...]
    verb: str = AUTOMATIC
    options: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    suffix: str = ".npz"

    def destinations(self, folder: Path) -> dict[str, Path]:
        """Say where the files go that a job leaves, by what they are."""
        name = f"{self._stem()}-denoised"
        return {
            RESULT: folder / f"{name}{self.suffix}",
            SIGMA: folder / f"{name}.sigma{self.suffix}",  # where the format holds one array
            REPORT: folder / f"{name}.html",
            MODEL: folder / f"{name}.safetensors",
        }

    def words(self, folder: Path) -> list[str]:
        """Write the command line, without the program's name.

        Values are joined to their options, so that none is taken for an option itself.

        Examples
        --------
        >>> order = Order("a.csv", ("/data/a.csv",), options={"--seed": ("1",)}, suffix=".csv")
        >>> for word in order.words(Path("/out")):
        ...     print(word)
        denoise
        /data/a.csv
        --output=/out/a-denoised.csv
        --report=/out/a-denoised.html
        --save-model=/out/a-denoised.safetensors
        --seed=1
        """
        flags = {RESULT: "--output", REPORT: "--report", MODEL: "--save-model"}
        goes = [
            f"{flags[what]}={path}"
            for what, path in self.destinations(folder).items()
            if what in flags
        ]
        given = [
            f"{option}={value}" if value else option
            for option, values in self.options.items()
            for value in (values or ("",))
        ]
        return [self.verb, *self.files, *goes, *given]

    def _stem(self) -> str:
        """Give the plain start of the names of what is left."""
        from autoden.app.tray import plain_name

        return Path(plain_name(self.title)).stem or "file"
