"""All parameters of a network, or their gradients, as one flat array and back.

The names are those of auto-denoise 3.0.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn
from torch.nn.utils import parameters_to_vector

from autoden.errors import InputError

ParamInfo = list[tuple[str, list[int]]]

_logger = logging.getLogger(__name__)


def get_num_parameters(model: nn.Module, verbose: bool = False) -> int:
    """Count the values that training changes.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    verbose : bool, default: False
        Log the number, too.

    Examples
    --------
    >>> get_num_parameters(nn.Linear(3, 2))
    8
    """
    number = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if verbose:
        _logger.info("Model %s - num. parameters: %d", type(model).__name__, number)
    return number


def get_parameters(
    model: nn.Module, parameter_type: str | None = None, filter_params: bool = True
) -> tuple[NDArray[np.floating], ParamInfo]:
    """Copy the parameters into one array.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    parameter_type : str, optional
        Last part of the names wanted, such as "weight" or "bias"; all if not given.
    filter_params : bool, default: True
        Whether `parameter_type` counts.

    Returns
    -------
    values : ndarray
        One axis, of the parameters' type.
    info : list of (str, list of int)
        Name and shape of each parameter, in order.

    Raises
    ------
    InputError
        No parameter has such a name.

    Examples
    --------
    >>> get_parameters(nn.Linear(3, 2), "bias")[1]
    [('bias', [2])]
    """
    chosen = [
        (name, p)
        for name, p in model.named_parameters()
        if not filter_params or parameter_type in (None, name.rsplit(".", 1)[-1])
    ]
    if not chosen:
        raise InputError(
            f"`parameter_type` is {parameter_type!r}, which no parameter of {type(model).__name__} "
            "is: give 'weight', 'bias' or None."
        )
    return _flat([p for _, p in chosen]), [(name, list(p.shape)) for name, p in chosen]


def set_parameters(
    model: nn.Module, values: ArrayLike, info: Sequence[tuple[str, Sequence[int]]]
) -> None:
    """Give a network the parameters that `get_parameters` returned.

    Parameters
    ----------
    model : torch.nn.Module
        The network; its parameters keep their type and device.
    values : array_like
        One axis.
    info : sequence of (str, sequence of int)
        Name and shape of each parameter, in the order of the values.

    Raises
    ------
    InputError
        The network has no such parameters, or the number of values is another.
    """
    known: dict[str, Any] = dict(model.named_parameters())
    for name, shape in info:
        if name not in known or list(known[name].shape) != list(shape):
            raise InputError(
                f"`info` has {name!r} of shape {tuple(shape)}, which {type(model).__name__} has "
                "not: give what `get_parameters` returned for a network like this."
            )
    vector = np.asarray(values).reshape(-1)
    ends = np.cumsum([0, *(known[name].numel() for name, _ in info)])
    if vector.size != ends[-1]:
        raise InputError(f"`values` has {vector.size} values: `info` asks for {ends[-1]}.")
    with torch.no_grad():
        for (name, shape), (start, end) in zip(info, pairwise(ends), strict=True):
            known[name].copy_(torch.as_tensor(vector[start:end]).reshape(tuple(shape)))


def get_gradients(model: nn.Module, flatten: bool = True) -> tuple[NDArray[np.floating], ParamInfo]:
    """Copy the gradients of the parameters that have one into one array.

    Parameters
    ----------
    model : torch.nn.Module
        The network, after a backward pass.
    flatten : bool
        Without effect, as in auto-denoise: the array always has one axis.

    Returns
    -------
    values : ndarray
        One axis, of the parameters' type.
    info : list of (str, list of int)
        Name and shape of each parameter, in order.

    Raises
    ------
    InputError
        No parameter has a gradient.
    """
    chosen = [(name, p.grad) for name, p in model.named_parameters() if p.grad is not None]
    if not chosen:
        raise InputError(
            f"No parameter of {type(model).__name__} has a gradient: call `backward()` on a loss "
            "first."
        )
    return _flat([grad for _, grad in chosen]), [(name, list(g.shape)) for name, g in chosen]


def fix_invalid_gradient_values(model: nn.Module) -> None:
    """Set the gradients that are NaN or infinite to zero, in place.

    Parameters
    ----------
    model : torch.nn.Module
        The network, after a backward pass.
    """
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)


def _flat(tensors: Sequence[torch.Tensor]) -> NDArray[np.floating]:
    values: NDArray[np.floating] = parameters_to_vector(tensors).detach().cpu().numpy().copy()
    return values
