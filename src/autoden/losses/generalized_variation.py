"""Total generalized variation: edges cost what they do in total variation, slopes cost nothing.

Its value is itself the minimum of a problem over vector fields. A few steps of a primal-dual
algorithm solve it well enough for a penalty, and outside of any graph: the derivative of a minimum
needs its solution, not the way there.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from autoden.checks import flag, whole_number
from autoden.losses.regularizers import LossRegularizer, Reduction, gradient, length
from autoden.models.nd import nd_layers

EDGE_WEIGHT = 1.0
SLOPE_WEIGHT = 2.0


class LossTGV(LossRegularizer):
    r"""Total generalized variation of second order (Bredies, Kunisch & Pock 2010).

    .. math::
        \mathrm{TGV}(f) = \min_w \sum \alpha_1 |\nabla f - w| + \alpha_0 |\mathcal{E} w|,
        \qquad \mathcal{E} w = (\nabla w + \nabla w^T) / 2,

    with the usual weights :math:`\alpha_1 = 1` and :math:`\alpha_0 = 2`. The field :math:`w` takes
    over the slopes of :math:`f`, so that only changes of slope cost where :math:`f` is smooth:
    affine signals cost nothing, and the staircases of total variation do not appear. It is never
    more than the total variation.

    Differences are forward, between elements of the signal only. The minimum is sought anew for
    each output, by a fixed number of steps of the primal-dual algorithm (Pock & Chambolle 2011,
    with steps in proportion to the gradients nearby). The value is that of the saddle function,
    :math:`\langle \nabla f - w, p \rangle + \langle \mathcal{E} w, q \rangle`, within about 1 % of
    the minimum for images and spectra after 20 steps. The derivative is :math:`\nabla^T p`, which
    converges to that of the minimum where there is one.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    reduction : {"mean", "sum"}
        How the element-wise penalties become one number.
    isotropic : bool
        :math:`|\cdot|` is the Euclidean (Frobenius) length instead of the sum of the components.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    n_steps : int, default: 20
        Steps of the primal-dual algorithm; each costs about twice as much as total variation.

    Examples
    --------
    A slope costs its total variation, but no generalized variation; a step costs both:

    >>> slope = torch.arange(8.0).reshape(1, 1, 8)
    >>> LossTGV(1.0, reduction="sum", n_dims=1)(slope).item()
    0.0
    >>> step = (slope > 3).float()
    >>> round(LossTGV(1.0, reduction="sum", n_dims=1, n_steps=200)(step).item(), 3)
    1.0
    """

    def __init__(
        self, lambda_val: float, reduction: Reduction = "mean", isotropic: bool = True,
        n_dims: int = 2, n_steps: int = 20,
    ) -> None:  # fmt: skip
        super().__init__(lambda_val, reduction, n_dims)
        self.isotropic = flag("isotropic", isotropic)
        self.n_steps = whole_number("n_steps", n_steps)

    def roughness(self, output: Tensor) -> Tensor:
        """Generalized variation around each element; only its sum has a meaning of its own."""
        slopes = gradient(output)  # (n_dims, N, C, *S)
        with torch.no_grad():
            w, p, q = self._saddle_point(slopes.detach())
            constant = (self._bend(w) * q).sum(dim=0) - (w * p).sum(dim=0)
        return (slopes * p).sum(dim=0) + constant

    def _saddle_point(self, slopes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Minimise over w and maximise over p and q, within the unit balls of their norms."""
        step_w, step_p, step_q = self._steps(slopes)
        # Start from the better of two guesses around each element: all slope, or all edge.
        as_slope = SLOPE_WEIGHT * _nearby(self._norm(self._bend(slopes)))
        as_edge = EDGE_WEIGHT * _nearby(self._norm(slopes))
        w = torch.where(as_slope < as_edge, slopes, 0.0)
        ahead, p, q = w, torch.zeros_like(w), torch.zeros_like(self._bend(w))
        for _ in range(self.n_steps):
            p = self._project(p + step_p * (slopes - ahead), EDGE_WEIGHT)
            q = self._project(q + step_q * self._bend(ahead), SLOPE_WEIGHT)
            moved = w + step_w * (p - self._unbend(q))
            ahead, w = 2 * moved - w, moved
        return w, p, q

    def _steps(self, slopes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Lengths of the steps of w, p and q at each element, shape (N, C, *S).

        Any positive `scale` of w converges, if the steps divide it by the sums of the absolute
        entries of the operator's columns, and one by the sums of its scaled rows.
        """
        axes = range(2, slopes.ndim - 1)
        size = length(slopes, dim=0)
        scale = 0.3 * (_nearby(size) + 0.3 * size.mean(dim=tuple(axes), keepdim=True))
        scale = scale.clamp_min(torch.finfo(scale.dtype).tiny)
        mixed = self._mixed_weight
        rows = [scale + _following(scale, d) for d in axes]
        rows += [mixed * (rows[a - 2] + rows[b - 2]) for a, b in combinations(axes, 2)]
        step_w = scale / (3 + 2 * mixed * (len(axes) - 1))
        return step_w, 1 / scale, 1 / torch.stack(rows).amax(dim=0)

    @property
    def _mixed_weight(self) -> float:
        """An entry off the diagonal is there twice, in the sum and in the length of all entries."""
        return 0.5**0.5 if self.isotropic else 1.0

    def _bend(self, w: Tensor) -> Tensor:
        """Symmetric gradient of a field: its n entries on the diagonal, then those above it."""
        axes = range(2, w.ndim - 1)
        diagonal = [_without_end(_difference(w[d - 2], d), d) for d in axes]
        mixed = [
            self._mixed_weight * (_difference(w[a - 2], b) + _difference(w[b - 2], a))
            for a, b in combinations(axes, 2)
        ]
        return torch.stack(diagonal + mixed)

    def _unbend(self, q: Tensor) -> Tensor:
        """Adjoint of `_bend`."""
        axes = range(2, q.ndim - 1)
        w = [_adjoint_difference(_without_end(q[d - 2].clone(), d), d) for d in axes]
        for entry, (a, b) in zip(q[len(axes) :], combinations(axes, 2), strict=True):
            w[a - 2] += self._mixed_weight * _adjoint_difference(entry, b)
            w[b - 2] += self._mixed_weight * _adjoint_difference(entry, a)
        return torch.stack(w)

    def _norm(self, vectors: Tensor) -> Tensor:
        return length(vectors, dim=0) if self.isotropic else vectors.abs().sum(dim=0)

    def _project(self, vectors: Tensor, bound: float) -> Tensor:
        """Shorten vectors to the ball of the dual norm."""
        if not self.isotropic:
            return vectors.clamp(-bound, bound)
        return vectors * (bound / length(vectors, dim=0).clamp_min(bound))


def _difference(x: Tensor, dim: int) -> Tensor:
    """Forward difference, 0 at the end."""
    return x.diff(dim=dim, append=x.narrow(dim, -1, 1))


def _adjoint_difference(x: Tensor, dim: int) -> Tensor:
    """Adjoint of `_difference`."""
    zero = torch.zeros_like(x.narrow(dim, 0, 1))
    inner = x.narrow(dim, 0, x.shape[dim] - 1)
    return -torch.cat([zero, inner, zero], dim=dim).diff(dim=dim)


def _without_end(x: Tensor, dim: int) -> Tensor:
    """Clear, in place, the difference to the last slope, which is none: it reaches past the end."""
    if x.shape[dim] > 1:
        x.narrow(dim, -2, 1).zero_()
    return x


def _following(x: Tensor, dim: int) -> Tensor:
    """Return the next element along an axis, the last one twice."""
    return torch.cat([x.narrow(dim, 1, x.shape[dim] - 1), x.narrow(dim, -1, 1)], dim=dim)


def _nearby(x: Tensor) -> Tensor:
    """Mean over the elements of (N, C, *S) up to two away, or as many as there are."""
    pool = nd_layers(x.ndim - 2).avg_pool
    sizes = [min(5, n - 1 + n % 2) for n in x.shape[2:]]
    return pool(x, sizes, stride=1, padding=[n // 2 for n in sizes], count_include_pad=False)
