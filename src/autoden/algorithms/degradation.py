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
    wanted = (2, *batch.target.shape[1:])
    shape = (2, wanted[1], *batch.input.shape[2:])
    # Two estimates, whose sum must become the sum of what they become.
    draws = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(batch.target)
    estimate = draws.requires_grad_()
    try:
        with torch.enable_grad():
            given = operator(estimate)
            of_sum = operator(estimate.sum(dim=0, keepdim=True))
    except Exception as error:
        raise InputError(
            f"`operator` failed on a tensor of shape {shape} ({type(error).__name__}: {error}): "
            "give a function from the estimate (N, C, *S) to the data, made of torch functions."
        ) from error
    if not isinstance(given, Tensor):
        raise InputError(f"`operator` returned a {type(given).__name__}: it must return a tensor.")
    if given.shape != wanted:
        raise InputError(
            f"`operator` turns an estimate of shape {tuple(estimate.shape)} into one of shape "
            f"{tuple(given.shape)}, but the data ask for {wanted}: give the `shape` of "
            "the estimate to `prepare_data`, or another operator."
        )
    if not given.requires_grad:
        raise InputError(
            "What `operator` returns does not depend on the estimate in a way that torch can "
            "follow: use torch functions, without `detach` and `no_grad`."
        )
    if not torch.allclose(
        given.sum(dim=0), of_sum[0], rtol=1e-3, atol=1e-3 * float(given.detach().abs().max())
    ):
        raise InputError(
            "`operator` is not linear: what it makes of a sum differs from the sum of what it "
            "makes of the parts. Only linear degradations can be undone here."
        )
