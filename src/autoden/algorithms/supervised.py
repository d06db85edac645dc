"""Supervised training: predict the clean measurement from the noisy one.

For those who have a clean measurement of something alike: a phantom, one long exposure, a
simulation. What it learns holds for data like those it was trained on.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.algorithms.arrays import (
    PairArrays,
    checked_array,
    checked_indices,
    checked_pairs,
)
from autoden.algorithms.denoiser import Denoiser
from autoden.checks import choice
from autoden.errors import InputError
from autoden.randomness import numpy_generator
from autoden.signals.layout import to_network, to_realizations
from autoden.signals.scaling import check_varies, compute_scaling_supervised
from autoden.signals.values import check_finite, check_numeric
from autoden.training.held_out import draw_held_out, draw_held_out_samples
from autoden.training.history import History
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

HoldOut = Literal["pixel-mask", "self-similar"]


class Supervised(Denoiser):
    """Denoise measurements like those of which clean ones are known.

    The constructor takes what `Denoiser` takes.

    Examples
    --------
    >>> import autoden as ad
    >>> clean = np.sin(np.linspace(0.0, 9.0, 128))
    >>> noisy = clean + np.random.default_rng(0).normal(0.0, 0.3, (3, 128))
    >>> model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=4)
    >>> supervised = ad.Supervised(model, seed=0, verbose=False)
    >>> inp, tgt, held_out = supervised.prepare_data(noisy, clean)
    >>> losses = supervised.train(inp, tgt, held_out, epochs=2)
    >>> supervised.infer(inp).shape
    (3, 128)
    """

    def prepare_data(
        self,
        inp: ArrayLike,
        tgt: ArrayLike,
        num_tst_ratio: float = 0.2,
        strategy: HoldOut = "pixel-mask",
        channel_axis: int | None = None,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_] | list[int]]:
        """Pair noisy and clean measurements, and choose what is held out.

        Parameters
        ----------
        inp : array_like
            Noisy measurements, real or complex: the last axes are space, as many as the network
            takes; those before (but for the channels) count measurements.
        tgt : array_like
            Their clean counterparts, one for each, or a single one that serves all.
        num_tst_ratio : float
            Share to hold out, from 0 to below 1.
        strategy : {"pixel-mask", "self-similar"}
            Hold out pixels, the same in all measurements, or whole measurements, which suits
            many that are alike.
        channel_axis : int, optional
            Axis of the channels, in both arrays; where only one side of the network has several,
            in that one alone.

        Returns
        -------
        inp, tgt : ndarray
            Shape (..., [C,] *S), in data units, floating point; complex data become two channels.
        tst_inds : ndarray of bool or list of int
            True on held-out pixels, of the shape of `tgt`; or the held-out measurements, counted
            over all leading axes.

        Raises
        ------
        InputError
            NaN or infinity, shapes that do not fit each other or the network, a single
            measurement to be held out as a whole, or settings outside their range.

        Warns
        -----
        UserWarning
            Whole measurements are held out, but all share one target.
        """
        choice("strategy", strategy, get_args(HoldOut))
        inputs = self._arrange(inp, "input", self.n_channels_in, channel_axis)
        targets = self._arrange(tgt, "target", self.n_channels_out, channel_axis)
        leading = inputs.shape[: inputs.ndim - self._kind.n_axes_in]
        clean = targets.shape[: targets.ndim - self._kind.n_axes_out]
        own = targets.shape[len(clean) :]
        if math.prod(clean) == 1:
            targets = targets.reshape(own)
        elif clean != leading:
            raise InputError(
                f"The targets {np.shape(tgt)} do not fit the inputs {np.shape(inp)}: give one "
                "clean measurement for each noisy one, or a single one for all."
            )
        if own[-self.n_dims :] != inputs.shape[-self.n_dims :]:
            raise InputError(
                f"The targets {np.shape(tgt)} and the inputs {np.shape(inp)} differ in size: "
                "give clean measurements of the size of the noisy ones."
            )
        targets = np.broadcast_to(targets, (*leading, *own)).copy()
        rng = numpy_generator(self.seed, "held out")
        if strategy == "pixel-mask":
            shared = range(-targets.ndim, -self.n_dims)
            return inputs, targets, draw_held_out(
                targets.shape, num_tst_ratio, shared_axes=shared, rng=rng
            )  # fmt: skip
        samples, _ = to_network(targets, n_dims=self.n_dims, n_channels=self.n_channels_out)
        if len(samples) < 2:
            raise InputError(
                "`strategy` is 'self-similar', which holds out whole measurements, but there is "
                "only one: use 'pixel-mask'."
            )
        held_out = draw_held_out_samples(len(samples), num_tst_ratio, rng=rng)
        if held_out and (samples == samples[0]).all():
            warnings.warn(
                "`strategy` is 'self-similar', but all measurements share one target: that of a "
                "held-out measurement trains with the others, so that the held-out score says "
                "little. 'pixel-mask' is the better choice.",
                UserWarning,
                stacklevel=2,
            )
        return inputs, targets, held_out

    def train(
        self,
        inp: ArrayLike,
        tgt: ArrayLike,
        tst_inds: NDArray[np.bool_] | Sequence[int],
        *,
        epochs: int,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        lower_limit: float | NDArray[np.floating] | None = None,
        restarts: int | None = None,
        accum_grads: bool = False,
        observers: Sequence[Observer] = (),
    ) -> History:
        """Train the network; the weights that did best on what is held out are kept.

        Parameters
        ----------
        inp, tgt : array_like
            As `prepare_data` gives them.
        tst_inds : ndarray of bool or sequence of int
            Held-out pixels or measurements, as `prepare_data` gives them.
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
            Arrays that do not fit each other or the network, constant data, or settings outside
            their range; all before any training.
        TrainingError
            The gradients stayed invalid.
        """
        settings = TrainingSettings(epochs, learning_rate, optimizer, restarts, accum_grads)
        arrays = self._checked_arrays(inp, tgt, tst_inds)
        check_varies(arrays.inputs, "input")
        return self._train_pairs(
            arrays,
            settings,
            lower_limit,
            observers,
            scaling=compute_scaling_supervised(arrays.inputs, arrays.targets),
        )

    def _arrange(
        self, data: ArrayLike, name: str, n_channels: int, channel_axis: int | None
    ) -> NDArray[np.floating]:
        """Bring measurements to (..., [C,] *S), floating point."""
        n_sides = self.n_channels_in, self.n_channels_out
        array = to_realizations(
            check_finite(check_numeric(data, name), name),
            n_dims=self.n_dims,
            n_channels=n_channels,
            realizations_axis=None,
            channel_axis=channel_axis if n_channels > 1 or max(n_sides) == 1 else None,
        )
        return array.astype(np.result_type(array.dtype, np.float32))

    def _checked_arrays(
        self, inp: ArrayLike, tgt: ArrayLike, tst_inds: NDArray[np.bool_] | Sequence[int]
    ) -> PairArrays:
        """Check what `train` is given and turn held-out measurements into held-out pixels."""
        mask = np.asarray(tst_inds)
        if mask.dtype != np.bool_:
            targets = checked_array(tgt, "tgt")
            samples, _ = to_network(targets, n_dims=self.n_dims, n_channels=self.n_channels_out)
            per_sample = np.zeros(len(samples), dtype=np.bool_)
            per_sample[checked_indices(tst_inds, len(samples))] = True
            shape = (-1, *(1,) * (samples.ndim - 1))
            mask = np.broadcast_to(per_sample.reshape(shape), samples.shape).reshape(targets.shape)
        return checked_pairs(inp, tgt, mask, "tst_inds")
