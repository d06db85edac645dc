"""Arrays in files: indexed as numpy indexes, reading no more than was asked for."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autoden.errors import InputError
from autoden.signals import Signal
from autoden.signals.lazy import LazyArray

NUMBERS = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)


def read_numbers(bounds, log=None):
    part = NUMBERS[bounds].copy()
    if log is not None:
        log.append(part.size)
    return part


def lazy_numbers(log=None):
    return LazyArray(NUMBERS.shape, NUMBERS.dtype, partial(read_numbers, log=log))


@given(index=hnp.basic_indices((5, 4, 3), allow_newaxis=False))
def test_it_is_indexed_as_numpy_indexes_and_reads_what_is_asked(index):
    log = []
    part = lazy_numbers(log)[index]
    np.testing.assert_array_equal(part, NUMBERS[index])
    assert sum(log) == part.size


@given(start=st.integers(-7, 7), stop=st.integers(-7, 7), step=st.sampled_from([-3, -1, 1, 2]))
def test_slices_of_either_direction(start, stop, step):
    wanted = slice(start, stop, step)
    np.testing.assert_array_equal(lazy_numbers()[wanted], NUMBERS[wanted])


@pytest.mark.parametrize("index", [5, (0, 0, 0, 0), (..., ...), -6])
def test_what_is_out_of_range_raises_index_errors(index):
    with pytest.raises(IndexError):
        lazy_numbers()[index]


@pytest.mark.parametrize("index", [[0, 1], None, True, 1.5, "a"], ids=str)
def test_other_indices_are_refused_with_a_remedy(index):
    with pytest.raises(InputError, match="read the part around it first"):
        lazy_numbers()[index]


def test_a_signal_keeps_its_numbers_in_the_file_until_they_are_wanted():
    log = []
    signal = Signal(lazy_numbers(log), ["y", "x", "energy"], {"sample": "a"})
    assert repr(signal) == "Signal 5 x 4 x 3 (y, x, energy), int16, in its file"
    assert (signal.shape, signal.ndim, signal.dtype, signal.is_lazy) == (
        (5, 4, 3),
        3,
        "int16",
        True,
    )
    again = pickle.loads(pickle.dumps(Signal(lazy_numbers(), signal.axes)))
    assert not log
    loaded = signal.loaded()
    assert isinstance(loaded.data, np.ndarray)
    assert loaded.loaded() is loaded
    assert not loaded.is_lazy
    assert loaded.metadata["sample"] == "a"
    for each in (signal, again, loaded):
        np.testing.assert_array_equal(np.asarray(each), NUMBERS)
    assert np.asarray(signal, dtype=float).dtype == float


def test_it_cannot_become_an_array_without_a_copy():
    with pytest.raises(ValueError, match="copied"):
        np.array(lazy_numbers(), copy=False)


def test_empty_and_text_in_files_are_refused_at_once():
    with pytest.raises(InputError, match="empty"):
        Signal(LazyArray((0, 3), np.dtype(float), read_numbers), ["y", "x"])
    with pytest.raises(InputError, match="numbers are needed"):
        Signal(LazyArray((2, 3), np.dtype("U3"), read_numbers), ["y", "x"])
