"""Values as pictures: the range that is shown, colours of what is above and below, PNG bytes."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

MOST: Final = 1600
"""Elements along an axis of a picture; of larger ones the middle is shown."""

_QUANTILES: Final = (0.002, 0.998)
# blue, white, orange: told apart with every kind of colour vision, as in `canvas`
_BELOW, _ZERO, _ABOVE = (np.array(c) for c in ((0, 90, 150), (247, 247, 247), (190, 70, 0)))
# from dark to light in even steps of lightness
_HEAT: Final = np.array(
    [(20, 11, 52), (110, 30, 100), (190, 60, 70), (240, 140, 40), (250, 230, 160)]
)


def value_range(*arrays: Floats) -> tuple[float, float]:
    """Choose the values that are drawn black and white: all but 0.2 % at either end.

    Examples
    --------
    >>> value_range(np.array([[0.0, 1.0], [2.0, np.nan]]))
    (0.0, 2.0)
    """
    finite = np.concatenate([array[np.isfinite(array)].ravel() for array in arrays])
    if not finite.size:
        return 0.0, 1.0
    low, high = (
        np.quantile(finite, _QUANTILES) if finite.size > 1000 else np.quantile(finite, (0, 1))
    )
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def middle(values: Floats) -> Floats:
    """Cut out the middle of a picture that is too large to show."""
    cuts = [
        slice(max(0, (n - MOST) // 2), max(0, (n - MOST) // 2) + MOST) for n in values.shape[:2]
    ]
    return values[tuple(cuts)]


def grey(values: Floats, low: float, high: float) -> Pixels:
    """Draw values (h, w) in grey or (h, w, 3) in colour; what is not finite is transparent."""
    known = np.isfinite(values)
    share = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    colours = np.rint(255 * share).astype(np.uint8)
    if values.ndim == 2:
        return np.stack([*[colours] * 3, _opacity(known)], axis=-1)
    return np.concatenate([colours, _opacity(np.asarray(known.all(axis=-1)))[..., None]], axis=-1)


def diverging(values: Floats, reach: float) -> Pixels:
    """Draw values (h, w) from -reach (blue) over 0 (white) to reach (orange)."""
    known = np.isfinite(values)
    share = np.clip(np.where(known, values, 0) / reach, -1, 1)[..., None]
    ends = np.where(share < 0, _BELOW, _ABOVE)
    colours = np.rint(_ZERO + np.abs(share) * (ends - _ZERO)).astype(np.uint8)
    return np.concatenate([colours, _opacity(known)[..., None]], axis=-1)


def heat(values: Floats, low: float, high: float) -> Pixels:
    """Draw values (h, w) from dark (low) to light (high)."""
    known = np.isfinite(values)
    share = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    steps = np.linspace(0, 1, len(_HEAT))
    colours = [np.interp(share, steps, _HEAT[:, c]) for c in range(3)]
    drawn = np.rint(np.stack(colours, axis=-1)).astype(np.uint8)
    return np.concatenate([drawn, _opacity(known)[..., None]], axis=-1)


def png(pixels: Pixels) -> bytes:
    """Give the bytes of a PNG file; the same pixels give the same bytes."""
    from PIL import Image

    target = BytesIO()
    opaque = bool((pixels[..., 3] == 255).all())
    image = Image.fromarray(pixels[..., :3] if opaque else pixels)
    is_grey = opaque and bool(
        (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    )
    (image.convert("L") if is_grey else image).save(target, format="PNG", optimize=False)
    return target.getvalue()


def embedded(data: bytes, kind: str = "image/png") -> str:
    """Give a picture as an address that holds it."""
    return f"data:{kind};base64,{b64encode(data).decode('ascii')}"


def _opacity(known: NDArray[np.bool_]) -> Pixels:
    return np.where(known, 255, 0).astype(np.uint8)
