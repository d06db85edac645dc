"""Which filters a kernel mixture has: defaults for spectra, images and volumes, and limits.

How the filters look is in `autoden.transforms.smoothing_kernels`, how they are mixed in
`autoden.models.kernel_mixture`. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autoden.checks import choice, number, odd_number, whole_number, whole_numbers
from autoden.errors import InputError
from autoden.models.param_checks import dimensions

MAX_FILTERS, MAX_WIDTH, MAX_WINDOW, MAX_ORDER = 100, 500, 4001, 20
"""More than serve anything, and few enough to compute: a file may ask for any."""

BANKS: dict[int, dict[str, Any]] = {
    1: {
        "dilations": (1, 3, 9, 27),
        "gaussians": (0.3, 1.5, 3.0, 6.0, 12.0, 25.0),
        "savgol": (
            (11, 2), (21, 2), (41, 2), (71, 2), (101, 2), (31, 4), (51, 4), (71, 4), (91, 4),
        ),
    },
    2: {
        "dilations": (1, 2, 4),
        "gaussians": (0.3, 0.7, 1.0, 1.5, 2.5, 4.0),
        "savgol": ((5, 2), (7, 2), (11, 2), (9, 4), (15, 4)),
    },
    3: {
        "dilations": (1, 2),
        "gaussians": (0.3, 0.6, 1.0, 1.7),
        "savgol": ((5, 2), (7, 2)),
    },
}  # fmt: skip
"""By number of dimensions: details of images are a few samples wide, lines of spectra tens."""


def complete_bank(params: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a kernel mixture's parameters say about its filters, and add what they do not.

    Parameters
    ----------
    params : mapping
        Parameters of `NetworkParamsKernelMixture`, by name.

    Returns
    -------
    dict
        Those that only this network has, and `dilations`.

    Raises
    ------
    InputError
        Filters that cannot be or are too long, fewer than two or too many; an odd reference.
    """
    defaults = BANKS[dimensions("n_dims", params["n_dims"])]
    given = {name: defaults[name] if params[name] is None else params[name] for name in defaults}
    gaussians = _gaussians(given["gaussians"])
    savgol = _savgol(given["savgol"])
    n_filters = len(gaussians) + len(savgol)
    if not 2 <= n_filters <= MAX_FILTERS:
        raise InputError(
            f"`gaussians` and `savgol` have {n_filters} filters together: give from 2 to "
            f"{MAX_FILTERS}."
        )
    reference = params["reference"]
    if reference is None:
        reference = ((len(gaussians) or n_filters) - 1) // 2
    estimates = params["n_channels_estimates"]
    n_estimates = whole_number("n_channels_estimates", estimates, at_least=0)
    return {
        "dilations": _dilations(given["dilations"]),
        "gaussians": gaussians,
        "savgol": savgol,
        "reference": choice("reference", reference, range(n_filters + n_estimates)),
        "prior": number("prior", params["prior"]),
        "stabilise": choice("stabilise", params["stabilise"], (None, "anscombe")),
        "n_channels_estimates": n_estimates,
    }


def _dilations(values: Any) -> tuple[int, ...]:
    dilations = whole_numbers("dilations", values)
    if len(dilations) > MAX_FILTERS:
        raise InputError(f"`dilations` has {len(dilations)} layers: give at most {MAX_FILTERS}.")
    return dilations


def _gaussians(values: Any) -> tuple[float, ...]:
    listed = enumerate(_sequence("gaussians", values, "widths such as (1.0, 3.0)"))
    widths = tuple(number(f"gaussians[{i}]", width, above=0) for i, width in listed)
    for i, width in enumerate(widths):
        if width > MAX_WIDTH:
            raise InputError(f"`gaussians[{i}]` is {width}: give a width of at most {MAX_WIDTH}.")
    return widths


def _savgol(values: Any) -> tuple[tuple[int, int], ...]:
    listed = _sequence("savgol", values, "windows and orders such as ((11, 2), (31, 4))")
    return tuple(_window_and_order(f"savgol[{i}]", pair) for i, pair in enumerate(listed))


def _window_and_order(name: str, value: Any) -> tuple[int, int]:
    pair = _sequence(name, value, "a window and an order, like (11, 2)")
    if len(pair) != 2:
        raise InputError(f"`{name}` is {value!r}: give a window and an order, like (11, 2).")
    window = odd_number(f"window of {name}", pair[0])
    order = whole_number(f"order of {name}", pair[1], at_least=0)
    if window > MAX_WINDOW or order >= window or order > MAX_ORDER:
        raise InputError(
            f"`{name}` is {value!r}: give a window of at most {MAX_WINDOW} samples, and an order "
            f"below it and of at most {MAX_ORDER}."
        )
    return window, order


def _sequence(name: str, values: Any, such_as: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"`{name}` is {values!r}: give {such_as}.")
    return tuple(values)
