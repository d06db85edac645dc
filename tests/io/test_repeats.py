"""Several files given together are repeats of one measurement."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.io.repeats import stack_repeats
from autoden.signals import Axis, Signal


def spectrum(number, n_channels=5, offset=0.0, **metadata):
    energy = Axis("energy", "keV", 0.1 * np.arange(n_channels) + offset)
    counts = np.arange(n_channels) * number
    return Signal(counts, [energy], {"source": f"{number}.msa", **metadata})


def test_files_are_stacked_along_a_new_axis_and_that_is_said(tmp_path):
    paths = [tmp_path / f"{number}.msa" for number in (1, 2, 3)]
    for number, path in enumerate(paths, start=1):
        ad.write(path, spectrum(number))
    signal = ad.read(paths)
    assert [axis.name for axis in signal.axes] == ["repeat", "energy"]
    np.testing.assert_array_equal(signal.data, np.outer([1, 2, 3], np.arange(5)))
    assert signal.metadata["sources"] == [str(path) for path in paths]
    assert signal.metadata["assumed"] == ["the 3 files are repeats of one measurement"]
    assert ad.read(paths[:1]).ndim == 1


def test_tables_are_put_together_along_the_repeats_that_they_have(tmp_path):
    energy = Axis("energy", "keV", [0.1, 0.2, 0.3])
    for number, n_rows in ((1, 2), (2, 3)):
        data = np.full((n_rows, 3), number)
        ad.write(tmp_path / f"{number}.csv", Signal(data, ["repeat", energy]))
    signal = ad.read([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert signal.shape == (5, 3)
    assert signal.axes[0].name == "repeat"


def test_what_differs_between_the_files_is_kept_for_each():
    signal = stack_repeats([spectrum(1, live_time=10.0, tube="Rh"), spectrum(2, live_time=30.0,
                                                                          tube="Rh")])  # fmt: skip
    assert signal.metadata["tube"] == "Rh"
    assert signal.metadata["of_repeats"] == {"live_time": [10.0, 30.0]}


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (spectrum(9, n_channels=6), "6 elements along 'energy', not 5"),
        (spectrum(9, offset=0.05), "positions along 'energy' are others"),
        (Signal(np.ones((5, 5)), ["y", "x"], {"source": "9.msa"}), "it holds Signal 5 x 5"),
    ],
    ids=["length", "positions", "axes"],
)
@pytest.mark.parametrize("place", [0, 2])
def test_the_odd_one_is_named(odd, said, place):
    signals = [spectrum(1), spectrum(2), spectrum(3)]
    signals.insert(place, odd)
    with pytest.raises(InputError, match=said) as caught:
        stack_repeats(signals)
    if "positions" not in said or place:
        assert str(caught.value).startswith("9.msa does not go together with")


def test_a_list_without_files_is_refused():
    with pytest.raises(InputError, match="empty: give at least one"):
        ad.read([])
