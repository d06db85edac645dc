"""The report of an algorithm's run, as ``--report`` asks for it: before, after, and the training.

Unlike that of ``autoden denoise`` it states no uncertainty: an algorithm alone does not know it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoden.cli.estimates import Estimate
from autoden.cli.events import plain
from autoden.cli.interface import Interface
from autoden.cli.measurements import Measurement
from autoden.cli.wording import reworded
from autoden.errors import InputError

if TYPE_CHECKING:
    from autoden.report import ImagePage, Page
    from autoden.training import History

MOST_IN_PICTURE = 20
COLOURS = 3
NO_UNCERTAINTY = (
    "An algorithm by itself states no uncertainty: autoden denoise and autoden evaluate do."
)


class NoReport:
    """What is written of a run of which no report is wanted."""

    def write(self, after: NDArray[Any], history: History) -> None:
        """Write nothing."""


NO_REPORT = NoReport()


@dataclass(frozen=True)
class RunReport(NoReport):
    """What is told of a run.

    Attributes
    ----------
    path : Path
        Where it goes, an .html file or a .png.
    measurement : Measurement
        What was measured.
    before : ndarray, shape (..., [C,] *S)
        What the result is compared to: the measurement, or the mean of its repeats.
    files : sequence of Path
        The measurements.
    said : str
        What was trained.
    settings : mapping
        All options.
    overwrite : bool
        Whether a file that is there may be replaced.
    """

    path: Path
    measurement: Measurement
    before: NDArray[Any]
    files: Sequence[Path]
    said: str
    settings: Mapping[str, Any]
    overwrite: bool = False

    def write(self, after: NDArray[Any], history: History) -> None:
        """Write the report of a result of the shape of `before`."""
        from autoden.report import image_figure, loss_figure, plot_denoised
        from autoden.report.html import write_page
        from autoden.report.image_html import write_image_page
        from autoden.report.saving import save_sheet

        path, overwrite = self.path, self.overwrite
        is_picture = path.suffix.lower() == ".png"
        losses = loss_figure(history, best_epoch=history.best_epoch)
        if self.measurement.n_dims == 1:
            page = self._page(after, history)
            if not is_picture:
                write_page(path, page, overwrite=overwrite)
                return
            n = min(len(page.spectra()), MOST_IN_PICTURE)
            figures = [plot_denoised(page, sample=sample) for sample in range(n)]
            save_sheet([*figures, losses], path, overwrite=overwrite)
            return
        images = self._image_page(after, history)
        if is_picture:
            save_sheet([image_figure(images), losses], path, overwrite=overwrite)
        else:
            write_image_page(path, images, overwrite=overwrite)

    def _page(self, after: NDArray[Any], history: History) -> Page:
        from autoden.report import Page

        axis = self.measurement.space[0]
        before, after = (each.reshape(-1, each.shape[-1]) for each in (self.before, after))
        one = len(before) == 1
        return Page(
            measured=before[0] if one else before,
            estimate=after[0] if one else after,
            positions=axis.values,
            axis_name=axis.name.capitalize(),
            axis_unit=axis.unit,
            value_name="Value per channel",
            value_unit="",
            title=f"Denoised {'spectrum' if one else 'spectra'}: {self._name()}",
            **self._told(history),
        )

    def _image_page(self, after: NDArray[Any], history: History) -> ImagePage:
        from autoden.report import ImagePage

        measurement = self.measurement
        has_channels = measurement.channel is not None
        n_own = measurement.n_dims + has_channels
        before, after = (
            each.reshape(-1, *each.shape[each.ndim - n_own :]) for each in (self.before, after)
        )
        is_stack = len(before) > 1 and measurement.n_dims == 2
        if not is_stack:
            before, after = before[0], after[0]
        names = "ZYX"[-measurement.n_dims :]
        return ImagePage(
            measured=before,
            estimate=after,
            channel_axis=int(is_stack) if has_channels else None,
            is_colour=has_channels and before.shape[int(is_stack)] == COLOURS,
            is_stack=is_stack,
            axes=("Image", *names) if is_stack else tuple(names),
            value_name="Value",
            title=f"Denoised {'image' if measurement.n_dims == 2 else 'volume'}: {self._name()}",
            **self._told(history),
        )

    def _name(self) -> str:
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"{self.files[0].name}{more}"

    def _told(self, history: History) -> dict[str, Any]:
        """Say what both kinds of pages say."""
        from autoden.algorithms.comparison import advice, describe
        from autoden.report import Table

        kept = f"Kept were the weights of epoch {history.best_epoch}"
        verdict = [f"{kept} (of 0 to {len(history.records) - 1})."]
        warnings, tables = [], []
        compared = history.comparison
        if history.stopped:
            verdict.append(f"The training ended early: {history.stopped}.")
        if compared is None:
            verdict.append("It was not compared with simpler estimates.")
        else:
            verdict.append(describe(compared))
            if any(rival.wins for rival in compared.rivals):
                warnings.append(reworded(advice(self.measurement.n_dims)))
            rows: list[tuple[object, ...]] = [("this network", compared.error, None)]
            rows += [(each.name, each.error, each.uncertainty) for each in compared.rivals]
            note = "Smaller is better. The standard error is that of the difference to the network."
            columns = ("Estimate", "Mean squared error", "Standard error")
            tables.append(Table("Errors on what was held out", columns, rows, note))
        return {
            "measurement": {
                "Files": [path.name for path in self.files],
                "Read as": self.measurement.say(),
            },
            "verdict": [*verdict, NO_UNCERTAINTY],
            "warnings": warnings,
            "tables": tables,
            "made": {"Training": self.said},
            "settings": {name: plain(value) for name, value in self.settings.items()},
            "losses": dict(history),
            "best_epoch": history.best_epoch,
        }


def before_of(
    interface: Interface, measurement: Measurement, shown: NDArray[Any], estimate: Estimate
) -> NDArray[Any]:
    """Give what a result is to be compared to.

    Parameters
    ----------
    interface : Interface
        The algorithm.
    measurement : Measurement
        What was measured.
    shown : ndarray, shape (..., [C,] *S)
        What the network is shown: the measurements, or images that were made of them.
    estimate : Estimate
        What will come of it.

    Raises
    ------
    InputError
        The result has other channels than what was measured.
    """
    is_real = not np.iscomplexobj(measurement.data)
    if not is_real or estimate.n_channels != measurement.n_channels:
        raise InputError(
            "--report compares real values before and after in the same channels, which these are "
            "not: leave it out."
        )
    if interface.fits:
        averages, values = measurement.repeats is not None, measurement.data
    else:
        averages, values = estimate.averages, shown
    along = values.ndim - measurement.n_dims - (measurement.channel is not None) - 1
    return np.asarray(values.mean(axis=along) if averages and along >= 0 else values)
