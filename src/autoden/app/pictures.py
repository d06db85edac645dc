"""Images as the page shows them: grey, on one scale before and after, no larger than a screen."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 1200
_SHARES = (0.5, 99.5)


def scale_of(image: NDArray[Any]) -> tuple[float, float]:
    """Give the values drawn black and white: all but the darkest and brightest half percent.

    Examples
    --------
    >>> scale_of(np.arange(1001.0).reshape(7, 143))
    (5.0, 995.0)
    """
    finite = image[np.isfinite(image)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(each) for each in np.percentile(finite, _SHARES))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def picture(image: NDArray[Any], scale: tuple[float, float]) -> str:
    """Draw an image as an address that holds its content ("data:image/png;base64,...").

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Real numbers; those that are not finite are drawn black. Of large ones, rows and columns
        are left out.
    scale : tuple of float
        Values that are black and white.
    """
    from PIL import Image

    step = -(-max(image.shape) // _LONGEST)
    low, high = scale
    few = np.nan_to_num(np.asarray(image[::step, ::step], dtype=np.float64), nan=low)
    grey = np.clip((few - low) / (high - low), 0.0, 1.0) * 255
    with BytesIO() as file:
        Image.fromarray(grey.round().astype(np.uint8)).save(file, "PNG")
        return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
