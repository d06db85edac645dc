"""A bank of filters learnt from data: a Parseval frame under which the data are sparse.

Rotating an orthonormal basis of small patches gives every orthonormal basis of them, and an
orthonormal basis of patches, read at every position, is a Parseval frame of images: nothing is
lost whatever is learnt. So a rotation of the cosine basis is learnt, by the l1 norm of the
coefficients (the "data-driven tight frames" of Cai, Ji, Shen & Ye 2014), and its frequencies are
known from it at once. Analysis and synthesis themselves are in ``filter_banks.py``.
"""

from __future__ import annotations

import copy
from functools import reduce
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct
from torch import Tensor, nn
from torch.nn import functional

from autoden.checks import choice, number, seed_or_none, whole_number
from autoden.errors import InputError
from autoden.randomness import torch_generator
from autoden.transforms.extension import Mode
from autoden.transforms.filter_banks import (
    CustomFilterDecomposition,
    analyze,
    correlate,
    synthesize,
)


class ParsevalFilterBankND(nn.Module):
    r"""A learnable bank of filters that always is a Parseval frame.

    The filters are the rows of :math:`k^{-n/2}\,\mathrm{diag}(1, e^{A - A^T})\,B`, with
    :math:`B` the orthonormal cosine basis (DCT-II) of patches of :math:`k^n` pixels and
    :math:`A` the parameters, 0 at first, so that learning starts from the cosines. The first
    filter is constant (for one channel, the mean of the patch); all others have zero mean, and
    all are orthogonal and of norm :math:`k^{-n/2}`, so that their power spectra sum to 1 at
    every frequency.

    Parameters
    ----------
    k : int
        Pixels of a filter along each axis, at least 2.
    n_dims : {1, 2, 3}
        How many axes are spatial.
    in_ch : int, default: 1
        Channels that a filter spans.
    m : int, optional
        How many filters; None makes the bank complete, with ``in_ch * k**n_dims``. Fewer are
        no frame: the synthesis then returns only what they see.

    Raises
    ------
    InputError
        A number out of range, or `m` larger than a complete bank.

    Examples
    --------
    >>> bank = ParsevalFilterBankND(3, n_dims=2)
    >>> bank.get_kernels().shape
    torch.Size([9, 1, 3, 3])
    >>> x = torch.rand(1, 1, 20, 15)
    >>> torch.allclose(bank.synthesize(bank.analyze(x)), x, atol=1e-5)
    True
    """

    basis: Tensor
    frequencies: Tensor

    def __init__(self, k: int, n_dims: int = 2, in_ch: int = 1, m: int | None = None) -> None:
        super().__init__()
        self.k = whole_number("k", k, at_least=2)
        self.n_dims = choice("n_dims", n_dims, (1, 2, 3))
        self.in_ch = whole_number("in_ch", in_ch)
        complete = self.in_ch * self.k**self.n_dims
        self.m = complete if m is None else whole_number("m", m)
        if self.m > complete:
            raise InputError(
                f"`m` is {m}: there are at most {complete} orthogonal filters of {self.k} pixels "
                f"along {self.n_dims} axes and {self.in_ch} channels."
            )
        axes = [self.in_ch] + [self.k] * self.n_dims
        basis = reduce(np.kron, (dct(np.eye(size), norm="ortho", axis=0) for size in axes))
        # Spatial frequencies of its rows, of length 1 where all axes have the highest.
        indices = np.array(list(product(*map(range, axes))))[:, 1:]
        frequencies = np.linalg.norm(indices / (self.k - 1), axis=1) / self.n_dims**0.5
        dtype = torch.get_default_dtype()
        self.register_buffer("basis", torch.tensor(basis, dtype=dtype), persistent=False)
        self.register_buffer(
            "frequencies", torch.tensor(frequencies, dtype=dtype), persistent=False
        )
        self.generators = nn.Parameter(torch.zeros(complete - 1, complete - 1))

    def _rows(self) -> Tensor:
        """Return the filters in the cosine basis, orthonormal: shape (m, in_ch * k**n_dims)."""
        skew = functional.pad(self.generators - self.generators.T, (1, 0, 1, 0))  # spares the first
        rotation: Tensor = torch.linalg.matrix_exp(skew)
        return rotation[: self.m]

    def get_kernels(self) -> Tensor:
        """Return the filters, of shape (m, in_ch, *K); differentiable."""
        kernels: Tensor = self._rows() @ self.basis / (self.k**self.n_dims) ** 0.5
        return kernels.reshape(self.m, self.in_ch, *[self.k] * self.n_dims)

    def analyze(self, x: Tensor, mode: Mode = "periodic") -> Tensor:
        """Return the coefficients (N, m, *S) of a signal (N, in_ch, *S)."""
        return analyze(x, self.get_kernels().to(x.dtype), mode)

    def synthesize(self, coefficients: Tensor) -> Tensor:
        """Return the signal (N, in_ch, *S) of periodic coefficients (N, m, *S)."""
        return synthesize(coefficients, self.get_kernels().to(coefficients.dtype))

    @torch.no_grad()
    def get_filter_weights(self, exponent: float = 2) -> NDArray[np.float64]:
        r"""Return how much each filter should be penalised, by its mean frequency.

        The weight of a filter with the power :math:`P_b` at the cosine of frequency :math:`f_b`
        is :math:`(\sum_b P_b f_b / \sum_b P_b)^e`: 0 for the constant filter, 1 for the highest
        frequency along all axes.

        Parameters
        ----------
        exponent : float, default: 2
            :math:`e`, above 0; a higher one spares low frequencies more.

        Returns
        -------
        ndarray
            Shape (m,), from 0 to 1.
        """
        number("exponent", exponent, above=0)
        mean = self._rows().square() @ self.frequencies
        weights: NDArray[np.float64] = mean.clamp(0, 1).double().pow(exponent).cpu().numpy()
        return weights

    def get_custom_decomposition(self) -> CustomFilterDecomposition:
        """Return the bank with its filters as they are now, no longer learnable."""
        return CustomFilterDecomposition(self.get_kernels())


class SparsityTraining(NamedTuple):
    """What `train_sparsity` returns.

    Attributes
    ----------
    filterbank : ParsevalFilterBankND
        The bank that was given, with the filters that were best on the validation data.
    losses : dict of str to ndarray
        Mean absolute coefficients, one value per epoch: `sparsity_trn`, on average during the
        epoch, and `sparsity_val`, at its end.
    """

    filterbank: ParsevalFilterBankND
    losses: dict[str, NDArray[np.float64]]


def train_sparsity(
    filterbank: ParsevalFilterBankND, data_trn: ArrayLike, data_val: ArrayLike,
    n_epochs: int = 50, batch_size: int = 16, lr: float = 3e-3, *, seed: int | None = None,
) -> SparsityTraining:  # fmt: skip
    r"""Learn the filters under which data are sparsest.

    Minimises the mean of :math:`|c|` over the coefficients of all filters but the constant one,
    at all positions where a filter lies within the image, with Adam. The filters keep the best
    validation loss, so they never get worse than they were. Meant for complete banks: a bank of
    fewer filters learns those to which the data have least to say.

    Parameters
    ----------
    filterbank : ParsevalFilterBankND
        The bank, changed in place, on the device where to train it.
    data_trn, data_val : array_like
        Images to learn from and to validate with, of shape (N, *S) or (N, in_ch, *S).
    n_epochs : int, default: 50
        How many times to go through `data_trn`.
    batch_size : int, default: 16
        Images per step.
    lr : float, default: 3e-3
        Learning rate.
    seed : int, optional
        Order of the images; None follows the state of torch.

    Returns
    -------
    SparsityTraining
        The bank and its losses.

    Raises
    ------
    InputError
        Images of another shape, smaller than a filter, or not finite; a number out of range.

    Examples
    --------
    >>> images = np.random.default_rng(0).normal(size=(8, 16, 16)).cumsum(axis=1).cumsum(axis=2)
    >>> bank = ParsevalFilterBankND(3)
    >>> bank, losses = train_sparsity(bank, images[:6], images[6:], n_epochs=5, seed=0)
    >>> bool(losses["sparsity_val"][-1] < losses["sparsity_val"][0])
    True
    """
    whole_number("n_epochs", n_epochs)
    whole_number("batch_size", batch_size)
    optimizer = torch.optim.Adam(filterbank.parameters(), lr=number("lr", lr, above=0))
    generator = torch_generator(seed_or_none(seed))
    train, val = (
        _samples(name, data, filterbank)
        for name, data in (("data_trn", data_trn), ("data_val", data_val))
    )
    best, best_val = copy.deepcopy(filterbank.state_dict()), _validate(filterbank, val, batch_size)
    losses: dict[str, list[float]] = {"sparsity_trn": [], "sparsity_val": []}
    for _ in range(n_epochs):
        order = torch.randperm(len(train), generator=generator).to(train.device)
        total = train.new_zeros(())
        for start in range(0, len(train), batch_size):
            batch = train[order[start : start + batch_size]]
            loss = _sparsity(filterbank, batch)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.detach() * len(batch)
        losses["sparsity_trn"].append(total.item() / len(train))
        losses["sparsity_val"].append(_validate(filterbank, val, batch_size))
        if losses["sparsity_val"][-1] < best_val:
            best, best_val = copy.deepcopy(filterbank.state_dict()), losses["sparsity_val"][-1]
    filterbank.load_state_dict(best)
    return SparsityTraining(filterbank, {name: np.array(v) for name, v in losses.items()})


def _sparsity(filterbank: ParsevalFilterBankND, images: Tensor) -> Tensor:
    """Mean absolute coefficient, of the filters that can be learnt."""
    return correlate(images, filterbank.get_kernels()[1:]).abs().mean()


@torch.no_grad()
def _validate(filterbank: ParsevalFilterBankND, images: Tensor, batch_size: int) -> float:
    batches = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return sum(_sparsity(filterbank, b).item() * len(b) for b in batches) / len(images)


def _samples(name: str, data: ArrayLike, filterbank: ParsevalFilterBankND) -> Tensor:
    """Return images (N, *S) or (N, in_ch, *S) as (N, in_ch, *S), of the bank's type and place."""
    like = filterbank.generators
    samples = torch.as_tensor(np.asarray(data)).to(like.device, like.dtype)
    if samples.ndim == filterbank.n_dims + 1 and filterbank.in_ch == 1:
        samples = samples.unsqueeze(1)
    if (
        samples.ndim != filterbank.n_dims + 2
        or samples.shape[1] != filterbank.in_ch
        or min(samples.shape[2:]) < filterbank.k
        or not len(samples)
    ):
        raise InputError(
            f"`{name}` is of shape {tuple(samples.shape)}: give images (N, {filterbank.in_ch}, *S) "
            f"with {filterbank.n_dims} spatial axes of at least {filterbank.k} pixels."
        )
    if not samples.isfinite().all():
        raise InputError(f"`{name}` holds values that are not finite: remove NaN and infinity.")
    return samples
