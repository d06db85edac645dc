"""Deep Image Prior: what a network draws from noise before it draws the noise.

A convolutional network learns the regular part of a measurement sooner than its noise. So it is
fitted to the measurement, with nothing but fixed random numbers as input, and stopped in time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from autoden.algorithms.arrays import checked_array, checked_mask
from autoden.algorithms.contest import Contest
from autoden.algorithms.datasets import AugmentationGaussianNoise
from autoden.algorithms.degradation import Operator, check_operator, in_network_range
from autoden.algorithms.denoiser import Denoiser
from autoden.algorithms.network import ModelLike
from autoden.algorithms.output_variance import OutputVariance
from autoden.algorithms.penalties import limit_of
from autoden.algorithms.prior_task import PriorTask
from autoden.checks import choice, flag, number, whole_numbers
from autoden.errors import InputError
from autoden.randomness import numpy_generator
from autoden.signals.layout import from_network, to_realizations
from autoden.signals.scaling import DataScaleBias, check_varies, compute_scaling_selfsupervised
from autoden.signals.values import check_finite, check_numeric
from autoden.training.batch import Batch
from autoden.training.held_out import draw_held_out
from autoden.training.history import Comparison, History
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

HoldOut = Literal["pixels", "repeats"]
Stopping = Literal["held-out", "variance"]

NOISE_DEVIATION = 0.25
"""Standard deviation of the random input."""


class DIP(Denoiser):
    """Denoise one measurement, or repeats of it, by fitting a network to it.

    Parameters
    ----------
    model
        As in `Denoiser`. Its input is random numbers, of any number of channels.
    operator : callable, optional
        A known linear degradation between the estimate and the data, from a tensor
        (N, C, *S_estimate) to one (N, C, *S_data), such as a blur (which makes this a
        deconvolution) or a down-sampling (super-resolution).
    **options
        What else `Denoiser` takes.

    References
    ----------
    D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep image prior", CVPR 2018. H. Wang et al., "Early
    stopping for deep image prior", TMLR 2023 (the variance of the outputs).

    Examples
    --------
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (32, 32))
    >>> dip = ad.DIP(ad.NetworkParamsUNet(n_features=4, n_levels=2), seed=0, verbose=False)
    >>> noise, tgt, held_out = dip.prepare_data(noisy)
    >>> losses = dip.train(noise, tgt, held_out, epochs=2)
    >>> dip.infer(noise).shape
    (32, 32)
    """

    def __init__(
        self,
        model: ModelLike,
        *arguments: Any,
        operator: Operator | None = None,
        **options: Any,
    ) -> None:
        if operator is not None and not callable(operator):
            raise InputError(
                f"`operator` is {operator!r}: give a function from the estimate (N, C, *S) to "
                "the data, both tensors."
            )
        super().__init__(model, *arguments, **options)
        if operator is not None and any(a.geometric for a in self._augmentations):
            raise InputError(
                "`operator` ties the estimate to the data at fixed places: train without patches "
                "and without augmentations that move them."
            )
        self.operator = operator

    def prepare_data(
        self,
        tgt: ArrayLike,
        inp: ArrayLike | None = None,
        *,
        num_tst_ratio: float = 0.2,
        average_redundant: bool = False,
        channel_axis: int | None = None,
        hold_out: HoldOut = "pixels",
        shape: Sequence[int] | None = None,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
        """Draw the random input and choose what is held out.

        Parameters
        ----------
        tgt : array_like
            The measurement, real or complex: the last axes are space, as many as the network
            takes; those before (but for the channels) count repeats of it.
        inp : array_like, optional
            Input of the network, instead of random numbers: shape ([C,] *S), or with the leading
            axes of the repeats.
        num_tst_ratio : float
            Share to hold out, from 0 to below 1.
        average_redundant : bool
            Average the repeats.
        channel_axis : int, optional
            Axis of the channels of `tgt`, for networks with more than one.
        hold_out : {"pixels", "repeats"}
            Hold out pixels, the same in every repeat, or whole repeats. What is held out does not
            reach the estimate, except through its neighbours.
        shape : sequence of int, optional
            Spatial shape of the estimate, where an `operator` makes it another than that of the
            data.

        Returns
        -------
        noise : ndarray
            Shape ([C,] *S), float32: one input for all repeats, unless `inp` has more.
        tgt : ndarray
            Shape (..., [C,] *S), in data units, floating point; complex data become two channels.
        mask : ndarray of bool
            The shape of `tgt`, True where it is held out.

        Raises
        ------
        InputError
            NaN or infinity, axes that do not fit the network, a single measurement of which a
            repeat should be held out, or settings outside their range.
        """
        choice("hold_out", hold_out, get_args(HoldOut))
        targets = to_realizations(
            check_finite(check_numeric(tgt, "tgt"), "tgt"),
            n_dims=self.n_dims,
            n_channels=self.n_channels_out,
            realizations_axis=None,
            channel_axis=channel_axis,
        )
        targets = targets.astype(np.result_type(targets.dtype, np.float32))
        n_own = self._kind.n_axes_out
        if flag("average_redundant", average_redundant):
            targets = targets.mean(axis=tuple(range(targets.ndim - n_own)))
        rng = numpy_generator(self.seed, "held out")
        n_leading = targets.ndim - n_own
        repeats, channels, space = (
            range(n_leading),
            range(-n_own, -self.n_dims),
            range(-self.n_dims, 0),
        )
        shared = [*repeats, *channels] if hold_out == "pixels" else [*channels, *space]
        if hold_out == "repeats" and math.prod(targets.shape[:n_leading]) < 2:
            raise InputError(
                "`hold_out` is 'repeats', but there is only one measurement, or one average of "
                "several: hold out 'pixels'."
            )
        mask = draw_held_out(targets.shape, num_tst_ratio, shared_axes=shared, rng=rng)
        return self._input(inp, shape, targets.shape[-self.n_dims :]), targets, mask

    def train(
        self,
        inp: ArrayLike,
        tgt: ArrayLike,
        mask_trn: ArrayLike,
        *,
        epochs: int,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        lower_limit: float | NDArray[np.floating] | None = None,
        restarts: int | None = None,
        accum_grads: bool = False,
        input_jitter: float = 0.0,
        average: float = 0.0,
        stopping: Stopping = "held-out",
        observers: Sequence[Observer] = (),
    ) -> History:
        """Fit the network; the weights of the best epoch are kept.

        Parameters
        ----------
        inp, tgt : array_like
            As `prepare_data` gives them.
        mask_trn : array_like of bool
            True where the target is held out, as `prepare_data` gives it (the name is kept for
            compatibility).
        epochs, learning_rate, optimizer, restarts, accum_grads
            See `TrainingSettings`.
        lower_limit : float or ndarray, optional
            Values below it, in data units, are penalised while training and never come out of
            `infer`. An array has the shape of one estimate, ([C,] *S).
        input_jitter : float
            Standard deviation of fresh noise that is added to the input at each step, in units of
            that of the input; 1/30 is usual.
        average : float
            Average the network over the last 1 / (1 - average) steps, such as 0.98, by which
            its outputs are averaged, too. 0 does not. Beside a constant learning rate it fits
            better in the same time than a rate that falls (`restarts`).
        stopping : {"held-out", "variance"}
            Which epoch is the best: the one that predicts what is held out best (without any, the
            last), or the one up to which the outputs of 100 epochs varied least.
        observers : sequence of Observer
            Called after each epoch.

        Returns
        -------
        History
            A mapping of loss curves; see `N2N.train`. With ``stopping="variance"`` the held-out
            loss is the variance of the outputs.

        Raises
        ------
        InputError
            Arrays that do not fit each other or the network, constant data, or settings outside
            their range; all before any training.
        TrainingError
            The gradients stayed invalid.
        """
        settings = TrainingSettings(
            epochs, learning_rate, optimizer, restarts, accum_grads, average
        )
        number("input_jitter", input_jitter, at_least=0)
        choice("stopping", stopping, get_args(Stopping))
        if stopping == "variance":
            self._check_variance(settings)
        if self.operator is None and (self.settings or {}).get("operator"):
            raise InputError(
                "This denoiser was trained with an operator, which a file does not hold: set "
                "`dip.operator` before a further training."
            )
        noise, targets = checked_array(inp, "inp"), checked_array(tgt, "tgt")
        held_out = checked_mask(mask_trn, "mask_trn", targets)
        check_varies(noise, "input")
        check_varies(targets, "target")
        scaling = _target_scaling(self._given_scaling or compute_scaling_selfsupervised(targets))
        batch = self._batch(noise, scaling.scale_target(targets), held_out)
        if self.operator is not None:
            check_operator(self.operator, batch)
        elif batch.input.shape[2:] != batch.target.shape[2:]:
            raise InputError(
                f"`inp` {noise.shape} and `tgt` {targets.shape} must have the same spatial shape, "
                "unless an `operator` lies between them."
            )
        jitter = AugmentationGaussianNoise(
            input_jitter * float(noise.std()), rng=numpy_generator(self.seed, "jitter")
        )
        task = PriorTask(
            batch,
            self.batch_size,
            (*self._augmentations, *([jitter] if input_jitter else [])),
            shared=noise.ndim == self._kind.n_axes_in,
            operator=None if self.operator is None else in_network_range(self.operator, scaling),
            variance=OutputVariance() if stopping == "variance" else None,
        )
        channels = (self.n_channels_out,) if self.n_channels_out > 1 else ()
        limit = limit_of(
            lower_limit, (*channels, *batch.input.shape[2:]), self._kind, self._augmentations
        )
        options = {
            "input_jitter": float(input_jitter),
            "stopping": stopping,
            "operator": self.operator is not None,
        }
        compare = None
        if self.verbose:
            contest = Contest.of_fit(targets, held_out, self._kind.n_axes_out, shared=task.shared)
            compare = None if contest is None else partial(self._compare_fit, contest, noise)
        return self._fit(task, settings, scaling, limit, observers, options, compare)

    @torch.no_grad()
    def _compare_fit(self, contest: Contest, noise: NDArray[np.float64]) -> Comparison | None:
        """Compare the fit, as the operator degrades it, with filters of the data."""
        estimate = self._predict(noise)
        if self.operator is not None:
            degraded = self.operator(self._tensor(estimate, self.n_channels_out)).cpu().numpy()
            leading = noise.shape[: noise.ndim - self._kind.n_axes_in]
            estimate = from_network(degraded, leading, n_channels_out=self.n_channels_out)
        return contest.compare(estimate, self.n_dims)

    def _check_variance(self, settings: TrainingSettings) -> None:
        """Refuse what makes single outputs vary for other reasons than noise being learnt."""
        others = {
            "average": settings.average,
            "batch_size": self.batch_size,
            "augmentation": self._augmentations,
            "optimizer": settings.optimizer if settings.optimizer == "lbfgs" else None,
        }
        for name, given in others.items():
            if given:
                raise InputError(
                    f"`{name}` is {given!r}, but `stopping` is 'variance', which compares one "
                    "output per epoch with the next: use one of the two."
                )

    def _input(
        self, inp: ArrayLike | None, shape: Sequence[int] | None, shape_of_data: tuple[int, ...]
    ) -> NDArray[np.floating]:
        """Give the user's input, checked, or random numbers."""
        if inp is not None and shape is not None:
            raise InputError("`inp` has a shape already: give it or `shape`, not both.")
        if inp is not None:
            return checked_array(inp, "inp").astype(np.float32)
        sizes = shape_of_data if shape is None else whole_numbers("shape", shape)
        if len(sizes) != self.n_dims:
            raise InputError(
                f"`shape` is {sizes}: give one size for each of the {self.n_dims} axes of "
                "the network."
            )
        own = sizes if self.n_channels_in == 1 else (self.n_channels_in, *sizes)
        rng = numpy_generator(self.seed, "input")
        return rng.normal(0.0, NOISE_DEVIATION, own).astype(np.float32)

    def _batch(
        self,
        noise: NDArray[np.floating],
        targets: NDArray[np.floating],
        held_out: NDArray[np.bool_],
    ) -> Batch:
        """Put one batch together: one input for all repeats, or one for each."""
        inputs = self._tensor(noise, self.n_channels_in)
        wanted = self._tensor(targets, self.n_channels_out)
        scored = self._tensor(held_out, self.n_channels_out)
        if len(inputs) not in (1, len(wanted)):
            raise InputError(
                f"`inp` {noise.shape} holds {len(inputs)} inputs for the {len(wanted)} "
                f"measurements of `tgt` {targets.shape}: give one, or one for each."
            )
        inputs = inputs.expand(len(wanted), *inputs.shape[1:])
        return Batch(inputs, wanted, (~scored).float(), scored)


def _target_scaling(scaling: DataScaleBias) -> DataScaleBias:
    """Scale output and target; the random input stays as it is."""
    return replace(scaling, scale_inp=1.0, bias_inp=0.0)
