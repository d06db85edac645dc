"""Thresholds follow from the information they stand for; cutoffs follow their conventions."""

import math

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.evaluation import RingCorrelation

NAN = math.nan


def curve(correlation, elements=1e12, criterion="half-bit"):
    n = len(correlation)
    frequencies = 0.5 * np.arange(1, n + 1) / n
    return RingCorrelation(
        frequencies, np.array(correlation, float), np.full(n, elements), 0.5, criterion
    )


@pytest.mark.parametrize(
    ("criterion", "bits", "s"), [("half-bit", 0.5, 0.2071), ("one-bit", 1, 0.5)]
)
@pytest.mark.parametrize("n", [1, 8, 1000])
def test_thresholds_between_halves_are_those_of_van_heel(criterion, bits, s, n):
    expected = (s + (2 * np.sqrt(s) + 1) / np.sqrt(n)) / (s + 1 + 2 * np.sqrt(s) / np.sqrt(n))
    np.testing.assert_allclose(curve([1, 1], n).threshold(criterion), expected, rtol=1e-4)
    # With many elements: the correlation of two halves whose sum holds that much information.
    snr_of_half = (2**bits - 1) / 2
    assert curve([1], 1e14).threshold(criterion)[0] == pytest.approx(
        snr_of_half / (1 + snr_of_half), rel=1e-6
    )


def test_threshold_against_truth_is_where_the_data_hold_half_a_bit():
    snr = 2**0.5 - 1
    np.testing.assert_allclose(curve([1, 1]).threshold("truth"), np.sqrt(snr / (1 + snr)))
    assert curve([1]).threshold("truth")[0] == pytest.approx(0.541, abs=0.0005)


def test_fixed_thresholds_and_the_own_criterion():
    np.testing.assert_allclose(curve([1, 1]).threshold("1/7"), 1 / 7)
    np.testing.assert_allclose(curve([1, 1]).threshold(0.25), 0.25)
    own = curve([1, 0.2], criterion="truth")
    np.testing.assert_array_equal(own.threshold(), own.threshold("truth"))
    assert own.cutoff() == own.cutoff("truth") != own.cutoff("1/7")


@pytest.mark.parametrize(
    ("correlation", "cutoff"),
    [
        ([1.0, 0.8, 0.4, 0.9], 0.25 + 0.125 * 0.75),  # the first crossing, interpolated
        ([1.0, 0.5, 0.4, 0.3], 0.25),  # at the threshold is not below
        ([1.0, 0.9, 0.8, 0.7], 0.5),  # never: Nyquist
        ([0.4, 0.9, 0.9, 0.9], 0.0),  # at once
        ([1.0, 0.9, NAN, NAN], 0.25),  # judged that far
        ([1.0, NAN, 0.0, NAN], 0.25),  # across a gap
        ([NAN, NAN, NAN, NAN], 0.0),
    ],
)
def test_cutoff_is_the_first_crossing(correlation, cutoff):
    measured = curve(correlation)
    assert measured.cutoff(0.5) == pytest.approx(cutoff)
    assert measured.resolution(0.5) == pytest.approx(1 / cutoff if cutoff else math.inf)


@pytest.mark.parametrize("criterion", ["two-bit", 1.0, -0.1, NAN])
def test_other_criteria_are_refused(criterion):
    with pytest.raises(InputError, match="`criterion` is"):
        curve([1, 1]).threshold(criterion)
