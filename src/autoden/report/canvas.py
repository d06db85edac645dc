"""The sheet that every figure is drawn on, and the colours. Importing it imports matplotlib.

Matplotlib shows its figures in a notebook only once pyplot is loaded there. This sheet knows how
to show itself, so a figure that ends a cell is seen either way, and once.
"""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autoden.report.saving import figure_bytes

# Okabe and Ito (2008): told apart with every kind of colour vision, and printed in grey.
SKY: Final = "#56b4e9"
BLUE: Final = "#0072b2"
ORANGE: Final = "#d55e00"
GREEN: Final = "#009e73"
PURPLE: Final = "#cc79a7"
GREY: Final = "#9a9a9a"
BLACK: Final = "#000000"


class Sheet(Figure):
    """A matplotlib figure that shows itself in a notebook."""

    def _repr_png_(self) -> bytes:
        """Give the picture that a notebook shows; bytes of a PNG file."""
        return figure_bytes(self, ".png", dpi=100)


def plain(text: str) -> str:
    """Keep matplotlib from reading a formula between the dollar signs of names."""
    return text.replace("$", r"\$")


def tidy(axes: Axes) -> None:
    """Take away what does not inform: the frame above and to the right, heavy grid lines."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", labelsize=9)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
