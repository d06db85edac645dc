"""Numbers and settings as a reader wants to see them: few digits, no exponent where one can do."""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Final

import numpy as np

MISSING: Final = "\u2013"
GAP: Final = "\u202f"  # narrow no-break space between thousands, as in 23 700


def show(value: object, digits: int = 4) -> str:
    """Write a value for a reader: numbers with few digits, the rest as text.

    Parameters
    ----------
    value : object
        A number, a truth value, text, None, or a sequence or mapping of those.
    digits : int
        Significant digits of a number that is not whole.

    Returns
    -------
    str
        Plain text, not escaped. None and numbers that are not finite become a dash.

    Examples
    --------
    >>> show(0.0123), show(1e-7), show(True), show([1.5, "a"])
    ('0.0123', '1.000e-07', 'yes', '1.5, a')
    >>> show(23700).split(GAP), show(23700.4).split(GAP)
    (['23', '700'], ['23', '700'])
    """
    if value is None:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return _thousands(f"{int(value):,}")
    if isinstance(value, Real):
        return _show_number(float(value), digits)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {show(item)}" for key, item in value.items()) or MISSING
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(show(item) for item in value) or MISSING
    return str(value)


def plus_minus(value: float, error: float) -> str:
    """Write a value with its standard error, both to the second digit of the error.

    Examples
    --------
    >>> plus_minus(0.12345, 0.0123), plus_minus(-3.0, 0.996), plus_minus(7.0, float("nan"))
    ('0.123 ± 0.012', '-3.0 ± 1.0', '7')
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return show(float(value))
    rounded = float(f"{error:.1e}")  # 0.0996 is 0.10 to two digits, one decimal fewer
    decimals = max(0, 1 - math.floor(math.log10(rounded)))
    if decimals > 7 or abs(value) >= 1e7 or error >= 1e7:
        return f"{value:.3g} ± {error:.2g}"
    return _thousands(f"{value:,.{decimals}f} ± {error:,.{decimals}f}")


def interval_90(low: float, high: float) -> str:
    """Write a 90 % interval, to two digits.

    Examples
    --------
    >>> interval_90(12.34, 31.9)
    '90 % interval: 12 to 32'
    """
    return f"90 % interval: {show(low, 2)} to {show(high, 2)}"


def _show_number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -4 <= size < 7:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(0, digits - 1 - size)}f}"
    return _thousands(text.rstrip("0").rstrip(".") if "." in text else text)


def _thousands(text: str) -> str:
    """Part thousands by narrow spaces, which no reader takes for a decimal comma."""
    return text.replace(",", GAP)
