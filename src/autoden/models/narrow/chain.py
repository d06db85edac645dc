"""A sequence of layers that compiled kernels compute where these are quicker: on a CPU.

Everything else, and every doubt, is left to torch: the result is the same within rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autoden.models.narrow.availability import is_plain, just_computes
from autoden.models.narrow.function import compute
from autoden.models.narrow.parts import are_alike, are_narrow, find_parts, follow, is_just_called
from autoden.models.narrow.recipe import Recipe
from autoden.models.narrow.strips import in_strips
from autoden.models.nd import lay_out
from autoden.native.availability import has_kernels

_KERNELS = "autoden.models.narrow.function"


class Chain(nn.Sequential):
    """`torch.nn.Sequential`, the same results within rounding, quicker on a CPU.

    Convolutions that keep the size, each with a `Pad` before it and a batch normalisation and a
    leaky rectifier after it, or without them, also in nested sequences, are computed by compiled
    kernels where there are not too many channels, numbers are float32 or float64, no layer has
    hooks, and torch is not compiling, tracing or transforming functions. Where nothing is to be
    learnt, large images and volumes pass through strip by strip. In mixed precision signals stay in
    single precision, in which the kernels are quicker.

    Examples
    --------
    >>> from autoden.models.padding import Pad
    >>> chain = Chain(Pad(1, "reflect"), nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.LeakyReLU(0.2))
    >>> x = torch.linspace(-1, 1, 20).reshape(2, 1, 10)
    >>> torch.allclose(chain(x), nn.Sequential(*chain)(x), atol=1e-5)
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pass `x` through all layers."""
        if not just_computes():
            return self._by_torch(x)
        y = in_strips(self, x, self._whole)
        return self._whole(x) if y is None else y

    def join(self, x: Tensor, beside: Tensor) -> Tensor:
        """Pass the channels of `x` and of `beside` through all layers, as if they were joined."""
        learns = torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
        if learns and just_computes() and is_just_called(self) and _fit(x, beside):
            y = _compute(self, x, beside)
            if y is not None:
                return y
        joined: Tensor = self(torch.cat((x, beside), dim=1))
        return joined

    def _by_torch(self, x: Tensor) -> Tensor:
        return super().forward(lay_out(x))  # type: ignore[no-any-return, no-untyped-call]

    def _whole(self, x: Tensor) -> Tensor:
        # signals in mixed precision are computed in single precision, too, which is quicker
        computes = x.ndim == 3 or not torch.is_autocast_enabled("cpu")
        y = _compute(self, x) if computes else None
        return self._by_torch(x) if y is None else y


def _fit(x: Tensor, beside: Tensor) -> bool:
    """Tell whether two tensors can be joined as they are."""
    return (
        is_plain(beside)
        and x.dtype == beside.dtype
        and x.shape[:1] == beside.shape[:1]
        and x.shape[2:] == beside.shape[2:]
    )


def _compute(chain: Chain, x: Tensor, beside: Tensor | None = None) -> Tensor | None:
    """Compute a chain by the kernels, or not at all."""
    recipe = recipe_of(chain, x, beside)
    if recipe is None:
        return None
    return compute(recipe, x, beside)


def recipe_of(chain: Chain, x: Tensor, beside: Tensor | None = None) -> Recipe | None:
    """Give what the kernels need to compute a chain now; None where they cannot."""
    if not is_plain(x):
        return None
    parts = find_parts(chain, (Chain, nn.Sequential))
    if parts is None or not (
        are_narrow(parts) and follow(parts, x, 0 if beside is None else beside.shape[1])
    ):
        return None
    trained = [tensor for part in parts for tensor in part.trained()]
    statistics = [tensor for part in parts for tensor in part.statistics()]
    running = (tensor for part in parts for tensor in part.statistics()[:2])
    of_one_kind = are_alike(trained, x.dtype) and are_alike(running, x.dtype)
    if not (of_one_kind and has_kernels(x.dtype, _KERNELS)):
        return None
    return Recipe(tuple(part.layer() for part in parts), trained, statistics)
