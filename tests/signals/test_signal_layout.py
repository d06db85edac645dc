"""Laws of the axis bookkeeping, as tables of worked shapes and as round trips."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autoden.errors import InputError
from autoden.signals.layout import from_network, to_network, to_realizations
from autoden.signals.values import check_finite, check_numeric

# shape of the data, n_dims, n_channels, realizations_axis, channel_axis, shape expected
WORKED_SHAPES = [
    ((4, 20), 1, 1, 0, None, (4, 20)),
    ((20, 4), 1, 1, 1, None, (4, 20)),
    ((20, 4), 1, 1, -1, None, (4, 20)),
    ((4, 10, 20), 1, 1, 0, None, (10, 4, 20)),
    ((4, 10, 20), 2, 1, 0, None, (4, 10, 20)),
    ((4, 3, 20), 1, 3, 0, 1, (4, 3, 20)),
    ((3, 4, 20), 1, 3, 1, 0, (4, 3, 20)),
    ((4, 20, 3), 1, 3, 0, -1, (4, 3, 20)),
    ((4, 20, 1), 1, 1, 0, -1, (4, 20)),
    ((1, 4, 20), 1, 1, 1, 0, (4, 20)),
    ((7, 5, 4, 8, 9), 2, 1, 2, None, (7, 5, 4, 8, 9)),
    ((5, 8, 4, 9, 3), 2, 3, 2, 4, (5, 4, 3, 8, 9)),
    ((20,), 1, 1, None, None, (20,)),
    ((8, 9, 3), 2, 3, None, 2, (3, 8, 9)),
]


@pytest.mark.parametrize(
    ("shape", "n_dims", "n_channels", "realizations", "channels", "expected"), WORKED_SHAPES
)
def test_worked_shapes(shape, n_dims, n_channels, realizations, channels, expected):
    data = np.arange(np.prod(shape)).reshape(shape)
    result = to_realizations(
        data,
        n_dims=n_dims,
        n_channels=n_channels,
        realizations_axis=realizations,
        channel_axis=channels,
    )
    assert result.shape == expected
    assert result.dtype == data.dtype
    assert sorted(result.ravel()) == list(range(data.size))


def test_numpy_integers_name_axes():
    result = to_realizations(
        np.zeros((20, 4)), n_dims=1, n_channels=1, realizations_axis=np.int8(1)
    )
    assert result.shape == (4, 20)


def test_values_land_where_the_axes_say():
    data = np.arange(3 * 4 * 20).reshape(3, 4, 20)  # C, R, X
    result = to_realizations(data, n_dims=1, n_channels=3, realizations_axis=1, channel_axis=0)
    for channel in range(3):
        for repeat in range(4):
            np.testing.assert_array_equal(result[repeat, channel], data[channel, repeat])


@pytest.mark.parametrize(
    ("shape", "channel_axis", "n_channels", "expected"),
    [
        ((4, 20), None, 2, (4, 2, 20)),
        ((4, 1, 20), 1, 2, (4, 2, 20)),
        ((4, 20, 3), -1, 6, (4, 6, 20)),
        ((4, 5, 20), None, 2, (5, 4, 2, 20)),
    ],
)
def test_complex_data_become_all_real_then_all_imaginary(shape, channel_axis, n_channels, expected):
    rng = np.random.default_rng(0)
    data = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    before = data.copy()
    result = to_realizations(data, n_dims=1, n_channels=n_channels, channel_axis=channel_axis)
    assert result.shape == expected
    assert result.dtype == np.float64
    half = n_channels // 2
    joined = result[..., :half, :] + 1j * result[..., half:, :]
    plain = to_realizations(data.real, n_dims=1, n_channels=half, channel_axis=channel_axis)
    np.testing.assert_array_equal(joined.real.squeeze(), plain.squeeze())
    np.testing.assert_array_equal(sorted(joined.ravel()), sorted(data.ravel()))
    np.testing.assert_array_equal(data, before)


@st.composite
def arrangements(draw):
    """An array with its axes in any order: data, the same in canonical order, settings."""
    n_dims = draw(st.integers(1, 3))
    n_batch = draw(st.integers(0, 2))
    n_channels = draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, 4), min_size=n_batch + 1 + n_dims, max_size=6))
    lengths = lengths[: n_batch + 1 + n_dims]
    own = [lengths[n_batch], n_channels]
    canonical_shape = (*lengths[:n_batch], *own, *lengths[n_batch + 1 :])
    canonical = np.arange(np.prod(canonical_shape)).reshape(canonical_shape)
    ndim = canonical.ndim
    realizations, channels = draw(st.permutations(range(ndim)))[:2]
    data = np.moveaxis(canonical, [n_batch, n_batch + 1], [realizations, channels])
    signs = draw(st.tuples(st.booleans(), st.booleans()))
    settings = {
        "n_dims": n_dims,
        "n_channels": n_channels,
        "realizations_axis": realizations - ndim * signs[0],
        "channel_axis": channels - ndim * signs[1],
    }
    return data, canonical.squeeze(n_batch + 1) if n_channels == 1 else canonical, settings


@given(arrangements())
def test_axes_from_any_position(arrangement):
    data, canonical, settings = arrangement
    np.testing.assert_array_equal(to_realizations(data, **settings), canonical)


@given(arrangements())
def test_to_network_and_back_is_exact(arrangement):
    _, canonical, settings = arrangement
    n_dims, n_channels = settings["n_dims"], settings["n_channels"]
    array, leading = to_network(canonical, n_dims=n_dims, n_channels=n_channels)
    assert array.ndim == n_dims + 2
    assert array.shape[1] == n_channels
    back = from_network(array, leading, n_channels_out=n_channels)
    assert back.shape == canonical.shape
    np.testing.assert_array_equal(back, canonical)


def test_networks_may_return_other_channels():
    array, leading = to_network(np.zeros((5, 4, 20)), n_dims=1, n_channels=1)
    two = np.concatenate([array, array], axis=1)
    assert from_network(two, leading, n_channels_out=2).shape == (5, 4, 2, 20)
    assert to_network(np.zeros(20), n_dims=1, n_channels=1)[0].shape == (1, 1, 20)
    assert from_network(np.zeros((1, 1, 20)), (), n_channels_out=1).shape == (20,)


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        (
            (20,),
            {},
            r"have 1 dimension \(.* at least 2 .* 1 for the 1D model, 1 for the realizations",
        ),
        ((4, 20), {"channel_axis": 0, "n_channels": 4}, "at least 3 .*1 for the channels"),
        ((4, 20), {"realizations_axis": 2}, "realizations_axis=2 is out of range .* -2 to 1"),
        ((4, 3, 20), {"channel_axis": -4, "n_channels": 3}, "channel_axis=-4 is out of range"),
        ((4, 3, 20), {"channel_axis": -3, "n_channels": 4}, "same axis"),
        ((4, 3, 20), {"channel_axis": 1}, "n_channels_in=1, .* 3 channels along axis 1"),
        ((4, 20), {"n_channels": 2}, "n_channels_in=2, the data have no channel axis"),
        ((4, 0), {}, "empty"),
        ((4, 20), {"realizations_axis": "0"}, "realizations_axis='0' is no index .* -2 to 1, or"),
        ((4, 20), {"realizations_axis": 0.0}, "realizations_axis=0.0 is no index"),
        ((4, 3, 20), {"channel_axis": True, "n_channels": 3}, "channel_axis=True is no index"),
        ((4, 1, 20), {"channel_axis": 1, "n_channels": 3}, "1 channel along axis 1"),
    ],
)
def test_what_cannot_be_moved_is_refused(shape, settings, message):
    with pytest.raises(InputError, match=message):
        to_realizations(np.zeros(shape), **{"n_dims": 1, "n_channels": 1, **settings})


@pytest.mark.parametrize("n_channels", [1, 3])
def test_complex_data_need_two_channels(n_channels):
    with pytest.raises(InputError, match="Complex data need a model with two channels"):
        to_realizations(np.zeros((4, 20), complex), n_dims=1, n_channels=n_channels)


def test_network_shapes_are_checked():
    with pytest.raises(InputError, match="at least 2 are needed"):
        to_network(np.zeros(20), n_dims=2, n_channels=1)
    with pytest.raises(InputError, match="2 channels along axis 1"):
        to_network(np.zeros((4, 2, 20)), n_dims=1, n_channels=3)
    with pytest.raises(InputError, match=r"\(N, C\) = \(8, 1\)"):
        from_network(np.zeros((8, 2, 20)), (4, 2), n_channels_out=1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([np.zeros(4095), np.zeros(4000)], "exposures have unequal lengths 4095, 4000"),
        ([[1, 2], 3], "exposures are not a rectangular array"),
        ([[[1, 2], [3]], [[1, 2], [3]]], "exposures are not a rectangular array"),
        (np.array([{}, None], dtype=object), "exposures are not a rectangular array"),
        (None, "exposures are not a rectangular array"),
        (["1", "2"], "is <U1"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64"),
        ([], r"empty: their shape is \(0,\)"),
        (np.ma.masked_less([1, 2, 3], 2), "1 masked value,"),
        ([np.ma.masked_less([1, 2, 3], 3), np.arange(3)], "2 masked values,"),
        ([1, np.ma.masked], "1 masked value,"),
        (torch.ones(2, requires_grad=True), r"requires grad.*tensor\.detach\(\)"),
    ],
)
def test_what_are_no_numbers(data, message):
    with pytest.raises(InputError, match=message):
        check_numeric(data, "exposures")


@pytest.mark.parametrize("data", [[1], [True], 2.5, [1j], np.ma.array([1, 2]), np.float16(1)])
def test_what_are_numbers(data):
    assert check_numeric(data).size > 0


def test_ragged_data_are_refused_by_the_denoisers_border():
    with pytest.raises(InputError, match="unequal lengths 5, 4"):
        to_realizations([np.zeros(5), np.zeros(4)], n_dims=1, n_channels=1)


def test_check_finite():
    data = np.zeros((3, 4))
    assert check_finite(data) is data
    assert check_finite(np.arange(3)).dtype.kind == "i"
    data[1, 2], data[2, 0] = np.nan, np.inf
    with pytest.raises(InputError, match=r"counts hold 2 values .* first at index \(1, 2\)"):
        check_finite(data, "counts")
