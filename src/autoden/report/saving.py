"""Figures into files: the same figure gives the same bytes, and a file is there whole or not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autoden.errors import InputError
from autoden.io.files import check_destination, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What would differ from one run to the next is left out of the file.
METADATA: Final[dict[str, dict[str, Any]]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}
PNG_DPI: Final = 200


def save_figure(figure: Figure, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Save a figure as PNG (200 dots per inch) or SVG, by the suffix of the file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : str or path-like
        File to write, ending in ``.png`` or ``.svg``; its folder exists.
    overwrite : bool
        Replace the file if there is one.

    Raises
    ------
    InputError
        If the suffix is another one, the folder does not exist, or the file exists and may not be
        overwritten.

    Notes
    -----
    The same figure gives the same bytes with the same version of matplotlib: the file holds no
    date, and the identifiers in an SVG file come from a fixed salt.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import autoden as ad
    >>> figure = ad.report.loss_figure({"loss_trn": [3.0, 1.0, 0.5]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ad.report.save_figure(figure, pathlib.Path(folder) / "loss.svg")
    ...     print(*[file.name for file in pathlib.Path(folder).iterdir()])
    loss.svg
    """
    path = check_figure_path(path, overwrite=overwrite)
    data = figure_bytes(figure, path.suffix.lower(), dpi=PNG_DPI)
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)


def save_sheet(
    figures: Sequence[Figure], path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Save several figures as one PNG, one below the other.

    Parameters
    ----------
    figures : sequence of matplotlib.figure.Figure
        One or more.
    path, overwrite
        As for `save_figure`.

    Raises
    ------
    InputError
        As `save_figure`.
    """
    from PIL import Image

    path = check_figure_path(path, overwrite=overwrite)
    if len(figures) == 1:
        save_figure(figures[0], path, overwrite=overwrite)
        return
    rendered = (figure_bytes(figure, ".png", dpi=PNG_DPI) for figure in figures)
    pictures = [Image.open(BytesIO(each)).convert("RGB") for each in rendered]
    width, height = max(each.width for each in pictures), sum(each.height for each in pictures)
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    with replacing(path, overwrite=overwrite) as temporary:
        sheet.save(temporary, format="png", dpi=(PNG_DPI, PNG_DPI))


def check_figure_path(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Check, before a long computation, that a figure can be saved here.

    Raises
    ------
    InputError
        As `save_figure` would raise it.
    """
    path = Path(path)
    if path.suffix.lower() not in METADATA:
        raise InputError(
            f"cannot save a figure as {path.name!r}; end its name in one of {', '.join(METADATA)}"
        )
    check_destination(path, overwrite)
    return path


def figure_bytes(figure: Figure, suffix: str, *, dpi: float) -> bytes:
    """Render a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    suffix : {".png", ".svg"}
        The format.
    dpi : float
        Dots per inch of a PNG.

    Returns
    -------
    bytes
        The content of the file.
    """
    import matplotlib as mpl

    target = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "autoden"}):
        figure.savefig(target, format=suffix[1:], dpi=dpi, metadata=METADATA[suffix])
    return target.getvalue()
