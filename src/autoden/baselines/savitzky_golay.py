"""Smoothing by local polynomials, for spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from autoden.baselines.baseline import Baseline, Floats, geometric, positive
from autoden.checks import odd_number, whole_number
from autoden.errors import InputError
from autoden.noise.model import NoiseModel
from autoden.transforms.local_polynomial import local_polynomial

_ORDERS = (2, 4, 6)
_WIDEST = 301
_RATIO = 1.15  # between neighbouring windows


@dataclass(frozen=True)
class SavitzkyGolay(Baseline):
    """The value of the polynomial that fits best within a window around each channel.

    Within half a window of the ends, the polynomial of the first or last full window is used
    (``mode="interp"`` of scipy), so that polynomials up to the order are kept everywhere. From
    order 2 on the weights have negative lobes: rates of Poisson counts are floored at 0.001 counts
    of one acquisition. Spectra only, 1D.

    Parameters
    ----------
    order : int
        Of the polynomial, at least 0 and less than the window.
    window : int
        Number of channels, odd.

    Raises
    ------
    InputError
        If the window is even or not above the order, or longer than the data.

    References
    ----------
    A. Savitzky and M. J. E. Golay, Anal. Chem. 36 (1964) 1627.

    Examples
    --------
    >>> import numpy as np
    >>> from autoden.noise import Combined, Poisson
    >>> parabola = Combined(np.arange(7.0) ** 2, dose=1)
    >>> SavitzkyGolay(order=2, window=5).apply(parabola, Poisson()).round(3).tolist()
    [0.001, 1.0, 4.0, 9.0, 16.0, 25.0, 36.0]
    """

    order: int
    window: int
    name: ClassVar[str] = "savitzky-golay"

    def __post_init__(self) -> None:
        odd_number("window", self.window)
        if whole_number("order", self.order, at_least=0) >= self.window:
            raise InputError(f"`order` is {self.order}: give less than the window, {self.window}.")

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement; see `Baseline.smooth`."""
        return positive(self.filtered(values), noise)

    def filtered(self, values: NDArray[Any]) -> NDArray[Any]:
        """Filter the last axis of an array of float32 or float64; the dtype stays."""
        if values.shape[-1] < self.window:
            raise InputError(
                f"`window` is {self.window}: the data have {values.shape[-1]} channels, give no "
                "more than that."
            )
        fit, half = local_polynomial(self.window, self.order), self.window // 2
        filtered: NDArray[Any] = correlate1d(values, fit[half], axis=-1)
        filtered[..., :half] = values[..., : self.window] @ fit[:half].T
        last = values.shape[-1] - half
        filtered[..., last:] = values[..., -self.window :] @ fit[half + 1 :].T
        return filtered

    def describe(self) -> str:
        """Say order and window."""
        return f"Savitzky-Golay, order {self.order}, window {self.window}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give orders 2, 4, 6 with odd windows up to a quarter of the channels, at most 301."""
        (size,) = shape
        widest = min(max(size // 4, 9), _WIDEST, size)
        found = [cls(order, window) for order in _ORDERS for window in _windows(order + 3, widest)]
        odd = size - 1 + size % 2
        return tuple(found) or (cls(min(2, odd - 1), odd),)  # too short to smooth


def _windows(first: int, last: int) -> list[int]:
    """List odd windows from `first`, itself odd, to `last`, about evenly by ratio."""
    odd = {2 * round((width - 1) / 2) + 1 for width in geometric(first, last, _RATIO)}
    return sorted(window for window in odd if window <= last)
