"""The statistics of batch normalisation, measured for the very weights that are kept.

While the weights change, the running statistics trail behind them; and torch keeps an unbiased
variance, though training divides by the biased one: in a deep level of a few elements the two
differ much. After this pass the network infers exactly what it learnt to give.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import update_bn


@torch.no_grad()
def measure_normalisation(model: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Measure the statistics on some inputs and leave the network in inference mode.

    Parameters
    ----------
    model : torch.nn.Module
        Its layers of batch normalisation get new statistics; others stay as they are.
    inputs : iterable of Tensor
        Batches (N, C, *S), as they are trained on.

    Examples
    --------
    >>> layer = nn.BatchNorm1d(1)
    >>> measure_normalisation(layer, [torch.tensor([[[1.0, 3.0]]])])
    >>> layer.running_mean.item(), layer.running_var.item()
    (2.0, 1.0)
    """
    layers = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    n_averaged = dict.fromkeys(layers, 2)

    def count(layer: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        n_averaged[layer] = arguments[0].numel() // arguments[0].shape[1]  # type: ignore[index]

    hooks = [layer.register_forward_pre_hook(count) for layer in layers]
    try:
        update_bn(inputs, model)
    finally:
        for hook in hooks:
            hook.remove()
    for layer, n in n_averaged.items():
        if layer.running_var is not None and n > 1:
            layer.running_var.mul_((n - 1) / n)
    model.eval()
