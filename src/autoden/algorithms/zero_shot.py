"""What the methods share that learn from single noisy images, without repeats or clean ones.

Each makes of every measurement what is shown and what is asked for; here is how the measurement
is arranged, what is held out, and how the training is called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from autoden.algorithms.arrays import PairArrays, checked_array, checked_mask
from autoden.algorithms.augmentations.augmentation import Augmentation
from autoden.algorithms.contest import Contest
from autoden.algorithms.denoiser import Denoiser
from autoden.algorithms.network import KindOfData, ModelLike
from autoden.algorithms.pairs import PairsTask
from autoden.errors import InputError
from autoden.models.params import NetworkParams, NetworkParamsPlain
from autoden.randomness import numpy_generator, torch_generator
from autoden.signals.layout import to_network, to_realizations
from autoden.signals.scaling import DataScaleBias, check_varies, compute_scaling_selfsupervised
from autoden.signals.values import check_finite, check_numeric
from autoden.training.held_out import draw_held_out
from autoden.training.history import History
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

FILL_WIDTH = 1.0
"""Standard deviation in elements of the mean that takes the place of what is held out."""

LEAST_WEIGHT = 1e-6
"""Where what is known weighs less, far from all of it, its mean is left."""


@dataclass(frozen=True)
class Recipe:
    """How a method trains on its measurements.

    Attributes
    ----------
    arrays : PairArrays
        What is shown and asked for, in data units.
    make_task : callable
        Makes the task of the engine, as a `PairsTask` is made.
    views : sequence of Augmentation
        What changes anew in every epoch.
    options : mapping
        What a saved model tells beside the settings.
    """

    arrays: PairArrays
    make_task: Callable[..., PairsTask] = PairsTask
    views: Sequence[Augmentation] = ()
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ZeroShot(Denoiser):
    """Denoise single measurements whose noise is independent from element to element.

    Parameters
    ----------
    model
        As in `Denoiser`; its channels in and out must be equal. None takes the network of the
        paper, for images of one channel.
    **options
        What else `Denoiser` takes.
    """

    title: ClassVar[str]
    """What the method is called in messages."""

    default_network: ClassVar[NetworkParams] = NetworkParamsPlain()

    def __init__(self, model: ModelLike | None = None, *arguments: Any, **options: Any) -> None:
        super().__init__(self.default_network if model is None else model, *arguments, **options)

    @property
    def cell_size(self) -> int:
        """Elements along each axis that are held out together."""
        return 1

    def prepare_data(
        self, inp: ArrayLike, num_tst_ratio: float = 0.05, channel_axis: int | None = None
    ) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
        """Arrange measurements, and choose what is held out.

        Parameters
        ----------
        inp : array_like
            One or more measurements, real or complex: the last axes are space, as many as the
            network takes; those before (but for the channels) count measurements.
        num_tst_ratio : float
            Share of the elements to hold out, from 0 to below 1: few, as a single measurement has
            none to spare.
        channel_axis : int, optional
            Axis of the channels, for networks with more than one.

        Returns
        -------
        inp : ndarray
            Shape (..., [C,] *S), in data units, floating point; complex data become two channels.
        mask : ndarray of bool
            The same shape, True on what is held out.

        Raises
        ------
        InputError
            NaN or infinity, axes that do not fit the network or are too short, or a share outside
            its range.
        """
        self._check_same_channels(self.title)
        data = to_realizations(
            check_finite(check_numeric(inp)),
            n_dims=self.n_dims,
            n_channels=self.n_channels_in,
            realizations_axis=None,
            channel_axis=channel_axis,
        )
        data = data.astype(np.result_type(data.dtype, np.float32))  # a copy, floating point
        self._check_size(data.shape)
        return data, self._draw_held_out(data.shape, num_tst_ratio)

    def train(
        self,
        inp: ArrayLike,
        mask_trn: ArrayLike,
        *,
        epochs: int,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        lower_limit: float | NDArray[np.floating] | None = None,
        restarts: int | None = None,
        accum_grads: bool = False,
        average: float = 0.0,
        observers: Sequence[Observer] = (),
    ) -> History:
        """Train the network; the weights that did best on what is held out are kept.

        Parameters
        ----------
        inp : array_like
            As `prepare_data` gives it.
        mask_trn : array_like of bool
            True on what is held out, as `prepare_data` gives it. Where nothing is, the last
            weights are kept, which beside a falling learning rate (`restarts`) is as good.
        epochs, learning_rate, optimizer, restarts, accum_grads, average
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
            Data that do not fit the network or the noise that was named, constant data, or
            settings outside their range; all before any training.
        TrainingError
            The gradients stayed invalid.
        """
        settings = TrainingSettings(
            epochs, learning_rate, optimizer, restarts, accum_grads, average
        )
        self._check_same_channels(self.title)
        data = checked_array(inp, "inp")
        held_out = checked_mask(mask_trn, "mask_trn", data)
        check_varies(data, "input")
        self._check_size(data.shape)
        scaling = self._given_scaling or compute_scaling_selfsupervised(data)
        _check_one_scaling(scaling, self.title)
        recipe = self._recipe(PairArrays(data, data, held_out, ~held_out), scaling)
        return self._train_pairs(
            recipe.arrays,
            settings,
            lower_limit,
            observers,
            scaling=scaling,
            views=recipe.views,
            options=recipe.options,
            make_task=recipe.make_task,
        )

    def _recipe(self, arrays: PairArrays, scaling: DataScaleBias) -> Recipe:
        """Say how to train on measurements, which are both inputs and targets."""
        raise NotImplementedError

    def _contest(self, arrays: PairArrays) -> Contest | None:
        """Compare where nothing sees what is asked for: held-out elements are filled in."""
        if not arrays.held_out.any():
            return None
        measured = self._measured(arrays)
        filled = _fill(measured, arrays.held_out, self.n_dims)
        hidden = replace(arrays, inputs=filled, targets=measured, hidden=arrays.held_out)
        return Contest.of_hidden(hidden, self._kind.n_axes_in)

    def _measured(self, arrays: PairArrays) -> NDArray[np.float64]:
        """Give what was measured, from what is shown and asked for."""
        return arrays.targets

    def _draws(self) -> torch.Generator | None:
        """Make a source of random numbers for a task, on the device of the network."""
        return torch_generator(self.seed, self.device)

    def _draw_held_out(self, shape: tuple[int, ...], ratio: float) -> NDArray[np.bool_]:
        """Draw whole cells, the same in all channels."""
        n_leading = len(shape) - self.n_dims
        cells = (*shape[:n_leading], *(-(-n // self.cell_size) for n in shape[n_leading:]))
        channels = range(-self._kind.n_axes_in, -self.n_dims)
        rng = numpy_generator(self.seed, "held out")
        mask = draw_held_out(cells, ratio, shared_axes=channels, rng=rng)
        for axis, length in enumerate(shape[n_leading:], start=n_leading):
            mask = mask.repeat(self.cell_size, axis=axis).take(range(length), axis=axis)
        return mask

    def _check_size(self, shape: tuple[int, ...]) -> None:
        """Refuse measurements that have no two cells along an axis."""
        least = max(2 * self.cell_size, 3)
        space = shape[len(shape) - self.n_dims :]
        if min(space) < least:
            raise InputError(
                f"{self.title} needs at least {least} elements along each axis, and the "
                f"measurements have {' x '.join(map(str, space))}: give larger ones, or a network "
                "of fewer dimensions."
            )


def _check_one_scaling(scaling: DataScaleBias, title: str) -> None:
    scales = {scaling.scale_inp, scaling.scale_out, scaling.scale_tgt}
    biases = {scaling.bias_inp, scaling.bias_out, scaling.bias_tgt}
    if len(scales) > 1 or len(biases) > 1:
        raise InputError(
            f"`data_scale_bias` is {scaling}, but {title} makes input and target of the same data: "
            "give one scale and one bias for all three."
        )


def _fill(data: NDArray[np.float64], hidden: NDArray[np.bool_], n_dims: int) -> NDArray[np.float64]:
    """Replace what is hidden by the mean of what is near and is not."""
    widths = [0.0] * (data.ndim - n_dims) + [FILL_WIDTH] * n_dims
    weights = gaussian_filter((~hidden).astype(np.float64), widths)
    mean = data[~hidden].mean()
    sums = gaussian_filter((data - mean) * ~hidden, widths)
    return np.where(hidden, mean + sums / np.maximum(weights, LEAST_WEIGHT), data)


def channels_of(data: NDArray[np.float64], kind: KindOfData) -> list[NDArray[np.float64]]:
    """Give every channel of every measurement of (..., [C,] *S), shape (*S) each."""
    samples, _ = to_network(data, n_dims=kind.n_dims, n_channels=kind.n_channels_in)
    return list(samples.reshape(-1, *samples.shape[2:]))
