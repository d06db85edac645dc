"""Noise2Void: predict hidden pixels from their surroundings (Krull et al., CVPR 2019).

The noise of a pixel is independent of its neighbours, the truth is not. A network that is asked
for a pixel that it does not see can only predict what the neighbours know of it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from autoden.algorithms.arrays import PairArrays, checked_array, checked_indices
from autoden.algorithms.blind_spots import BlindSpots, Replacement, checked_mask_shape, dilate
from autoden.algorithms.contest import Contest
from autoden.algorithms.datasets import AugmentationRotation90, AugmentationRotationAny
from autoden.algorithms.denoiser import Denoiser
from autoden.algorithms.network import ModelLike
from autoden.checks import choice
from autoden.errors import InputError
from autoden.models.config import NETWORKS
from autoden.models.params import NetworkParamsUNet
from autoden.randomness import numpy_generator, torch_generator
from autoden.signals.layout import to_network, to_realizations
from autoden.signals.values import check_finite, check_numeric
from autoden.training.held_out import draw_held_out_samples
from autoden.training.history import History
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

Variant = Literal["n2v", "n2v2"]

N_SCORED, MAX_SCORED = 256, 0.1
"""So many pixels are scored, where a tenth of the data is so many: fewer are a poor judge."""


class N2V(Denoiser):
    """Denoise single measurements whose noise is independent from pixel to pixel.

    Parameters
    ----------
    model
        As in `Denoiser`; its channels in and out must be equal.
    variant : {"n2v", "n2v2"}
        "n2v2" avoids chequerboards (Hoeck et al. 2022): hidden pixels are replaced by a median,
        and a U-Net blurs before it halves and does without its topmost skip.
    replacement : {"neighbour", "median", "noise"}, optional
        What takes the place of a hidden pixel: a random neighbour, the median of the
        surroundings, or random numbers. None chooses by the variant.
    **options
        What else `Denoiser` takes.

    References
    ----------
    A. Krull, T.-O. Buchholz, F. Jug, "Noise2Void - learning denoising from single noisy images",
    CVPR 2019. E. Hoeck et al., "N2V2 - fixing Noise2Void checkerboard artifacts with modified
    sampling strategies and a tweaked network architecture", 2022. C. Broaddus et al., "Removing
    structured noise with self-supervised blind-spot networks", ISBI 2020.

    Examples
    --------
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (4, 32, 32))
    >>> model = ad.NetworkParamsUNet(n_features=4, n_levels=2)
    >>> n2v = ad.N2V(model, seed=0, verbose=False)
    >>> inp, test_indices = n2v.prepare_data(noisy)
    >>> losses = n2v.train(inp, test_indices, epochs=2)
    >>> n2v.infer(inp).shape
    (4, 32, 32)
    """

    saved_options: ClassVar[tuple[str, ...]] = ("variant", "replacement")

    def __init__(
        self,
        model: ModelLike,
        *arguments: Any,
        variant: Variant = "n2v",
        replacement: Replacement | None = None,
        **options: Any,
    ) -> None:
        choice("variant", variant, get_args(Variant))
        if variant == "n2v2":
            model = _as_n2v2(model)
        super().__init__(model, *arguments, **options)
        self.variant = variant
        self.replacement: Replacement = choice(
            "replacement",
            replacement or ("median" if variant == "n2v2" else "neighbour"),
            get_args(Replacement),
        )

    def prepare_data(
        self, inp: ArrayLike, num_tst_ratio: float = 0.2, channel_axis: int | None = None
    ) -> tuple[NDArray[np.floating], list[int]]:
        """Arrange measurements, and choose those that are held out.

        Parameters
        ----------
        inp : array_like
            One or more measurements, real or complex: the last axes are space, as many as the
            network takes; those before (but for the channels) count measurements.
        num_tst_ratio : float
            Share of measurements to hold out, from 0 to below 1. Of a single one nothing can be
            held out as a whole; some of its pixels serve instead.
        channel_axis : int, optional
            Axis of the channels, for networks with more than one.

        Returns
        -------
        inp : ndarray
            Shape (..., [C,] *S), in data units, floating point; complex data become two channels.
        test_indices : list of int
            Which measurements are held out, counted over all leading axes.

        Raises
        ------
        InputError
            NaN or infinity, axes that do not fit the network, or a share outside its range.
        """
        self._check_same_channels("Noise2Void")
        data = to_realizations(
            check_finite(check_numeric(inp)),
            n_dims=self.n_dims,
            n_channels=self.n_channels_in,
            realizations_axis=None,
            channel_axis=channel_axis,
        )
        data = data.astype(np.result_type(data.dtype, np.float32))  # a copy, floating point
        n_samples = math.prod(data.shape[: data.ndim - self._kind.n_axes_in])
        rng = numpy_generator(self.seed, "held out")
        return data, draw_held_out_samples(n_samples, num_tst_ratio, rng=rng)

    def train(
        self,
        inp: ArrayLike,
        tst_inds: Sequence[int] | NDArray[np.integer],
        *,
        epochs: int,
        mask_shape: int | Sequence[int] | NDArray[np.integer] = 1,
        ratio_blind_spot: float = 0.015,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        lower_limit: float | NDArray[np.floating] | None = None,
        restarts: int | None = None,
        accum_grads: bool = False,
        observers: Sequence[Observer] = (),
    ) -> History:
        """Train the network; the weights that did best on held-out blind spots are kept.

        Each epoch hides other pixels. The pixels that are scored are drawn once and are hidden
        in the same way all along, so that the scores of epochs compare: in the held-out
        measurements or, where there are none, in every measurement.

        Parameters
        ----------
        inp : array_like
            As `prepare_data` gives it.
        tst_inds : sequence of int
            Held-out measurements, as `prepare_data` gives them.
        mask_shape : int or sequence of int
            Extent in pixels of what is hidden together, one odd number or one per axis: 1 for
            noise that is independent from pixel to pixel, (1, 9) for noise that is correlated
            over up to 4 pixels along the last of two axes. Wide masks along all axes of images and
            volumes are learnt as holes to be filled and do badly (a warning says so).
        ratio_blind_spot : float
            Share of pixels to predict at a time, above 0 and below 1; at least one pixel of each
            measurement.
        epochs, learning_rate, optimizer, restarts, accum_grads
            See `TrainingSettings`.
        lower_limit : float or ndarray, optional
            Values below it, in data units, are penalised while training and never come out of
            `infer`. An array has the shape of one measurement, ([C,] *S).
        observers : sequence of Observer
            Called after each epoch.

        Returns
        -------
        History
            A mapping of loss curves; see `N2N.train`.

        Raises
        ------
        InputError
            Data that do not fit the network or are too short for blind spots, constant data,
            indices of no measurement, or settings outside their range; all before any training.
        TrainingError
            The gradients stayed invalid.
        """
        settings = TrainingSettings(epochs, learning_rate, optimizer, restarts, accum_grads)
        shape = checked_mask_shape(mask_shape, self.n_dims)
        spots = BlindSpots(
            shape, ratio_blind_spot, self.replacement, torch_generator(self.seed, self.device)
        )
        arrays = self._hold_out(checked_array(inp, "inp"), tst_inds, spots)
        self._check_mask(shape)
        options = {
            "mask_shape": shape,
            "ratio_blind_spot": float(ratio_blind_spot),
            "replacement": self.replacement,
            "variant": self.variant,
        }
        return self._train_pairs(
            arrays, settings, lower_limit, observers, views=[spots], options=options
        )

    def _check_mask(self, mask_shape: tuple[int, ...]) -> None:
        """Refuse a mask that augmentations turn away from its axis; warn of one that is a block."""
        turns = (AugmentationRotation90, AugmentationRotationAny)
        if len(set(mask_shape)) > 1 and any(isinstance(a, turns) for a in self._augmentations):
            raise InputError(
                f"`mask_shape` is {mask_shape}, for noise along one axis, which a rotation would "
                "turn to another: train without rotations."
            )
        if self.n_dims > 1 and min(mask_shape) > 1:
            warnings.warn(
                f"`mask_shape` {mask_shape} hides whole blocks. The network learns to fill holes "
                "and is then used on data without any: the wider the blocks, the worse, and the "
                "held-out loss does not show it. Prefer a mask along one axis, or compare with "
                "`mask_shape=1`.",
                UserWarning,
                stacklevel=3,
            )

    def _hold_out(
        self, data: NDArray[np.float64], tst_inds: Sequence[int] | NDArray[Any], spots: BlindSpots
    ) -> PairArrays:
        """Hide the pixels that will be scored, once and for all."""
        samples, _ = to_network(data, n_dims=self.n_dims, n_channels=self.n_channels_in)
        test = checked_indices(tst_inds, len(samples))
        allowed = np.zeros((len(samples), 1, *samples.shape[2:]), dtype=np.bool_)
        allowed[test if test else slice(None)] = True
        ratio = max(spots.ratio, min(MAX_SCORED, N_SCORED / int(allowed.sum())))
        once = replace(spots, ratio=ratio, generator=torch_generator(self.seed))
        scored = once.draw(torch.tensor(allowed))
        inputs = once.hide(torch.tensor(samples), scored).numpy().reshape(data.shape)
        masks = (
            scored.numpy(),
            ~(allowed if test else scored.numpy()),
            dilate(scored, spots.mask_shape).numpy(),
        )
        held_out, trains, hidden = (
            np.broadcast_to(mask, samples.shape).reshape(data.shape) for mask in masks
        )
        return PairArrays(inputs, data, held_out, trains, hidden)

    def _contest(self, arrays: PairArrays) -> Contest:
        return Contest.of_hidden(arrays, self._kind.n_axes_in)


def _as_n2v2(model: ModelLike) -> ModelLike:
    """Give a U-Net its options for N2V2; refuse what cannot have them."""
    if isinstance(model, str) and NETWORKS.get(model.lower()) is NetworkParamsUNet:
        model = NetworkParamsUNet()
    if isinstance(model, NetworkParamsUNet):
        return replace(model, blur_pool=True, top_skip=False)
    params = getattr(model, "init_params", {}) if isinstance(model, nn.Module) else {}
    if params.get("blur_pool") and params.get("top_skip") is False:
        return model
    raise InputError(
        f"`variant` is 'n2v2', which changes a U-Net, but `model` is {model!r}: give \"unet\", "
        "NetworkParamsUNet(...), or variant='n2v' with replacement='median'."
    )
