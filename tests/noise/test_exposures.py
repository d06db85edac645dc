"""Exposures: what they hold, what they refuse, and what they leave alone."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.noise import Combined, Exposures


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 4)])
def test_repeats_are_compared_after_division_by_their_durations(shape):
    rate = np.random.default_rng(0).uniform(1, 9, shape)
    durations = np.array([0.5, 1.0, 1.5])
    exposures = Exposures(np.stack([t * rate for t in durations]), durations)
    assert (exposures.n_repeats, exposures.shape) == (3, shape)
    np.testing.assert_allclose(exposures.scaled(), np.stack([rate] * 3))


def test_live_times_of_any_unit_become_durations_of_mean_one():
    seconds, hours = (
        Exposures.timed(np.ones((3, 5)), np.array([1.0, 2.0, 6.0]) * unit) for unit in (1, 1 / 3600)
    )
    np.testing.assert_allclose(seconds.durations, [1 / 3, 2 / 3, 2])
    np.testing.assert_allclose(hours.durations, seconds.durations)


def test_selected_repeats_keep_their_durations():
    exposures = Exposures(np.arange(6.0).reshape(3, 2), [0.5, 1.0, 1.5])
    chosen = exposures.take([2, 0])
    np.testing.assert_array_equal(chosen.repeats, [[4, 5], [0, 1]])
    np.testing.assert_array_equal(chosen.durations, [1.5, 0.5])
    assert exposures.take(1).n_repeats == 1


def test_integers_become_float64_and_stay_as_they_were():
    counts = np.arange(6, dtype=np.uint8).reshape(2, 3)
    exposures = Exposures(counts)
    assert exposures.repeats.dtype == exposures.durations.dtype == np.float64
    np.testing.assert_array_equal(exposures.durations, [1, 1])
    np.testing.assert_array_equal(counts, np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    ("repeats", "durations", "words"),
    [
        (np.ones(5), None, r"values\[None\]"),
        ([[1.0, np.nan]], None, "NaN or infinite"),
        ([[1.0, 2.0j]], None, "complex"),
        (np.ones((0, 5)), None, "empty"),
        (np.ones((2, 5)), [1.0], r"\(1,\) for 2 repeat"),
        (np.ones((2, 5)), [1.0, 0.0], "above 0"),
        (np.ones((2, 5)), [1.0, np.inf], "durations hold 1 value"),
    ],
)
def test_what_is_no_measurement_is_refused(repeats, durations, words):
    with pytest.raises(InputError, match=words):
        Exposures(repeats, durations)


def test_bad_live_times_are_named_as_such():
    with pytest.raises(InputError, match="live times are -1"):
        Exposures.timed(np.ones((2, 5)), [1.0, -1.0])


def test_an_empty_choice_of_repeats_is_refused():
    with pytest.raises(InputError, match="take at least one"):
        Exposures(np.ones((2, 5))).take([])


def test_an_estimate_without_dose_is_refused():
    with pytest.raises(InputError, match="dose"):
        Combined(np.ones(3), 0.0)
