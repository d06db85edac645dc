"""Penalties on wavelet coefficients: the l1 norm, under which natural signals are short.

The transforms are in ``transforms/wavelets.py``.
"""

from __future__ import annotations

from abc import abstractmethod

import pywt
import torch
from torch import Tensor

from autoden.checks import flag, whole_number
from autoden.errors import InputError
from autoden.losses.regularizers import LossRegularizer, Reduction, length
from autoden.transforms.wavelets import WaveletCoefficients, as_wavelet, dwtn, max_level, swtn


class _LossWavelet(LossRegularizer):
    """What both penalties share: the absolute coefficients, weighed by their level."""

    def __init__(
        self, lambda_val: float, wavelet: str | pywt.Wavelet, level: int, n_dims: int,
        isotropic: bool, min_approx: bool, lvl_scale: bool, reduction: Reduction,
    ) -> None:  # fmt: skip
        super().__init__(lambda_val, reduction, n_dims)
        self.wavelet = as_wavelet(wavelet)
        self.level = whole_number("level", level)
        self.isotropic = flag("isotropic", isotropic)
        self.min_approx = flag("min_approx", min_approx)
        self.lvl_scale = flag("lvl_scale", lvl_scale)

    @abstractmethod
    def _transform(self, output: Tensor, level: int) -> WaveletCoefficients:
        """Return the coefficients that are penalised."""

    def _magnitudes(self, output: Tensor) -> list[Tensor]:
        """Return one tensor (N, C, bands, *S') for each level and one for the approximation."""
        shape = tuple(output.shape[2:])
        level = min(self.level, max_level(shape))
        if level < 1:
            raise InputError(
                f"{type(self).__name__} was given an output of shape {tuple(output.shape)}: each "
                "spatial axis needs at least 2 elements."
            )
        found = self._transform(output, level)
        weights = [2.0 ** (-len(shape) * i * self.lvl_scale) for i in range(level, 0, -1)]
        magnitudes = [
            weight * (length(bands, dim=2).unsqueeze(2) if self.isotropic else bands.abs())
            for weight, bands in zip(weights, found.details, strict=True)
        ]
        if self.min_approx:
            magnitudes.append(weights[0] * found.approximation.unsqueeze(2).abs())
        return magnitudes


class LossDWTN(_LossWavelet):
    r"""The l1 norm of decimated wavelet coefficients (Donoho & Johnstone 1994).

    .. math::
        \lambda\,\mathrm{mean}\left(\{s_j |d_{jb}[i]|\}_{j,b,i} \cup \{s_J |a[i]|\}_i\right)

    over the details :math:`d` at the levels :math:`j = 1 \dots J`, the bands :math:`b` and the
    positions :math:`i`, and over the approximation :math:`a`; :math:`s_j` is 1, or
    :math:`2^{-nj}` in :math:`n` dimensions with `lvl_scale`. There are about as many coefficients
    as elements of the output. Beyond its ends the output is mirrored.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    wavelet : str or pywt.Wavelet
        A discrete wavelet, such as "haar", "db2" or "sym4".
    level : int
        Levels of the transform. Outputs that are too small for it are penalised at fewer levels,
        as many as `autoden.transforms.wavelets.max_level` says.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    isotropic : bool
        The details of one level at one position count by their Euclidean length, as one.
    min_approx : bool
        Penalise the approximation too.
    lvl_scale : bool
        Weigh the levels by :math:`2^{-nj}`.
    reduction : {"mean", "sum"}
        How the absolute coefficients become one number.

    Raises
    ------
    InputError
        A setting out of range; from the call, an output with an axis of one element.

    Examples
    --------
    >>> step = torch.tensor([[[0.0, 0.0, 0.0, 2.0]]])
    >>> LossDWTN(1.0, level=1, n_dims=1, min_approx=False, reduction="sum")(step)
    tensor(1.4142)
    """

    def __init__(
        self, lambda_val: float, wavelet: str | pywt.Wavelet = "haar", level: int = 2,
        n_dims: int = 2, isotropic: bool = False, min_approx: bool = True, lvl_scale: bool = False,
        reduction: Reduction = "mean",
    ) -> None:  # fmt: skip
        super().__init__(
            lambda_val, wavelet, level, n_dims, isotropic, min_approx, lvl_scale, reduction
        )

    def _transform(self, output: Tensor, level: int) -> WaveletCoefficients:
        return dwtn(output, self.wavelet, level)

    def roughness(self, output: Tensor) -> Tensor:
        """Return the weighed absolute coefficients, one after the other."""
        return torch.cat([values.flatten() for values in self._magnitudes(output)])


class LossSWTN(_LossWavelet):
    r"""The l1 norm of stationary wavelet coefficients, the same wherever a feature lies.

    .. math::
        \lambda\,\mathrm{mean}_i \left(\sum_j s_j \sum_b |d_{jb}[i]| + s_J |a[i]|\right)

    over the levels :math:`j = 1 \dots J`, the bands :math:`b` of the details and the approximation
    :math:`a`, at each element :math:`i`; :math:`s_j = 2^{-nj}` in :math:`n` dimensions with
    `lvl_scale`, otherwise 1. So scaled, the sum is the average of the decimated `LossDWTN` over
    all shifts of the output ("cycle spinning", Coifman & Donoho 1995). Beyond its ends the output
    is mirrored.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    wavelet : str or pywt.Wavelet
        A discrete wavelet, such as "haar", "db2" or "sym4".
    level : int
        Levels of the transform. Outputs that are too small for it are penalised at fewer levels,
        as many as `autoden.transforms.wavelets.max_level` says.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    isotropic : bool
        The details of one level at one position count by their Euclidean length, as one.
    min_approx : bool
        Penalise the approximation too.
    lvl_scale : bool
        Weigh the levels by :math:`2^{-nj}`.
    reduction : {"mean", "sum"}
        How the penalties of the elements become one number.

    Raises
    ------
    InputError
        A setting out of range; from the call, an output with an axis of one element.

    Examples
    --------
    >>> x = torch.zeros(1, 1, 16)
    >>> x[..., 7] = 1
    >>> loss = LossSWTN(1.0, n_dims=1)
    >>> torch.isclose(loss(x), loss(x.roll(1)))
    tensor(True)
    """

    def __init__(
        self, lambda_val: float, wavelet: str | pywt.Wavelet = "haar", level: int = 2,
        n_dims: int = 2, isotropic: bool = False, min_approx: bool = True, lvl_scale: bool = True,
        reduction: Reduction = "mean",
    ) -> None:  # fmt: skip
        super().__init__(
            lambda_val, wavelet, level, n_dims, isotropic, min_approx, lvl_scale, reduction
        )

    def _transform(self, output: Tensor, level: int) -> WaveletCoefficients:
        return swtn(output, self.wavelet, level, mode="symmetric")

    def roughness(self, output: Tensor) -> Tensor:
        """Return the weighed absolute coefficients of each element, shape (N, C, *S)."""
        return torch.cat(self._magnitudes(output), dim=2).sum(dim=2)
