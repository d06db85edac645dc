"""Strong lines of a spectrum: where they are and how far they reach.

A line is a box of channels whose net area, over the line through the strips on both of its sides,
exceeds what the noise of the measurement can make. This is the search by second differences of
Mariscotti (Nucl. Instrum. Methods 50, 309, 1967) with a box for every width. What becomes of the
lines found lives in `peak_shifts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import maximum_filter1d

from autoden.checks import number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats
from autoden.evaluation.comparison import check_spectrum, judged_arrays

MOST_IN_ONE = 0.6
"""Share of the net area in one channel above which there is no line but a hot channel."""

NEARLY = 0.85
"""Share of the best score that makes a narrower box as good."""

WINDOW = 1.2
"""Half-width of the window of a line in full widths at half maximum: 2.8 sigma of a Gaussian."""


@dataclass(frozen=True)
class Peak:
    """A line of a spectrum.

    Attributes
    ----------
    index : int
        Channel in the middle of the window.
    half_width : int
        Channels of the window on either side of it.
    significance : float
        Net area over the standard error that the measured counts give it.
    """

    index: int
    half_width: int
    significance: float

    @property
    def start(self) -> int:
        """First channel of the window."""
        return self.index - self.half_width

    @property
    def stop(self) -> int:
        """Channel after the last one of the window."""
        return self.index + self.half_width + 1

    @property
    def strip(self) -> int:
        """Channels of each of the strips beside the window, which tell the background."""
        return _strip(self.half_width)


def find_peaks(
    estimate: ArrayLike,
    variance: ArrayLike,
    *,
    significance: float = 8.0,
    widths: tuple[float, float] = (3.0, 60.0),
) -> tuple[Peak, ...]:
    """Find the strong lines of a spectrum, in the order of their channels.

    Shoulders, edges and single hot channels are no lines: a line rises above both of its sides,
    which must be in the spectrum.

    Parameters
    ----------
    estimate : array_like
        Shape (n_channels,), the spectrum to search: smooth or not.
    variance : array_like
        Shape (n_channels,), of the noise of the measurement that the estimate was made from. For
        counts take it from the estimate, not from single counts.
    significance : float
        Standard errors that the net area must reach. Some hundred places and a dozen widths are
        tried, so that noise alone reaches 4 to 5.
    widths : tuple of float
        Least and greatest full width at half maximum, in channels.

    Returns
    -------
    tuple of Peak
        Their windows do not hold each other's middle.

    Raises
    ------
    InputError
        No spectrum, or options that cannot be.

    Examples
    --------
    >>> channels = np.arange(200)
    >>> counts = 5 + 300 * np.exp(-0.5 * ((channels - 120) / 6) ** 2)
    >>> [(peak.index, peak.half_width) for peak in find_peaks(counts, counts)]
    [(120, 18)]
    """
    rate, _, noise = judged_arrays(estimate, estimate, variance)
    check_spectrum(rate)
    least = number("significance", significance, above=0)
    score, reach = _first_scale(rate, noise, _half_widths(widths), least)
    found: list[Peak] = []
    tried: set[tuple[int, int]] = set()
    most = 1.25 * WINDOW * widths[1]  # with room for noise and tails
    for index in np.argsort(-score, kind="stable"):
        if score[index] < least:
            break
        if any(peak.start <= index < peak.stop for peak in found):
            continue
        place = _centred(rate, int(index), int(reach[index]))
        if place[1] < reach[index]:
            place = _centred(rate, *place)
        if place not in tried and place[1] <= most:
            tried.add(place)
            peak = Peak(*place, float(_scores(rate, noise, place[1])[place[0]]))
            if peak.significance >= least and all(_are_apart(peak, other) for other in found):
                found.append(peak)
    return tuple(sorted(found, key=lambda peak: peak.index))


def _are_apart(one: Peak, other: Peak) -> bool:
    return abs(one.index - other.index) > max(one.half_width, other.half_width)


def _centred(rate: Floats, index: int, half: int) -> tuple[int, int]:
    """Give the top of the line in a box, and the half-width of the window that suits it.

    The width at half maximum is twice the distance to the nearer half maximum, so that a neighbour
    does not count.
    """
    strip, span = _strip(half), half // 6
    if not half + strip <= index < rate.size - half - strip:
        return index, half
    box = rate[index - half - strip : index + half + strip + 1]
    smooth = np.convolve(
        np.pad(box, span, mode="edge"), np.full(2 * span + 1, 1 / (2 * span + 1)), "valid"
    )
    top = strip + int(smooth[strip:-strip].argmax())
    reaches = []
    for side in (smooth[top::-1], smooth[top:]):
        level = (side[0] + side[-strip:].mean()) / 2
        below = int((side < level).argmax())
        if below:
            reaches.append(below - (level - side[below]) / (side[below - 1] - side[below]))
    width = 2 * min(reaches, default=half / 2)
    return index - half - strip + top, max(2, round(WINDOW * width))


def _strip(half_width: int) -> int:
    return max(2, half_width // 2)


def _half_widths(widths: tuple[float, float]) -> list[int]:
    """Give the half-widths of the boxes: steps of about 1.4, to beyond the greatest width."""
    try:
        low, high = widths
    except (TypeError, ValueError):
        raise InputError(f"`widths` is {widths!r}: give the least and the greatest.") from None
    number("widths[0]", low, at_least=2)
    number("widths[1]", high, at_least=low)
    steps = np.arange(0, 2 * np.log2(1.6 * high / (0.7 * low)) + 1)
    return [int(half) for half in np.unique(np.maximum(2, np.rint(0.7 * low * 2 ** (steps / 2))))]


def _first_scale(
    rate: Floats, noise: Floats, halves: list[int], least: float
) -> tuple[Floats, Floats]:
    """Give each channel the score and half-width of the narrowest line around it.

    A wider box may score more because it takes in the next line too: the first maximum over the
    widths counts, and of the boxes that do nearly as well the narrowest.
    """
    halves = [half for half in halves if 2 * (half + _strip(half)) < rate.size]
    scores = np.full((len(halves) + 2, rate.size), -np.inf)
    for row, half in enumerate(halves, start=1):
        scores[row] = _scores(rate, noise, half)
    inner = scores[1:-1]
    is_top = (inner >= least) & (inner > scores[:-2]) & (inner >= scores[2:])
    if not is_top.any():
        return np.full(rate.size, -np.inf), np.zeros(rate.size)
    channels = np.arange(rate.size)
    best = np.where(is_top.any(axis=0), inner[is_top.argmax(axis=0), channels], np.inf)
    row = (inner >= np.maximum(NEARLY * best, least)).argmax(axis=0)
    score = np.where(np.isfinite(best), inner[row, channels], -np.inf)
    return score, np.asarray(halves, dtype=np.float64)[row]


def _scores(rate: Floats, noise: Floats, half: int) -> Floats:
    """Give the significance of a line of one width in the middle of every channel, (n_channels,).

    Minus infinity where the box or its strips reach over an end, or what is there is no line.
    """
    strip, core = _strip(half), half // 3
    centre = np.arange(half + strip, rate.size - half - strip)
    sums, variances = (np.concatenate([[0.0], np.cumsum(a)]) for a in (rate, noise))

    def mean(first: int, last: int, of: Floats = sums) -> Floats:
        span = last + 1 - first
        return np.asarray((of[centre + last + 1] - of[centre + first]) / span)

    def error(first: int, last: int) -> Floats:  # variance of the mean
        return mean(first, last, variances) / (last + 1 - first)

    left, right = (-half - strip, -half - 1), (half + 1, half + strip)
    middle, width = mean(-core, core), 2 * half + 1
    net = width * (mean(-half, half) - (mean(*left) + mean(*right)) / 2)
    spread = width**2 * (error(-half, half) + (error(*left) + error(*right)) / 4)
    rises = middle - np.maximum(mean(*left), mean(*right))
    is_line = (
        (rises > 3 * np.sqrt(error(-core, core) + np.maximum(error(*left), error(*right))))
        & (middle >= mean(-half, -core - 1))
        & (middle >= mean(core + 1, half))
        & (spread > 0)
    )
    base = (mean(*left) + mean(*right)) / 2
    is_line &= maximum_filter1d(rate, width)[centre] - base <= MOST_IN_ONE * net
    scores = np.full(rate.size, -np.inf)
    scores[centre] = np.where(is_line, net / np.sqrt(np.where(spread > 0, spread, 1)), -np.inf)
    return scores
