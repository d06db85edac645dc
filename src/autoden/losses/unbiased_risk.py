r"""Stein's unbiased risk estimate: the error against the truth, from the noisy data themselves."""

from __future__ import annotations

from torch import Tensor


def unbiased_risk(
    output: Tensor,
    measured: Tensor,
    variance: Tensor | float,
    shifted: Tensor,
    probe: Tensor,
    step: float,
) -> Tensor:
    r"""Estimate the squared error of f(y), element by element (Stein 1981; Ramani et al. 2008).

    :math:`(f(y) - y)^2 - n + 2 n\, b\, (f(y + t b) - f(y)) / t`, with probes b of independent
    elements of mean 0 and variance 1 and a small step t. Its mean over noise and probes is that of
    :math:`(f(y) - x)^2` where the noise is normal, of variance n; for counts, of which y itself is
    an unbiased variance, it is so up to terms of second order in f.

    Parameters
    ----------
    output, measured : Tensor
        f(y) and y, of the same shape.
    variance : Tensor or float
        Variance n of the noise, of a shape that broadcasts to theirs.
    shifted : Tensor
        f(y + t b).
    probe : Tensor
        b.
    step : float
        t, in the units of y.

    Returns
    -------
    Tensor
        The shape of the inputs; single elements may be negative.

    References
    ----------
    C. Stein, "Estimation of the mean of a multivariate normal distribution", Ann. Stat. 9, 1135
    (1981). S. Ramani, T. Blu, M. Unser, "Monte-Carlo SURE: a black-box optimization of
    regularization parameters for general denoising algorithms", IEEE Trans. Image Process. 17,
    1540 (2008).

    Examples
    --------
    What changes nothing has the error of the noise itself:

    >>> import torch
    >>> y, probe = torch.zeros(3), torch.tensor([1.0, -1.0, 1.0])
    >>> unbiased_risk(y, y, 4.0, y + 0.5 * probe, probe, 0.5)
    tensor([4., 4., 4.])
    """
    divergence = probe * (shifted - output) / step
    return (output - measured).square() - variance + 2.0 * variance * divergence
