"""A result at the end of a notebook cell: what was chosen, the verdict, and the spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoden.auto.spectra.measurement import Measurement
from autoden.report.cards import card

if TYPE_CHECKING:
    from autoden.auto.result import Result

DPI = 100


def show(result: Result) -> str:
    """Write what a notebook shows, as HTML."""
    from autoden.auto.pages.page_parts import candidates_of

    return card(
        result.method,
        result.verdict,
        warnings=result.warnings,
        table=candidates_of(
            result, "channel" if isinstance(result.measurement, Measurement) else "pixel"
        ),
        picture=_picture(result),
        says="The measured mean and the estimate with its uncertainty.",
    )


def _picture(result: Result) -> bytes | None:
    """Draw the first spectrum; images are shown by the report."""
    measured: object = result.measurement
    if not isinstance(measured, Measurement):
        return None
    from autoden.auto.pages.page import page_of
    from autoden.report.denoised import plot_denoised
    from autoden.report.saving import figure_bytes

    return figure_bytes(plot_denoised(page_of(result)), ".png", dpi=DPI)
