"""Noise2Noise: predict one noisy measurement from another (Lehtinen et al., ICML 2018).

Repeated measurements share the truth and differ in their noise. A network that is asked for one
from the others can only predict what they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.algorithms.arrays import PairArrays, checked_pairs
from autoden.algorithms.contest import Contest
from autoden.algorithms.denoiser import Denoiser
from autoden.checks import choice, flag
from autoden.errors import InputError
from autoden.randomness import numpy_generator
from autoden.signals.layout import to_realizations
from autoden.signals.values import check_finite, check_numeric
from autoden.training.held_out import draw_held_out
from autoden.training.history import History
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

Strategy = Literal["1:X", "X:1"]


class N2N(Denoiser):
    """Denoise repeated measurements by predicting them from each other.

    The constructor takes what `Denoiser` takes.

    References
    ----------
    J. Lehtinen et al., "Noise2Noise: Learning image restoration without clean data", ICML 2018.

    Examples
    --------
    >>> import autoden as ad
    >>> counts = ad.datasets.xrf_spectra(n_exposures=4, seed=0).counts
    >>> model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    >>> n2n = ad.N2N(model, seed=0, verbose=False)
    >>> inp, tgt, held_out = n2n.prepare_data(counts)
    >>> losses = n2n.train(inp, tgt, held_out, epochs=3, lower_limit=0.0)
    >>> n2n.infer(inp).shape
    (4095,)
    """

    def prepare_data(
        self,
        inp: ArrayLike,
        num_tst_ratio: float = 0.2,
        strategy: Strategy = "1:X",
        channel_axis: int | None = None,
        realizations_axis: int = 0,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
        """Make inputs, targets and held-out pixels from repeated measurements.

        Parameters
        ----------
        inp : array_like
            Repeated measurements, real or complex. Besides the axes of realizations, channels and
            space (the last ones, as many as the network takes), further axes count as separate
            measurements.
        num_tst_ratio : float
            Share of pixels to hold out, from 0 to below 1. They are drawn once and are the same in
            every realization and channel, so that no held-out value hides in another target.
        strategy : {"1:X", "X:1"}
            "1:X" shows one realization and asks for the mean of the others; "X:1" the reverse.
        channel_axis : int, optional
            Which axis of `inp` holds channels.
        realizations_axis : int
            Which axis of `inp` holds the repeats.

        Returns
        -------
        inp, tgt : ndarray
            Shape (..., R, [C,] *S) with R realizations, in data units, floating point. The channel
            axis is there only where the network has more than one; complex data become two
            channels.
        mask : ndarray of bool
            The same shape, True on held-out pixels.

        Raises
        ------
        InputError
            Fewer than two realizations, NaN or infinity, axes that do not fit the network, or
            settings outside their range.
        """
        choice("strategy", strategy, get_args(Strategy))
        self._check_same_channels("Noise2Noise")
        if realizations_axis is None:
            raise InputError("`realizations_axis` is None: give the axis that holds the repeats.")
        data = to_realizations(
            check_finite(check_numeric(inp)),
            n_dims=self.n_dims,
            n_channels=self.n_channels_in,
            realizations_axis=realizations_axis,
            channel_axis=channel_axis,
        )
        axis = self._realizations_axis
        n_realizations = data.shape[axis]
        if n_realizations < 2:
            raise InputError(
                f"Noise2Noise needs at least 2 realizations, but axis {realizations_axis} of the "
                f"data has {n_realizations}. Measure repeats, or choose another "
                "`realizations_axis`."
            )
        dtype = np.result_type(data.dtype, np.float32)
        total = data.sum(axis=axis, keepdims=True, dtype=np.float64)
        others = ((total - data) / (n_realizations - 1)).astype(dtype)
        data = data.astype(dtype)  # a copy, floating point
        mask = draw_held_out(
            data.shape,
            num_tst_ratio,
            shared_axes=range(axis, -self.n_dims),  # realizations and channels
            rng=numpy_generator(self.seed, "held out"),
        )
        return (data, others, mask) if strategy == "1:X" else (others, data, mask)

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
        observers: Sequence[Observer] = (),
    ) -> History:
        """Train the network; the weights that did best on held-out pixels are kept.

        Parameters
        ----------
        inp, tgt : array_like
            As `prepare_data` gives them.
        mask_trn : array_like of bool
            True on held-out pixels, as `prepare_data` gives it (the name is kept for
            compatibility).
        epochs, learning_rate, optimizer, restarts, accum_grads
            See `TrainingSettings`.
        lower_limit : float or ndarray, optional
            Values below it, in data units, are penalised while training and never come out of
            `infer`. An array has the shape of one measurement, ([C,] *S).
        observers : sequence of Observer
            Called after each epoch, such as `autoden.training.CancelWhen`.

        Returns
        -------
        History
            A mapping of loss curves, one value per epoch: ``loss_trn`` (with penalties),
            ``loss_trn_data``, ``loss_tst`` (held out), ``loss_tst_sbi`` (held out, scale- and
            bias-invariant). ``history.plot()`` draws them.

        Raises
        ------
        InputError
            Arrays that do not fit each other or the network, constant data, or settings outside
            their range; all before any training.
        TrainingError
            The gradients stayed invalid.
        """
        settings = TrainingSettings(epochs, learning_rate, optimizer, restarts, accum_grads)
        return self._train_pairs(
            checked_pairs(inp, tgt, mask_trn), settings, lower_limit, observers
        )

    def infer(  # type: ignore[override] # positions are those of the public interface
        self,
        inp: ArrayLike,
        average_splits: bool = True,
        channel_axis_dst: int | None = None,
    ) -> NDArray[Any]:
        """Denoise the training data or other exposures of the same set-up.

        Parameters
        ----------
        inp : array_like
            Shape (..., R, [C,] *S) as `prepare_data` gives it, or one measurement ([C,] *S).
        average_splits : bool
            Average the predictions from the R realizations, where there is such an axis: they
            must then be of one and the same thing.
        channel_axis_dst : int, optional
            Where to put the channel axis of the result; None leaves it before the spatial axes.

        Returns
        -------
        ndarray
            Shape (..., [C,] *S), or that of the input with ``average_splits=False``; in data
            units, never below the trained `lower_limit`; complex if the input was.

        Raises
        ------
        InputError
            The network was not trained, or the data do not fit it or hold NaN or infinity.
        """
        data = check_numeric(inp, "input")
        result = self._predict(data)
        if flag("average_splits", average_splits) and result.ndim >= -self._realizations_axis:
            result = result.mean(axis=self._realizations_axis)
        return self._finish(result, np.iscomplexobj(data), channel_axis_dst)

    def _contest(self, arrays: PairArrays) -> Contest | None:
        return Contest.of_noisy_pairs(arrays, self._realizations_axis)

    @property
    def _realizations_axis(self) -> int:
        """Position of the realizations in prepared data, counted from the end."""
        return -self._kind.n_axes_in - 1
