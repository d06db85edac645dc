"""What a trained network and simpler means are compared on: what filters see, what is asked for.

Each algorithm makes a `Contest` of its data, by which all estimates are judged alike. The filters
are those of `autoden.baselines.simple`, the words for the outcome those of `comparison.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.algorithms.arrays import PairArrays
from autoden.training.history import Comparison, Rival

Floats = NDArray[np.float64]

NEIGHBOURS = "the mean of the nearest neighbours"

SURE = 4.0
"""Noise is taken off the errors if what is left of each exceeds so many of its standard errors."""


@dataclass(frozen=True, eq=False)
class Contest:
    """What a network and simpler means are compared on, in data units.

    Attributes
    ----------
    inputs, targets : ndarray
        Shape (..., [C,] *S): what a filter sees, and what is asked for.
    held_out : ndarray of bool
        The same shape, True where estimates are compared.
    name : str
        What the inputs as they are are called, which is what is done without any denoising.
    known : ndarray of bool, optional
        The same shape, False on inputs that are hidden. There the mean of the nearest known ones
        stands for the inputs as they are.
    repeats_axis : int, optional
        Along which the inputs are repeats, whose estimates `infer` averages.
    noise : ndarray, optional
        Variance of the targets, of a shape that broadcasts to theirs; unbiased.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    held_out: NDArray[np.bool_]
    name: str
    known: NDArray[np.bool_] | None = None
    repeats_axis: int | None = None
    noise: NDArray[Any] | None = None

    @classmethod
    def of_noisy_pairs(cls, arrays: PairArrays, repeats_axis: int) -> Contest | None:
        """Compare where noisy inputs are asked for targets with noise of their own.

        Repeats as `N2N.prepare_data` pairs them are recognised. The error is then that of the
        average of the estimates, as `infer` gives it, and the noise of the targets is known.
        None if inputs and targets are of different kinds.
        """
        inputs, targets, held_out = arrays.inputs, arrays.targets, arrays.held_out
        if inputs.shape != targets.shape:
            return None
        if not _are_repeats(arrays, repeats_axis):
            return cls(inputs, targets, held_out, "the inputs as they are")
        # Over the repeats, t (t - x) averages to the variance of t, free of the truth.
        noise = (targets * (targets - inputs)).mean(axis=repeats_axis, keepdims=True)
        name = "the mean of the inputs"
        return cls(inputs, targets, held_out, name, repeats_axis=repeats_axis, noise=noise)

    @classmethod
    def of_hidden(cls, arrays: PairArrays, n_own: int) -> Contest:
        """Compare where hidden elements are asked for, in the samples that have some.

        The samples have `n_own` axes, ([C,] *S).
        """
        hidden = arrays.held_out if arrays.hidden is None else arrays.hidden
        inputs, targets, held_out, unknown = (
            _samples(array, n_own)
            for array in (arrays.inputs, arrays.targets, arrays.held_out, hidden)
        )
        rows = held_out.any(axis=tuple(range(1, held_out.ndim)))
        return cls(inputs[rows], targets[rows], held_out[rows], NEIGHBOURS, known=~unknown[rows])

    @classmethod
    def of_fit(
        cls, targets: NDArray[Any], held_out: NDArray[np.bool_], n_own: int, *, shared: bool
    ) -> Contest | None:
        """Compare where an estimate is fitted to targets (..., [C,] *S) with `n_own` own axes.

        A filter sees what trains. If one estimate is `shared` by all repeats, it sees their mean,
        and is asked for the mean of those that are held out. Otherwise each is filtered by itself;
        then None, if one is held out as a whole, of which filters know nothing.
        """
        repeats, scored = _samples(targets, n_own), _samples(held_out, n_own)
        n_scored, n_seen = scored.sum(axis=0), (~scored).sum(axis=0)
        if not shared:
            whole = scored.all(axis=tuple(range(1, scored.ndim))).any()
            return None if whole else cls(targets, targets, held_out, NEIGHBOURS, known=~held_out)
        noise = None
        if len(repeats) > 1:
            noise = repeats.var(axis=0, ddof=1) / np.maximum(n_scored, 1)
        return cls(
            (repeats * ~scored).sum(axis=0) / np.maximum(n_seen, 1),
            (repeats * scored).sum(axis=0) / np.maximum(n_scored, 1),
            n_scored > 0,
            "the mean of the other repeats" if n_seen.all() else NEIGHBOURS,
            known=n_seen > 0,
            noise=noise,
        )

    def compare(self, estimate: NDArray[Any], n_dims: int) -> Comparison | None:
        """Compare a network's estimate with the inputs and the best filter of them.

        The filter is chosen as the weights of the network are: by the error against the targets.

        Parameters
        ----------
        estimate : ndarray
            Of the network, before any lower limit, of a shape that broadcasts to the targets'.
        n_dims : int
            Number of spatial axes.

        Returns
        -------
        Comparison or None
            None if nothing is held out.
        """
        if not self.held_out.any():
            return None
        from autoden.baselines.simple import best_simple_filter  # scipy takes a while

        best = best_simple_filter(
            self.inputs, self.targets, self.held_out, n_dims=n_dims, known=self.known
        )
        errors = [self.errors(each) for each in (estimate, best.unfiltered, best.estimate)]
        means, noise_included = self._means(errors)
        names = (self.name, f"the best simple filter ({best.description})")
        rivals = tuple(
            _rival(name, mean, error - errors[0])
            for name, mean, error in zip(names, means[1:], errors[1:], strict=True)
        )
        return Comparison(means[0], rivals, noise_included)

    def errors(self, estimate: NDArray[Any]) -> Floats:
        """Give the squared errors of the held-out elements, shape (n,), noise included.

        Of estimates f_r from repeats, it is the error of their average that is told, against a
        target that none of them saw: on average, that of the f_r less their variance over r.
        """
        estimates, targets = self._chosen(estimate), self._chosen(self.targets)  # (R, n)
        errors: Floats = np.square(estimates - targets).mean(axis=0) - estimates.var(axis=0)
        return errors

    def _means(self, errors: list[Floats]) -> tuple[list[float], bool]:
        """Give mean errors; take the noise of the targets off if that leaves something sure."""
        if self.noise is not None:
            noise = self._chosen(self.noise)[0]
            left = [error - noise for error in errors]
            if all(error.mean() > SURE * _standard_error(error) for error in left):
                return [float(error.mean()) for error in left], False
        return [float(error.mean()) for error in errors], True

    def _chosen(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring the held-out elements of an array to (R, n), where R is 1 without repeats."""
        array = np.broadcast_to(array, self.targets.shape)
        if self.repeats_axis is None:
            return array[self.held_out][np.newaxis]
        of_one = self.held_out.take(0, axis=self.repeats_axis)
        chosen: NDArray[Any] = np.moveaxis(array, self.repeats_axis, 0)[:, of_one]
        return chosen


def _are_repeats(arrays: PairArrays, axis: int) -> bool:
    """Tell whether one of input and target is a repeat and the other the mean of its others."""
    inputs, targets, held_out = arrays.inputs, arrays.targets, arrays.held_out
    n_repeats = inputs.shape[axis] if inputs.ndim >= -axis else 1
    if n_repeats < 2 or (held_out != held_out.take([0], axis=axis)).any():
        return False
    rounding = 4 * n_repeats * np.finfo(np.float32).eps * np.abs(inputs).max()
    return any(
        np.ptp((n_repeats - 1) * mean + one, axis=axis).max() <= rounding
        for mean, one in ((targets, inputs), (inputs, targets))
    )


def _rival(name: str, error: float, margins: Floats) -> Rival:
    return Rival(name, error, float(margins.mean()), _standard_error(margins))


def _samples(array: NDArray[Any], n_own: int) -> NDArray[Any]:
    """Flatten leading axes."""
    return array.reshape(-1, *array.shape[array.ndim - n_own :])


def _standard_error(values: Floats) -> float:
    return float(values.std() / np.sqrt(values.size))
