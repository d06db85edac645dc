"""Noise2Inverse: predict one tomographic reconstruction from others of the same scan.

The projections of a scan are split by angle, and each set is reconstructed by itself. The
reconstructions share the slice and differ in their noise, which makes them the repeats of a
Noise2Noise (`noise2noise.py`): nothing but the making of these repeats lives here. The projector
is `transforms/parallel_beam.py`, the test of the independence `ring_artefacts.py`.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from autoden.algorithms.noise2noise import N2N, Strategy
from autoden.algorithms.ring_artefacts import warn_of_rings
from autoden.checks import flag, whole_number
from autoden.errors import InputError
from autoden.signals.values import check_finite, check_numeric
from autoden.transforms.parallel_beam import ParallelBeam

SAME_ANGLE = 1e-6
"""Directions nearer than this, in radians, count as one: that of a repeat or of half a turn on."""

WIDE_GAP, TIMES_AS_WIDE = 0.4, 5.0
"""A gap between directions is suspect if it exceeds both: so many radians, so many times the mean
of the others. Golden-angle scans stay below 2.7 times. A hundred angles drawn at random leave 0.4
radians in one scan of 7000."""


class N2I(N2N):
    """Denoise tomographic reconstructions by predicting those from disjoint sets of projections.

    The constructor takes what `Denoiser` takes; the network must be two-dimensional. `train` and
    `infer` are those of `N2N`: `infer` averages what the network makes of each of the inputs that
    it was trained on. (It should not be given the reconstruction from all projections, whose noise
    is lower than what the network has learnt to remove.)

    It holds where the noise of one projection tells nothing of that of another. Rings (detector
    pixels that are off in every projection), afterglow and drift break it: they are the same in
    all reconstructions, so they are kept as if they were part of the object. `prepare_data` warns
    of rings.

    References
    ----------
    A. A. Hendriksen, D. M. Pelt, K. J. Batenburg, "Noise2Inverse: Self-supervised deep
    convolutional denoising for tomography", IEEE Trans. Comput. Imaging 6, 2020.

    Examples
    --------
    >>> import autoden as ad
    >>> from autoden.transforms.parallel_beam import ParallelBeam
    >>> angles = np.arange(60) * np.pi / 60
    >>> beam = ParallelBeam(angles, n_detectors=32)
    >>> noise = np.random.default_rng(0).normal(0.0, 1.0, (60, 32))
    >>> sinogram = beam.project(beam.circle.float()).numpy() + noise
    >>> n2i = ad.N2I(ad.NetworkParamsDnCNN(n_features=4, n_layers=3), seed=0, verbose=False)
    >>> inp, tgt, held_out = n2i.prepare_data(sinogram, angles)
    >>> losses = n2i.train(inp, tgt, held_out, epochs=3)
    >>> inp.shape, n2i.infer(inp).shape
    ((4, 32, 32), (32, 32))
    """

    def prepare_data(  # type: ignore[override] # other measurements, other arguments
        self,
        sinogram: ArrayLike,
        angles: ArrayLike,
        n_splits: int = 4,
        strategy: Strategy = "X:1",
        num_tst_ratio: float = 0.2,
        *,
        axis: float | None = None,
        circle: bool = True,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
        """Make inputs, targets and held-out pixels from the projections of a scan.

        Parameters
        ----------
        sinogram : array_like
            Shape (..., [C,] A, D), A angles and D detector pixels: line integrals (for X-rays the
            negative logarithm of the transmission, without rings). Leading axes are further
            slices. The channel axis is there only where the network has more than one.
        angles : array_like
            Shape (A,), in radians, covering half turns evenly. Filtered back-projection needs it;
            for other scans there is `prepare_reconstructions`.
        n_splits : int
            Into how many sets the projections go, at least 2: in order of angle, one by one.
        strategy : {"X:1", "1:X"}
            "X:1" shows the mean of all reconstructions but one and asks for that one; "1:X" the
            reverse.
        num_tst_ratio : float
            Share of pixels to hold out, from 0 to below 1, the same in all reconstructions.
        axis : float, optional
            Where the axis of rotation meets the detector, see `ParallelBeam`.
        circle : bool
            Set pixels that some projections do not see to 0, in inputs and in targets, and hold
            out none of them. There the result of `infer` means nothing.

        Returns
        -------
        inp, tgt : ndarray
            Shape (..., n_splits, [C,] D, D), in the unit of the sinogram per pixel.
        mask : ndarray of bool
            The same shape, True on held-out pixels.

        Raises
        ------
        InputError
            Angles that do not fit the sinogram or seem to be degrees, too few or too many splits,
            NaN or infinity, a network of other than two dimensions, or settings outside their
            range.

        Warns
        -----
        UserWarning
            Detector pixels are off in all projections, which makes rings; or angles are missing.
        """
        self._check_two_dimensional()
        projections = _checked_sinogram(sinogram)
        beam = ParallelBeam(angles, projections.shape[-1], axis=axis)
        if len(beam.angles) != projections.shape[-2]:
            raise InputError(
                f"`angles` holds {len(beam.angles)} angles, but the sinogram of shape "
                f"{projections.shape} has {projections.shape[-2]} projections: its axes must be "
                "(..., angles, detectors)."
            )
        if not 2 <= whole_number("n_splits", n_splits) <= len(beam.angles):
            raise InputError(
                f"`n_splits` is {n_splits}: give at least 2 and at most the number of angles, "
                f"{len(beam.angles)}."
            )
        _warn_of_missing_angles(np.asarray(beam.angles), stacklevel=3)
        warn_of_rings(projections, stacklevel=3)
        reconstructions = _reconstruct_splits(projections, beam, n_splits)
        visible = beam.circle.numpy() if flag("circle", circle) else None
        return self._prepare(reconstructions, strategy, num_tst_ratio, visible)

    def prepare_reconstructions(
        self,
        reconstructions: ArrayLike,
        strategy: Strategy = "X:1",
        num_tst_ratio: float = 0.2,
        *,
        circle: bool = True,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
        """Make inputs, targets and held-out pixels from reconstructions made elsewhere.

        For other geometries and methods than `prepare_data` knows, as long as each reconstruction
        comes from projections of its own, which the others do not see.

        Parameters
        ----------
        reconstructions : array_like
            Shape (K, ..., [C,] Y, X) with K >= 2 disjoint sets of projections.
        strategy, num_tst_ratio
            As in `prepare_data`.
        circle : bool
            Set pixels outside the circle that touches the edges to 0. There the result of `infer`
            means nothing.

        Returns
        -------
        inp, tgt, mask : ndarray
            As from `prepare_data`, shape (..., K, [C,] Y, X).

        Raises
        ------
        InputError
            Fewer than two reconstructions, NaN or infinity, a network of other than two
            dimensions, or settings outside their range.
        """
        self._check_two_dimensional()
        array = check_numeric(reconstructions, "reconstructions")
        _check_real("reconstructions", array, 3, "(sets of projections, ..., rows, columns)")
        inside = _inscribed_circle(array.shape[-2:]) if flag("circle", circle) else None
        return self._prepare(array, strategy, num_tst_ratio, inside)

    def _check_two_dimensional(self) -> None:
        if self.n_dims != 2:
            raise InputError(
                f"The network has {self.n_dims} dimensions: Noise2Inverse denoises slices, give "
                "one with `n_dims=2`. Further axes of the data count as further slices."
            )

    def _prepare(
        self,
        reconstructions: NDArray[np.generic],
        strategy: Strategy,
        num_tst_ratio: float,
        inside: NDArray[np.bool_] | None,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
        """Pair reconstructions (K, ..., [C,] Y, X); nothing is asked outside a circle."""
        inp, tgt, held_out = super().prepare_data(
            reconstructions,
            num_tst_ratio,
            strategy,
            channel_axis=-3 if self.n_channels_in > 1 else None,
            realizations_axis=0,
        )
        if inside is not None:
            inp[..., ~inside] = 0
            tgt[..., ~inside] = 0
            held_out &= inside
        return inp, tgt, held_out


def _checked_sinogram(sinogram: ArrayLike) -> NDArray[np.floating]:
    array = check_finite(check_numeric(sinogram, "sinogram"), "sinogram")
    _check_real("sinogram", array, 2, "(..., angles, detectors)")
    return array.astype(np.float32 if np.can_cast(array.dtype, np.float32) else np.float64)


def _check_real(name: str, array: NDArray[np.generic], n_axes: int, axes: str) -> None:
    if array.ndim < n_axes or np.iscomplexobj(array):
        raise InputError(
            f"`{name}` has shape {array.shape} and dtype {array.dtype}: give real numbers of "
            f"shape {axes}."
        )


def _warn_of_missing_angles(angles: NDArray[np.floating], *, stacklevel: int) -> None:
    """Warn if directions are missing; those that differ by half a turn are the same."""
    directions = np.sort(angles % np.pi)
    gaps = np.diff(directions, append=directions[0] + np.pi)
    widest = int(gaps.argmax())
    others = np.delete(gaps, widest)
    others = others[others > SAME_ANGLE]
    if gaps[widest] > max(WIDE_GAP, TIMES_AS_WIDE * (others.mean() if others.size else 0.0)):
        start = directions[widest]
        warnings.warn(
            f"`angles` leave out those from {start:.2f} to {start + gaps[widest]:.2f} radians "
            "(modulo pi). Filtered back-projection takes them to cover half turns evenly: edges "
            "that only the missing ones would show are lost and streaks appear, alike in all "
            "reconstructions, so that they are kept as if they were part of the object. Give "
            "angles in radians, or reconstruct otherwise for `prepare_reconstructions`.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _reconstruct_splits(
    projections: NDArray[np.floating], beam: ParallelBeam, n_splits: int
) -> NDArray[np.floating]:
    """Reconstruct every n-th projection in order of angle: (..., A, D) to (n, ..., D, D)."""
    order = np.argsort(beam.angles, kind="stable")
    angles = np.asarray(beam.angles)
    reconstructions = []
    for first in range(n_splits):
        chosen = order[first::n_splits]
        part = ParallelBeam(angles[chosen], beam.n_detectors, axis=beam.axis)
        sinogram = torch.from_numpy(projections[..., chosen, :])
        reconstructions.append(part.filtered_back_projection(sinogram).numpy())
    return np.stack(reconstructions)


def _inscribed_circle(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Give the pixels within the circle that touches the nearer edges of an image (Y, X)."""
    y, x = (np.arange(n) - (n - 1) / 2 for n in shape)
    return y[:, None] ** 2 + x**2 <= (min(shape) / 2) ** 2
