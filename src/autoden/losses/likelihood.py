r"""What surroundings and a noisy value together say: their likelihood, and the estimate from both.

The surroundings give the truth x a normal distribution of mean m and variance s, the noise adds
its variance n to the measured y (Laine et al., NeurIPS 2019).
"""

from __future__ import annotations

from torch import Tensor

LEAST, MOST = -16.0, 8.0
"""Logarithms of variances are kept between these: data in the range of networks are of order 1."""


def surroundings_likelihood(
    mean: Tensor, log_variance: Tensor, measured: Tensor, noise: Tensor | float
) -> Tensor:
    r"""Half of :math:`(y - m)^2 / (s + n) + \log(s + n)`: the negative log-likelihood of y.

    Parameters
    ----------
    mean, log_variance, measured : Tensor
        m, log s and y, of the same shape.
    noise : Tensor or float
        Variance n of the noise, of a shape that broadcasts to theirs.

    Returns
    -------
    Tensor
        The shape of the inputs.

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(1)
    >>> surroundings_likelihood(zero, zero, torch.tensor([4.0]), 1.0)  # 16 / 2, log 2
    tensor([4.3466])
    """
    total = log_variance.clamp(LEAST, MOST).exp() + noise
    return 0.5 * ((measured - mean).square() / total + total.log())


def posterior_mean(
    mean: Tensor, log_variance: Tensor, measured: Tensor, noise: Tensor | float
) -> Tensor:
    r"""Give :math:`(y s + m n) / (s + n)`, the estimate with the least squared error.

    Parameters
    ----------
    mean, log_variance, measured, noise
        As in `surroundings_likelihood`.

    Returns
    -------
    Tensor
        The shape of the inputs.

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(1)
    >>> posterior_mean(zero, zero, torch.tensor([4.0]), 3.0)  # the noise is three times as large
    tensor([1.])
    """
    variance = log_variance.clamp(LEAST, MOST).exp()
    return (measured * variance + mean * noise) / (variance + noise)
