"""Richardson-Lucy: the non-negative source which, seen through an instrument, explains counts.

Every instrument blurs, so that a spectrum is a source of non-negative strength seen through a
response of known shape and roughly known width. What no source can explain is noise. Deblurring
and blurring again therefore removes noise, the more the fewer iterations are made, and shares the
shape of a line between all lines. Which width and how many iterations serve is chosen elsewhere,
on held-out data; the response here is a Gaussian whose variance changes linearly along the axis,
as that of a semiconductor detector does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from autoden.checks import number, whole_numbers
from autoden.errors import InputError
from autoden.transforms.banded import Banded

REACH = 4.0
"""Half length of the response, in standard deviations."""

LEAST_RATE = 1e-9
"""Expected counts below which a rate is not told from zero, in divisions."""


@dataclass(frozen=True)
class RichardsonLucy:
    r"""Estimate rates as a non-negative source blurred by a Gaussian response.

    From a constant source c, each iteration

    .. math:: c \leftarrow c \cdot \frac{K^T (y / K c)}{K^T 1}

    raises the Poisson likelihood of the values y (Richardson 1972, Lucy 1974; Shepp and Vardi
    1982); the estimate is K c. Strong lines are explained first and noise last, so that the number
    of iterations sets how much is smoothed. Successive steps are extrapolated (Biggs and Andrews,
    Applied Optics 36, 1997), which takes the place of several plain ones.

    Parameters
    ----------
    widths : (float, float)
        Standard deviation of the response at the first and at the last element, above 0, in
        elements; its square is linear between.
    iterations : tuple of int
        After how many iterations to give an estimate, rising.

    Raises
    ------
    InputError
        Widths that are not above 0, or iterations that do not rise from at least 1.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(np.full((2, 500), 3.0))
    >>> estimates = RichardsonLucy(widths=(4.0, 6.0), iterations=(5, 20)).estimates(counts)
    >>> estimates.shape
    (2, 2, 500)
    >>> bool(estimates.std() < counts.std() / 2)
    True
    """

    widths: tuple[float, float]
    iterations: tuple[int, ...]

    def __post_init__(self) -> None:
        for i, width in enumerate(self.widths):
            number(f"widths[{i}]", width, above=0)
        steps = whole_numbers("iterations", self.iterations)
        if sorted(set(steps)) != list(steps):
            raise InputError(f"`iterations` is {steps}: give numbers that rise, such as (5, 20).")

    def estimates(self, values: ArrayLike) -> NDArray[np.float32]:
        """Estimate the rates of some spectra.

        Parameters
        ----------
        values : array_like
            Shape (B, n): counts, or anything that is not negative; what is counts as 0.

        Returns
        -------
        ndarray of float32
            Shape (B, n_iterations, n), never negative; 0 where no count is within reach.
            Each has the sum of the values.
        """
        seen = np.maximum(np.asarray(values), 0).astype(np.float32)
        response, back = (Banded.of(m) for m in response_matrices(seen.shape[1], self.widths))
        sums = back.times(np.ones_like(seen))
        source = np.repeat(seen.mean(axis=1, keepdims=True), seen.shape[1], axis=1)
        extrapolation = _Extrapolation()
        kept = []
        for iteration in range(1, self.iterations[-1] + 1):
            ahead = extrapolation.ahead(source)
            blurred = np.maximum(response.times(ahead), LEAST_RATE)
            stepped = ahead * back.times(seen / blurred) / sums
            extrapolation.learn(stepped - ahead, stepped - source)
            source = stepped
            if iteration in self.iterations:
                kept.append(response.times(source))
        return np.stack(kept, axis=1)


class _Extrapolation:
    """The step beyond the newest source, from how alike the last two corrections were."""

    def __init__(self) -> None:
        self._correction: NDArray[np.float32] | None = None
        self._change: NDArray[np.float32] | None = None
        self._factor: NDArray[np.float32] | float = 0.0

    def ahead(self, source: NDArray[np.float32]) -> NDArray[np.float32]:
        """Extrapolate along the last change, never to zero, from where nothing comes back."""
        if self._change is None:
            return source
        return np.maximum(source + self._factor * self._change, source / 2)

    def learn(self, correction: NDArray[np.float32], change: NDArray[np.float32]) -> None:
        """Take the newest correction, and set how far to go next."""
        if self._correction is not None:
            alike = np.einsum("bn,bn->b", correction, self._correction)
            own = np.einsum("bn,bn->b", self._correction, self._correction)
            self._factor = np.clip(alike / np.maximum(own, LEAST_RATE), 0, 0.999)[:, None]
        self._correction, self._change = correction, change


def response_matrices(
    n: int, widths: tuple[float, float]
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Give the response, (n, n), and its transpose; column j is what one event at j spreads to.

    Whole columns would sum to 1; at the ends of the axis a part of them lies outside.
    """
    first, last = widths
    centres = np.arange(n)
    sigmas = np.sqrt(np.linspace(first**2, last**2, n))
    reach = int(np.ceil(REACH * sigmas.max()))
    offsets = np.arange(-reach, reach + 1)[:, None]
    heights = np.exp(-0.5 * (offsets / sigmas) ** 2)
    heights /= heights.sum(axis=0)
    rows = centres + offsets
    inside = (rows >= 0) & (rows < n) & (np.abs(offsets) <= np.ceil(REACH * sigmas))
    columns = np.broadcast_to(centres, rows.shape)
    entries = heights[inside].astype(np.float32), (rows[inside], columns[inside])
    response = sparse.csr_array(entries, shape=(n, n))
    return response, sparse.csr_array(response.T)
