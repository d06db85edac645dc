"""Stacking: the one convex mixture of estimates that predicts best, the same in every channel."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from autoden.training.task import DataTerm

STEPS = 20
LEAST = 1e-4
"""Weights below this count as none."""


def stack(estimates: Tensor, target: Tensor, weight: Tensor, data_term: DataTerm) -> Tensor:
    """Find the weights, not negative and of sum 1, whose mixture predicts the targets best.

    Parameters
    ----------
    estimates : Tensor
        Shape (K, M, *S): M estimates from each of K parts.
    target : Tensor
        Shape (K, 1, *S): parts that the estimates did not see.
    weight : Tensor
        Shape (K, 1, *S): how much each target counts.
    data_term : callable
        The loss of each channel, given prediction and target.

    Returns
    -------
    Tensor
        Shape (M,).

    References
    ----------
    L. Breiman, "Stacked regressions", Machine Learning 24, 49 (1996).

    Examples
    --------
    >>> truth = torch.linspace(1, 2, 100)
    >>> estimates = torch.stack((truth + 0.3, truth - 0.1, -truth))[None]
    >>> squared = lambda output, target: (output - target) ** 2
    >>> stack(estimates, truth[None, None], torch.ones(1, 1, 100), squared).round(decimals=1)
    tensor([0.3000, 0.7000, 0.0000])
    """
    total = weight.sum()

    def evaluate(logits: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        shares = torch.as_tensor(logits, dtype=estimates.dtype).requires_grad_()
        mixed = torch.einsum("m,km...->k...", shares.softmax(0), estimates)[:, None]
        loss = (data_term(mixed, target) * weight).sum() / total
        (slope,) = torch.autograd.grad(loss, shares)
        return float(loss.detach()), slope.double().numpy()

    start = np.zeros(estimates.shape[1])
    # scipy's rather than torch's, which would bring in a compiler for a second first
    found = minimize(evaluate, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    weights = torch.as_tensor(found.x, dtype=estimates.dtype).softmax(0)
    return torch.where(weights < LEAST, 0, weights)
