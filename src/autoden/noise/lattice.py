"""The step of values that are whole multiples of one unknown number, as scaled counts are.

Nothing here knows about noise: whether such values scatter like counts is another question.
"""

from __future__ import annotations

import numpy as np

from autoden.noise.exposures import Floats

_ROUNDINGS = (5e-6, 6e-8, 1e-14)  # relative errors of six printed digits, of float32 and float64
_CLEAR = 20.0  # a step is seen if it is so many times larger than what rounding leaves
_MOST_STEPS = 2**20  # values of type float32 are multiples of something, too, but of more
_FEWEST_MULTIPLES = 2  # different ones, above 0
_FEWEST_VALUES = 20  # above 0: fewer counts may all be even by chance
_ENOUGH_VALUES = 2**20
_SAME = 1e-7  # relative difference of a step from the short number that was meant


def lattice_step(values: Floats) -> float | None:
    """Find the largest number of which all values are whole multiples, to rounding.

    Parameters
    ----------
    values : ndarray of float64
        Any shape, at least 0. Of more than a million values only as many are looked at, evenly
        spaced.

    Returns
    -------
    float or None
        The step: 1 for whole numbers unless enough of them show a larger one; None if there is no
        step, or too few different multiples to tell.

    Examples
    --------
    >>> lattice_step(2.5 * np.arange(30))
    2.5
    >>> lattice_step(np.sqrt(np.arange(30.0))) is None
    True
    """
    flat = values.ravel()
    flat = flat[:: max(1, len(flat) // _ENOUGH_VALUES)]
    positive = flat[flat > 0]
    distinct = np.unique(positive)
    believed = len(positive) >= _FEWEST_VALUES
    if (distinct == np.rint(distinct)).all() and (distinct < 2**53).all():
        common = int(np.gcd.reduce(distinct.astype(np.int64))) if len(distinct) else 1
        return float(common) if believed and len(distinct) >= _FEWEST_MULTIPLES else 1.0
    if not believed:
        return None
    steps = (_step(distinct, rounding) for rounding in _ROUNDINGS)
    return next((step for step in steps if step is not None), None)


def rounding_step(values: Floats) -> float | None:
    """Find the step to which values of any sign and offset were rounded; None if they were not.

    Examples
    --------
    >>> rounding_step(np.round(np.linspace(-3, 5, 100), 1))
    0.1
    >>> rounding_step(np.linspace(-3, 5, 100) ** 3) is None
    True
    """
    above = values - values.min()
    return lattice_step(above) if above.any() else None


def _step(distinct: Floats, rounding: float) -> float | None:
    """Find the step of ascending numbers above 0 whose relative errors are at most `rounding`."""
    error = 4 * rounding * distinct
    gaps = np.diff(distinct, prepend=0.0)
    clear = gaps > error
    gaps, error = gaps[clear], error[clear]
    smallest = max(_CLEAR * error[-1], distinct[-1] / _MOST_STEPS)
    step = float(gaps.min())
    while step > smallest:
        left = np.abs(gaps - step * np.rint(gaps / step))
        # the error of the step itself is multiplied where a gap holds many steps
        wrong = left > 2 * error + error[-1] * np.rint(gaps / step) / 2
        if not wrong.any():
            return _confirmed(distinct, step, rounding)
        step = float(left[wrong].min())
    return None


def _fitted(values: Floats, step: float) -> float:
    """Fit a step to ever larger multiples, so that none is miscounted while it is inexact."""
    reach = 2.0
    while True:
        near = values[values <= reach * step]
        whole = np.rint(near / step)
        if whole.any():  # values may also differ by rounding alone
            step = float(whole @ near / (whole @ whole))
        if len(near) == len(values):
            return step
        reach *= 2


def _confirmed(distinct: Floats, step: float, rounding: float) -> float | None:
    """Fit the step to the values themselves; None if they are no multiples of it after all."""
    from_first = _fitted(distinct[1:] - distinct[0], step)  # small multiples also of large values
    step = _fitted(distinct, from_first)
    whole = np.rint(distinct / step)
    exact = np.abs(distinct - step * whole) <= 4 * rounding * distinct + 1e-12 * step
    if not (exact.all() and len(np.unique(whole)) >= _FEWEST_MULTIPLES):
        return None
    digits = float(f"{step:.6g}")  # 2.5 rather than 2.5000000000000004
    return digits if abs(digits - step) <= _SAME * step else step
