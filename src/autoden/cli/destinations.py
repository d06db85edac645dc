"""Where results go: checked before any training, written as a whole, never over the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from autoden.cli.options import OUTPUT, Flag
from autoden.cli.record import check_record, record_path
from autoden.errors import InputError

if TYPE_CHECKING:
    from autoden.signals import Signal

MODEL_SUFFIX = ".safetensors"
REPORT_SUFFIXES = (".html", ".png")


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class Destination:
    """Where the result goes.

    Attributes
    ----------
    output
        Where to write the result, in the units of one measurement.
        The suffix says the format, such as .csv, .tif or .npz.
        A file beside it, ending in .autoden.json, records what was done and repeats the run.
    force
        Overwrite files that exist.
    """

    output: Annotated[Path, Parameter(alias="-o")]
    force: Flag = False

    @property
    def estimate(self) -> Path | None:
        """Where the denoised data go."""
        return self.output

    @property
    def model(self) -> Path | None:
        """Where what was learnt goes."""
        return None

    def files(self) -> dict[str, Path]:
        """Give the files to be written, by the options that name them."""
        return {"--output": self.output}

    def written(self) -> dict[str, Path]:
        """Give the files that were written, by what is in them."""
        named = {option.strip("-").replace("save-", ""): p for option, p in self.files().items()}
        return {**named, "settings": record_path(self.output)}

    def check(self, sources: Sequence[Path]) -> None:
        """Refuse, before anything is read, what could not be written at the end.

        Raises
        ------
        InputError
            A file that is there without --force, or that is read, or is named twice; a suffix
            that is not known.
        """
        from autoden.io.reading import split_inside

        sources = [Path(split_inside(source)[0]) for source in sources]
        taken: dict[Path, str] = {}
        for option, path in self.files().items():
            if path.exists() and any(s.exists() and path.samefile(s) for s in sources):
                raise InputError(
                    f"{path}: the result would replace the measurement; choose another {option}."
                )
            if path.resolve() in taken:
                raise InputError(f"{taken[path.resolve()]} and {option} are both {path}.")
            taken[path.resolve()] = option
        self.check_output()
        check_record(self.output, overwrite=self.force)

    def check_output(self) -> None:
        """Refuse an output that could not be written at the end."""
        from autoden.io import check_writable

        check_writable(self.output, overwrite=self.force)

    def check_holds(self, expected: Signal) -> None:
        """Refuse, before the training, a format that cannot hold what is expected."""
        from autoden.io import check_writable

        check_writable(self.output, expected, overwrite=self.force)

    def write(self, result: Signal) -> None:
        """Write the result."""
        from autoden.io import write

        write(self.output, result, overwrite=self.force)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class ModelDestination(Destination):
    """Where a trained model goes, of which nothing else is wanted.

    Attributes
    ----------
    output
        Where to save the trained denoiser, a .safetensors file for autoden infer.
    """

    plot = report = None

    @property
    def estimate(self) -> Path | None:
        """Where the denoised data go: nowhere."""
        return None

    @property
    def model(self) -> Path | None:
        """Where what was learnt goes."""
        return self.output

    def written(self) -> dict[str, Path]:
        """Give the files that were written, by what is in them."""
        return {"model": self.output, "settings": record_path(self.output)}

    def check_output(self) -> None:
        """Refuse an output that could not be written at the end."""
        check_model("--output", self.output, overwrite=self.force)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class ReportDestination(Destination):
    """Where the result goes, and what is to be said about it.

    Attributes
    ----------
    report
        Write a report: one .html file that needs no network, or, if it ends in .png, a picture of
        its figures.
    """

    report: Path | None = None

    def files(self) -> dict[str, Path]:
        """Give the files to be written, by the options that name them."""
        return super().files() | ({} if self.report is None else {"--report": self.report})

    def check(self, sources: Sequence[Path]) -> None:
        """Refuse, before anything is read, what could not be written at the end."""
        from autoden.io import check_destination

        super().check(sources)
        if self.report is None:
            return
        if self.report.suffix.lower() not in REPORT_SUFFIXES:
            raise InputError(f"--report {self.report} must end in {' or '.join(REPORT_SUFFIXES)}.")
        check_destination(self.report, overwrite=self.force)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class KeepingDestination(ReportDestination):
    """Where the result goes, what is to be said about it, and what was learnt.

    Attributes
    ----------
    save_model
        Save what was trained into this .safetensors file, for autoden infer.
    """

    save_model: Path | None = None

    @property
    def model(self) -> Path | None:
        """Where what was learnt goes."""
        return self.save_model

    def files(self) -> dict[str, Path]:
        """Give the files to be written, by the options that name them."""
        more = {} if self.save_model is None else {"--save-model": self.save_model}
        return super().files() | more

    def check(self, sources: Sequence[Path]) -> None:
        """Refuse, before anything is read, what could not be written at the end."""
        super().check(sources)
        if self.save_model is not None:
            check_model("--save-model", self.save_model, overwrite=self.force)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True)
class TrainingDestination(KeepingDestination):
    """Where the result goes, what was learnt, and figures.

    Attributes
    ----------
    plot
        Draw spectra before and after into this PNG or SVG file.
    zoom
        Ranges of the plot such as 2.5:7.5 to draw below the whole spectrum.
    """

    plot: Path | None = None
    zoom: Annotated[list[str] | None, Parameter(negative=(), consume_multiple=True)] = None

    def files(self) -> dict[str, Path]:
        """Give the files to be written, by the options that name them."""
        return super().files() | ({} if self.plot is None else {"--plot": self.plot})

    def check(self, sources: Sequence[Path]) -> None:
        """Refuse, before anything is read, what could not be written at the end."""
        from autoden.report.saving import check_figure_path

        super().check(sources)
        if self.plot is not None:
            check_figure_path(self.plot, overwrite=self.force)
        elif self.zoom:
            raise InputError("--zoom is a part of the plot: give --plot, too.")


def check_model(option: str, path: Path, *, overwrite: bool) -> None:
    """Refuse a file that no model could be saved in."""
    from autoden.io import check_destination

    if path.suffix.lower() != MODEL_SUFFIX:
        raise InputError(f"{option} {path} must end in {MODEL_SUFFIX}.")
    check_destination(path, overwrite=overwrite)
