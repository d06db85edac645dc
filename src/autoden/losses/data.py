"""Data terms: element-wise errors between an output and its target.

The engine weighs and averages them; nothing here knows about masks or batches.
"""

from __future__ import annotations

from torch import Tensor


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    r"""Squared difference, the data term of Gaussian noise and of Noise2Noise.

    Its mean over independent noisy targets is minimal where the output is the mean of the targets
    (Lehtinen et al., ICML 2018): :math:`E|f(u) - y|^2 = E|f(u) - x|^2 + \mathrm{const}` for
    :math:`y = x + n`, :math:`n` of zero mean and independent of :math:`u`.

    Parameters
    ----------
    output, target : Tensor
        The same shape.

    Returns
    -------
    Tensor
        The shape of the inputs.

    Examples
    --------
    >>> import torch
    >>> squared_error(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 4.0]))
    tensor([1., 4.])
    """
    return (output - target).square()
