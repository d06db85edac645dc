"""A network that is one chain of layers, and its gradients, without torch's graph.

For a small network torch takes longer to make a graph, and to go back through it, than the numbers
take. Where only the output is looked at, a chain can be gone through and back by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_

import torch
from torch import Tensor, nn

from autoden.models.dncnn import DnCNN
from autoden.models.narrow.availability import is_plain, just_computes
from autoden.models.narrow.chain import Chain, recipe_of
from autoden.models.narrow.function import Pass
from autoden.models.narrow.parts import NORMALISATIONS, is_just_called
from autoden.models.narrow.recipe import Recipe
from autoden.models.snapshot import Snapshot, has_hooks


class DirectNetwork:
    """Computes outputs of a network, and the gradients by its parameters.

    Made by `direct_network`. What the network computes with is looked up once; `can_pass` tells
    whether it is still so.

    Examples
    --------
    >>> network = DnCNN(n_layers=2, n_features=2, n_dims=1)
    >>> x, learning = torch.linspace(-1, 1, 8).reshape(1, 1, 8), list(network.parameters())
    >>> direct = direct_network(network, learning, x)
    >>> network(x).sum().backward()
    >>> if direct is not None:  # there may be no kernels
    ...     output, gradient = direct.forward(x)
    ...     assert torch.equal(output, network(x))
    ...     found = gradient(torch.ones(1, 1, 8))
    ...     assert torch.equal(found, torch.cat([p.grad.ravel() for p in learning]))
    """

    def __init__(self, network: nn.Module, recipe: Recipe, n_axes: int) -> None:
        self._recipe = recipe
        self._n_axes = n_axes
        of_inputs = (False, False)
        self._asked = (*of_inputs, *(weight is not None for weight in recipe.weights))
        self._n_learning = sum(w.numel() for w in recipe.weights if w is not None)
        self._snapshot = Snapshot(network)

    def can_pass(self, x: Tensor) -> bool:
        """Tell whether an input can be passed, and the graph would give the same.

        Parameters
        ----------
        x : Tensor
            Of any kind.
        """
        return (
            is_plain(x)
            and x.dtype is torch.float32
            and x.ndim == self._n_axes
            and x.shape[1] == self._recipe.layers[0].n_in
            and x.numel() > x.shape[1]  # of single numbers there are no statistics
            and not x.requires_grad
            and _learns_as_usual()
            and self._snapshot.holds()
        )

    def shape_of(self, x: Tensor) -> torch.Size:
        """Give the shape of the output for an input (N, C, *S): (N, n_out, *S)."""
        return torch.Size((len(x), self._recipe.layers[-1].n_out, *x.shape[2:]))

    def forward(self, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Pass an input; statistics follow it where layers normalise by the batch.

        Parameters
        ----------
        x : Tensor
            Shape (N, C, *S), which `can_pass`.

        Returns
        -------
        output : Tensor
            Shape (N, n_out, *S), float32.
        gradient : callable
            Turns the gradient by the output, of its shape, into those by all n numbers that learn,
            shape (n,), in the order of the parameters.
        """
        run = Pass(self._recipe, x, None)
        output, raws = run.output(), run.give_raws()

        def gradient(by_output: Tensor) -> Tensor:
            by_weights, _ = run.go_back(raws, by_output, self._asked)
            return torch.from_numpy(by_weights[: self._n_learning])

        return output, gradient


def direct_network(
    network: nn.Module, learning: Sequence[Tensor], x: Tensor
) -> DirectNetwork | None:
    """Make a `DirectNetwork` where a network is one chain that kernels compute.

    Parameters
    ----------
    network : torch.nn.Module
        To be a `DnCNN` or `Chain`, of that very class.
    learning : sequence of Tensor
        The parameters that learn: to be all of them, in their order.
    x : Tensor
        Shape (N, C, *S), float32, an example of what it will be given.

    Returns
    -------
    DirectNetwork or None
        None if there are no kernels, for any other network, with hooks, with parameters that do
        not learn, and where a normalisation counts its batches (``momentum=None``).
    """
    chain = network.layers if type(network) is DnCNN else network
    if type(chain) is not Chain or not (is_just_called(network) and is_just_called(chain)):
        return None
    if any(type(m) in NORMALISATIONS and m.momentum is None for m in chain.modules()):
        return None
    recipe = recipe_of(chain, x)
    if recipe is None or not all(p.requires_grad and not has_hooks(p) for p in learning):
        return None
    weights = [weight for weight in recipe.weights if weight is not None]
    learns_whole = len(weights) == len(learning) and all(map(is_, weights, learning))
    return DirectNetwork(network, recipe, x.ndim) if learns_whole else None


def _learns_as_usual() -> bool:
    """Tell whether torch would make a graph, and nothing but that."""
    return (
        torch.is_grad_enabled()
        and not torch.is_anomaly_enabled()
        and not torch.is_autocast_enabled("cpu")
        and just_computes()
    )
