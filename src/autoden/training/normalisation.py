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


class NormalisationMeter:
    """Measures the statistics of a network, again and again on inputs of the same sizes.

    Parameters
    ----------
    model : torch.nn.Module
        Its layers of batch normalisation get new statistics; others stay as they are.

    Examples
    --------
    >>> layer = nn.BatchNorm1d(1)
    >>> NormalisationMeter(layer).measure([torch.tensor([[[1.0, 3.0]]])])
    >>> layer.running_mean.item(), layer.running_var.item()
    (2.0, 1.0)
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._n_averaged: dict[_BatchNorm, int] = {}

    @torch.no_grad()
    def measure(self, inputs: Iterable[Tensor]) -> None:
        """Measure on some inputs and leave the network in inference mode.

        Parameters
        ----------
        inputs : iterable of Tensor
            Batches (N, C, *S), as they are trained on.
        """
        if self._n_averaged:
            update_bn(inputs, self._model)
        else:
            self._measure_and_count(inputs)
        for layer, n in self._n_averaged.items():
            if layer.running_var is not None and n > 1:
                layer.running_var.mul_((n - 1) / n)
        self._model.eval()

    def _measure_and_count(self, inputs: Iterable[Tensor]) -> None:
        """Measure, and count how many numbers of a channel each layer averages over.

        That takes hooks, which keep layers from being computed together, so it is done once.
        """

        def count(layer: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            assert isinstance(layer, _BatchNorm)
            self._n_averaged[layer] = arguments[0].numel() // arguments[0].shape[1]

        hooks = [
            module.register_forward_pre_hook(count)
            for module in self._model.modules()
            if isinstance(module, _BatchNorm) and module.track_running_stats
        ]
        try:
            update_bn(inputs, self._model)
        finally:
            for hook in hooks:
                hook.remove()
