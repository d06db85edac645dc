"""What is added to the loss of a denoiser: a regularizer, and a lower limit of its output."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from autoden.algorithms.datasets import Augmentation
from autoden.algorithms.network import KindOfData
from autoden.checks import number
from autoden.errors import InputError
from autoden.losses.bounds import LowerLimit
from autoden.losses.regularizers import LossRegularizer, LossTV
from autoden.signals.scaling import DataScaleBias
from autoden.signals.values import checked_lower_limit


def regularizer_of(reg_val: object, n_dims: int) -> LossRegularizer | None:
    """Give the regularizer that is meant; a number is the weight of a total variation.

    Raises
    ------
    InputError
        Something else.
    """
    if isinstance(reg_val, LossRegularizer | None):
        return reg_val
    if isinstance(reg_val, bool) or not isinstance(reg_val, Real):
        raise InputError(
            f"`reg_val` is {reg_val!r}: give a number, the weight of a total variation, or a "
            "LossRegularizer such as `autoden.losses.LossTGV(1e-3)`."
        )
    return LossTV(number("reg_val", reg_val, at_least=0), n_dims=n_dims)


def limit_of(
    lower_limit: float | ArrayLike | None,
    shape: tuple[int, ...],
    kind: KindOfData,
    augmentations: Sequence[Augmentation],
) -> NDArray[np.float64] | None:
    """Check a lower limit against outputs of a shape (..., [C,] *S).

    Raises
    ------
    InputError
        A limit of another shape, or one that varies where augmentations move the data.
    """
    if lower_limit is None:
        return None
    limit = checked_lower_limit(lower_limit, shape[len(shape) - kind.n_axes_out :])
    if limit.ndim and any(a.geometric for a in augmentations):
        raise InputError(
            "A `lower_limit` that varies along the data cannot follow patches or an augmentation "
            "that move them. Give one number, or train without them."
        )
    return limit


def penalties_of(
    regularizer: LossRegularizer | None,
    scaling: DataScaleBias,
    limit: NDArray[np.float64] | None,
    device: torch.device,
) -> list[nn.Module]:
    """Make the penalties of a training, in the network's range and on its device."""
    penalties: list[nn.Module] = [] if regularizer is None else [regularizer]
    if limit is not None:
        scaled = torch.tensor(scaling.scale_target(limit), dtype=torch.float32)
        penalties.append(LowerLimit(scaled))
    return [penalty.to(device) for penalty in penalties]
