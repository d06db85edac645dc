"""Fourier ring correlation: up to which detail two arrays tell the same story.

Here it is measured, with and without a clean truth; `rings` divides the Fourier transform and
`ring_curve` reads the result. Shells of a volume and intervals of a line are called rings as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import choice
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, finite_images
from autoden.evaluation.ring_curve import CRITERIA, Criterion, RingCorrelation
from autoden.evaluation.rings import make_rings, spacing_of_axes, tukey_window


def ring_correlation(
    a: ArrayLike,
    b: ArrayLike,
    *,
    spacing: float | Sequence[float] = 1.0,
    taper: float = 0.25,
    ring_width: float | None = None,
    channel_axis: int | None = None,
    criterion: Criterion = "half-bit",
) -> RingCorrelation:
    r"""Correlate two arrays frequency by frequency (FRC; FSC in a volume).

    :math:`\mathrm{Re}\sum F_1 F_2^* / \sqrt{\sum|F_1|^2 \sum|F_2|^2}` over each ring (Saxton and
    Baumeister, J. Microsc. 127, 127, 1982). Two arrays of the same signal, each with white noise
    of its own, give SNR / (SNR + 1). Where one of the arrays holds nothing, the correlation is 0.

    Parameters
    ----------
    a, b : array_like, shape (*S,) of one, two or three axes, and channels
        Two halves of the data (`criterion` "half-bit", say), or an estimate and a noise-free truth
        ("truth"). **Not two outputs of one network**: see `denoised_ring_correlation`.
    spacing : float or sequence of float
        Distance between neighbouring elements, for all axes or for each but the channels. Rings
        are rings in physical frequency, up to the lowest Nyquist frequency of the axes.
    taper : float
        Share of each axis over which a Tukey window falls to 0, half of it at either end, after
        the mean is subtracted: 0 is no window, 1 is the Hann window. Opposite ends of an axis are
        neighbours to the Fourier transform, and the step between them, alike in both arrays, looks
        like detail at all frequencies: two copies of a blurred photograph with faint noise
        correlate by 0.7 to 0.9 at the Nyquist frequency without a window, by 0.00 with the
        default. (Nieuwenhuizen et al., Nature Methods 10, 557, 2013, taper as much.) 0 is right
        for periodic data only.
    ring_width : float, optional
        At least 1, in frequency steps of the axis with the fewest elements (or the least length);
        1 by default for images and volumes. A line has two elements per step, so its default is
        the square root of the number of steps.
    channel_axis : int, optional
        Axis of channels, or of independent images: they share the rings and their sums.
    criterion : {"half-bit", "one-bit", "1/7", "truth"}
        Kept with the result, which goes by it unless told otherwise.

    Raises
    ------
    InputError
        Shapes that differ, complex or non-finite values, more than three axes, too few elements
        for two rings, or a setting out of its range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=(64, 64)).cumsum(axis=0).cumsum(axis=1)
    >>> halves = truth + rng.normal(0, 5, size=(2, 64, 64))
    >>> curve = ring_correlation(*halves, spacing=0.5)
    >>> curve.frequencies[:2], curve.nyquist
    (array([0.03125, 0.0625 ]), 1.0)
    >>> 1 < curve.resolution() < curve.resolution("one-bit")
    True
    """
    choice("criterion", criterion, CRITERIA)
    one, two = finite_images(channel_axis, a=a, b=b)
    shape = one.shape[1:]
    if len(shape) not in (1, 2, 3):
        raise InputError(
            f"the arrays have {len(shape)} axes besides channels: give lines, images or volumes, "
            "and say by `channel_axis` which axis holds channels."
        )
    rings = make_rings(shape, spacing_of_axes(spacing, len(shape)), ring_width)
    window = tukey_window(shape, taper)

    cross, power_one, power_two = np.zeros((3, len(rings.frequencies)))
    for x, y in zip(one, two, strict=True):
        f, g = _transform(x, window), _transform(y, window)
        cross += rings.sum((f * g.conj()).real)
        power_one += rings.sum(np.abs(f) ** 2)
        power_two += rings.sum(np.abs(g) ** 2)
    power = np.sqrt(power_one) * np.sqrt(power_two)
    correlation = np.divide(cross, power, out=np.zeros_like(cross), where=power > 0)
    # Windowed noise is correlated between neighbouring frequencies: this share of it is new.
    independent = np.mean(window**2) ** 2 / np.mean(window**4)
    elements = rings.sum(np.ones(())) * len(one) * independent
    return RingCorrelation(rings.frequencies, correlation, elements, rings.nyquist, criterion)


def denoised_ring_correlation(
    denoised_half: ArrayLike,
    *,
    raw_half: ArrayLike,
    raw_other_half: ArrayLike,
    spacing: float | Sequence[float] = 1.0,
    taper: float = 0.25,
    ring_width: float | None = None,
    channel_axis: int | None = None,
) -> RingCorrelation:
    r"""Estimate, without a truth, the ring correlation of a denoised half with the truth.

    :math:`C(\mathrm{denoised}, \mathrm{other}) / \sqrt{C(\mathrm{raw}, \mathrm{other})}`. The
    noise of the other half is alike in both and cancels. NaN in rings where the two raw halves do
    not correlate more than noise would (once in 741 rings, as 3 sigma); wider rings reach further.
    Values are estimates and can pass 1.

    Two outputs of one network must not be compared with each other: what its weights invent they
    invent in both, and a ring correlation takes for signal whatever two arrays share. A network
    that painted the same picture whatever it is shown would correlate with itself by 1. Raw data
    share nothing with the network but the signal.

    Parameters
    ----------
    denoised_half : array_like, shape (*S,) of one, two or three axes, and channels
        Denoised from `raw_half` alone.
    raw_half, raw_other_half : array_like
        Of the same shape: measurements of the same thing, at the same dose, with independent
        noise. The network has not seen the other half in training either, as input or target: one
        that learnt its noise by heart would find it again.
    spacing, taper, ring_width, channel_axis
        As for `ring_correlation`.

    Returns
    -------
    RingCorrelation
        With the criterion "truth", 0.541.

    Raises
    ------
    InputError
        As `ring_correlation`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=(64, 64)).cumsum(axis=0).cumsum(axis=1)
    >>> raw, other = truth + rng.normal(0, 5, size=(2, 64, 64))
    >>> blurred = (np.roll(raw, 1, axis=0) + raw + np.roll(raw, -1, axis=0)) / 3
    >>> curve = denoised_ring_correlation(blurred, raw_half=raw, raw_other_half=other)
    >>> with_truth = ring_correlation(blurred, truth, criterion="truth")
    >>> bool(np.nanmax(np.abs(curve.correlation - with_truth.correlation)[:8]) < 0.1)
    True
    """
    finite_images(
        channel_axis, denoised_half=denoised_half, raw_half=raw_half, raw_other_half=raw_other_half
    )

    def with_other(array: ArrayLike) -> RingCorrelation:
        return ring_correlation(
            array, raw_other_half, spacing=spacing, taper=taper, ring_width=ring_width,
            channel_axis=channel_axis, criterion="truth",
        )  # fmt: skip

    denoised, raw = with_other(denoised_half), with_other(raw_half)
    above_noise = raw.correlation > _highest_of_noise(raw.elements)
    share_of_signal = np.sqrt(np.where(above_noise, raw.correlation, np.nan))
    return replace(denoised, correlation=denoised.correlation / share_of_signal)


def _highest_of_noise(elements: Floats) -> Floats:
    """Give the correlation that noise passes as seldom as 3 sigma, by Student's distribution."""
    from scipy.special import ndtr, stdtrit

    freedom = np.maximum(elements - 1, 1e-3)
    t: Floats = stdtrit(freedom, ndtr(3))
    return t / np.sqrt(freedom + t**2)


def _transform(array: Floats, window: Floats) -> NDArray[np.complex128]:
    """Give the Fourier transform (rfftn) of what differs from the mean under the window."""
    return np.fft.rfftn((array - np.average(array, weights=window)) * window)
