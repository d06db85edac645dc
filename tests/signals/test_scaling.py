"""Scaling spans the data, ignores outliers, and comes back exactly."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.signals.scaling import (
    DataScaleBias,
    compute_scaling_selfsupervised,
    compute_scaling_supervised,
)


def test_the_central_data_span_one_around_zero():
    data = np.random.default_rng(0).uniform(50, 250, 100_000)
    scaled = compute_scaling_selfsupervised(data).scale_input(data)
    assert np.ptp(scaled) == pytest.approx(1, abs=0.01)
    assert scaled.mean() == pytest.approx(0, abs=1e-3)


def test_a_hot_pixel_does_not_set_the_scale():
    data = np.random.default_rng(0).uniform(0, 1, 100_000)
    spoilt = data.copy()
    spoilt[5] = 1e9
    clean, hot = (compute_scaling_selfsupervised(x) for x in (data, spoilt))
    assert hot.scale_inp == pytest.approx(clean.scale_inp, rel=1e-3)
    assert hot.bias_inp == pytest.approx(clean.bias_inp, rel=1e-3)


@pytest.mark.parametrize("data", [[5.0, 6.0], [0] * 5000 + [7], [-3.0, 0.0, 1e6]])
def test_every_scaling_is_finite_and_is_undone(data):
    data = np.array(data, dtype=float)
    scaling = compute_scaling_selfsupervised(data)
    back = scaling.restore_output(scaling.scale_target(data))
    np.testing.assert_allclose(back, data, rtol=1e-12, atol=1e-9)


def test_input_and_target_of_different_units():
    inp = np.linspace(0, 1, 1000)
    scaling = compute_scaling_supervised(inp, 40 * inp + 3)
    assert scaling.scale_inp == pytest.approx(40 * scaling.scale_tgt)
    assert (scaling.scale_out, scaling.bias_out) == (scaling.scale_tgt, scaling.bias_tgt)


@pytest.mark.parametrize("values", [{"scale_out": 0}, {"bias_inp": np.nan}, {"scale_inp": "a"}])
def test_a_scaling_that_cannot_be_undone_is_refused(values):
    with pytest.raises(InputError, match=next(iter(values))):
        DataScaleBias(**values)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.array([1j, 2.0]), "give their parts as channels"),
        ([], "empty"),
        ("a", "numbers are needed"),
        (None, "not a rectangular array of numbers"),
        ([[1.0], [1.0, 2.0]], "unequal lengths"),
        (np.ma.masked_less([1.0, 2.0, 3.0], 2), "1 masked value"),
        ([1.0, np.nan], "NaN"),
    ],
)
def test_what_is_no_row_of_finite_real_numbers_is_refused(data, words):
    good = [0.0, 1.0]
    with pytest.raises(InputError, match=f"input data .*{words}"):
        compute_scaling_selfsupervised(data)
    with pytest.raises(InputError, match=f"input data .*{words}"):
        compute_scaling_supervised(data, good)
    with pytest.raises(InputError, match=f"target data .*{words}"):
        compute_scaling_supervised(good, data)


def test_constant_data_are_refused():
    with pytest.raises(InputError, match="every value is 3"):
        compute_scaling_selfsupervised(np.full(10, 3))
