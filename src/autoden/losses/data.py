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


LEAST_RATE = 1e-3
"""Expected counts below which a rate is not told from zero, so that its logarithm is finite."""


def poisson_deviance(output: Tensor, target: Tensor) -> Tensor:
    r"""Half the Poisson deviance of counts from a rate, but for what the target alone decides.

    :math:`f - t \log f`, with the rate f floored at 0.001 counts: filters with negative lobes give
    outputs below it, which no counts can have. Its mean over independent counts is least where the
    output is their expected value, and every element counts by the information that it holds.

    Parameters
    ----------
    output, target : Tensor
        The same shape: the rate, and counts or an unbiased estimate of the rate.

    Returns
    -------
    Tensor
        The shape of the inputs.

    Examples
    --------
    >>> import torch
    >>> poisson_deviance(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 0.0]))
    tensor([1., 2.])
    """
    rate = output.clamp(min=LEAST_RATE)
    return rate - target * rate.log()
