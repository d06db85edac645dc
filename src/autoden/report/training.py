"""The section of a page that shows how a training went."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Protocol

from numpy.typing import ArrayLike

from autoden.report.losses import loss_figure
from autoden.report.pictures import embedded
from autoden.report.saving import figure_bytes


class Trained(Protocol):
    """A page that may tell of a training."""

    @property
    def losses(self) -> Mapping[str, ArrayLike]:
        """Losses by name, as `loss_figure` takes them."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch that was kept."""


def training_section(page: Trained) -> dict[str, str]:
    """Write the HTML of the loss curves, under its heading; nothing if there are none."""
    if not page.losses:
        return {}
    drawn = figure_bytes(loss_figure(page.losses, page.best_epoch), ".svg", dpi=100)
    kept = "" if page.best_epoch is None else f" The weights of epoch {page.best_epoch} were kept."
    said = f"Losses of the training and of what was held out, epoch by epoch.{kept}"
    return {
        "Training": f'<figure><img class="chart" src="{embedded(drawn, "image/svg+xml")}" '
        f'alt="{escape(said)}">\n<figcaption class="note">{escape(said)}</figcaption></figure>'
    }
