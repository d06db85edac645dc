"""A known degradation that lies between the estimate and the data, such as a blur."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autoden.errors import InputError
from autoden.signals.scaling import DataScaleBias
from autoden.training.batch import Batch

Operator = Callable[[Tensor], Tensor]
"""From the estimate (N, C, *S_estimate) to the data (N, C, *S_data), linear, in data units."""


def in_network_range(operator: Operator, scaling: DataScaleBias) -> Operator:
    """Bring an operator from data units to the range of the network.

    Examples
    --------
    >>> double = in_network_range(lambda data: 2 * data, DataScaleBias(1, 0.5, 0.5, 0, 1, 1))
    >>> double(torch.tensor([0.0, 1.0]))  # 2 and 4 in data units, doubled
    tensor([1., 3.])
    """

    def scaled(output: Tensor) -> Tensor:
        degraded = operator((output + scaling.bias_out) / scaling.scale_out)
        return degraded * scaling.scale_tgt - scaling.bias_tgt

    return scaled


def check_operator(operator: Operator, batch: Batch) -> None:
    """Try an operator once, before any training.

    Raises
    ------
    InputError
        It gives something else than a tensor of the shape of the data that depends on the
        estimate.
    """
    wanted = batch.target.shape[1:]
    estimate = batch.target.new_zeros(1, wanted[0], *batch.input.shape[2:], requires_grad=True)
    with torch.enable_grad():
        given = operator(estimate)
    if not isinstance(given, Tensor):
        raise InputError(f"`operator` returned a {type(given).__name__}: it must return a tensor.")
    if given.shape[1:] != wanted:
        raise InputError(
            f"`operator` turns an estimate of shape {tuple(estimate.shape)} into one of shape "
            f"{tuple(given.shape)}, but the data have shape {tuple(wanted)}: give the `shape` of "
            "the estimate to `prepare_data`, or another operator."
        )
    if not given.requires_grad:
        raise InputError(
            "What `operator` returns does not depend on the estimate in a way that torch can "
            "follow: use torch functions, without `detach` and `no_grad`."
        )
