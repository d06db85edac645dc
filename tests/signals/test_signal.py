"""A signal keeps its axes, and says clearly what does not fit together."""

import copy
import pickle

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.signals import Axis, Signal

ENERGY = Axis("energy", "keV", np.linspace(-0.02, 20.491, 4095))


def make_signal(**metadata):
    return Signal(np.zeros((32, 4095), np.int64), [Axis("repeat"), ENERGY], metadata)


def test_repr_fits_a_line():
    text = "Signal 32 x 4095 (repeat, energy -0.02 to 20.491 keV), int64"
    assert repr(make_signal()) == text
    assert repr(Axis("y")) == "Axis(y)"
    assert repr(Signal(1.0, ())) == "Signal of one number, float64"


def test_a_signal_is_an_array():
    signal = make_signal()
    assert np.asarray(signal) is signal.data
    assert np.asarray(signal, dtype=np.float32).dtype == np.float32
    assert np.array(signal) is not signal.data
    assert np.mean(signal, axis=0).shape == (4095,)
    assert (signal.shape, signal.ndim, signal.dtype) == ((32, 4095), 2, np.int64)


def test_axes_are_found_by_name_in_any_case():
    signal = make_signal()
    assert signal.axis("Energy") is ENERGY
    assert signal.axis_index("repeat") == 0
    assert Axis("Energy").name == "energy"
    with pytest.raises(InputError, match="no axis 'x': the axes are repeat, energy"):
        signal.axis("x")


def test_axis_values_are_a_read_only_copy():
    values = np.arange(3)
    axis = Axis("x", "mm", values)
    values[0] = 7
    assert axis.values is not None
    assert axis.values.dtype == np.float64
    assert axis.values[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        axis.values[0] = 1


def test_results_carry_the_axes():
    signal = make_signal(sample="glass")
    mean = signal.data.mean(axis=0)
    for result in (
        signal.with_data(mean, dropping="repeat"),
        signal.with_data(mean, keeping=["energy"]),
    ):
        assert result.axes == (ENERGY,)
        assert result.metadata == {"sample": "glass"}
    both = signal.with_data(signal.data * 2.0, metadata={"gain": np.float32(0.5), "sample": "x"})
    assert both.axes == signal.axes
    assert both.metadata == {"sample": "x", "gain": 0.5}
    with pytest.raises(InputError, match="give one of them"):
        signal.with_data(mean, dropping="repeat", keeping="energy")
    with pytest.raises(InputError, match="4095 values, but the data have 10"):
        signal.with_data(np.zeros((32, 10)))


def test_metadata_are_plain_copied_and_read_only():
    nested = {"position": 1.5, "rows": [1, "a", True]}
    signal = make_signal(overflow_bin=nested)
    nested["rows"].append(2)
    assert signal.metadata["overflow_bin"]["rows"] == [1, "a", True]
    with pytest.raises(TypeError):
        signal.metadata["new"] = 1
    with pytest.raises(InputError, match=r"metadata\['a'\]\[1\] is of type ndarray"):
        make_signal(a=[1, np.zeros(3)])
    with pytest.raises(InputError, match="names in metadata"):
        Signal([1], ["x"], {1: 2})
    with pytest.raises(InputError, match="must be a mapping"):
        Signal([1], ["x"], [1])


def test_equality_and_hash_never_compare_arrays():
    one, other = make_signal(), make_signal()
    assert one == one
    assert one != other
    assert len({one, other, ENERGY}) == 3


def test_signals_travel_between_processes():
    signal = make_signal(gain=2.0)
    for travelled in (pickle.loads(pickle.dumps(signal)), copy.deepcopy(signal)):
        np.testing.assert_array_equal(travelled.axis("energy").values, ENERGY.values)
        assert travelled.metadata == {"gain": 2.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Signal(np.zeros((2, 3)), ["y"]), "need 2 axes, but 1 were given"),
        (lambda: Signal(np.zeros((2, 3)), ["y", "Y"]), "must all differ"),
        (lambda: Signal(np.zeros(3), [Axis("x", "", [1, 2])]), "2 values, but .* 3 elements"),
        (lambda: Signal([[1, 2], [3]], ["y", "x"]), "unequal lengths"),
        (lambda: Axis(""), "needs a name"),
        (lambda: Axis("a\nb"), "printable"),
        (lambda: Axis("x", 3), "unit of an axis must be printable"),
        (lambda: Axis("x", "", [[1.0]]), "1D"),
        (lambda: Axis("x", "", [np.nan]), "NaN"),
        (lambda: Axis("x", "", ["a"]), "dtype"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
