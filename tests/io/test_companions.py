"""The second file: beside what loses something, left out once the first has been changed."""

import json

import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.companions import companion_path, note_run
from autoden.signals import Axis, Signal

ENERGY = Axis("energy", "keV", [0.5, 1.0, 1.5])
SIGNAL = Signal(np.array([3, 12, 4]), [ENERGY], {"live_time": 30.0})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_axes_and_metadata_of_npy_come_back_and_numpy_reads_the_array(tmp_path):
    path = tmp_path / "a.npy"
    aio.write(path, SIGNAL)
    assert names(tmp_path) == ["a.npy", "a.npy.autoden.json"]
    back = aio.read(path)
    assert back.axes[0].unit == "keV"
    assert back.metadata["live_time"] == 30.0
    assert back.metadata["source"] == str(path)
    np.testing.assert_array_equal(np.load(path), SIGNAL.data)


def test_nothing_is_written_beside_where_nothing_is_lost(tmp_path):
    aio.write(tmp_path / "a.npy", Signal(np.ones(3), ["axis_0"]))
    aio.write(tmp_path / "a.csv", Signal(np.ones((1, 3)), ["repeat", ENERGY]))
    aio.write(tmp_path / "b.csv", aio.read(tmp_path / "a.csv"))
    aio.write(tmp_path / "a.npz", SIGNAL)
    assert names(tmp_path) == ["a.csv", "a.npy", "a.npz", "b.csv"]


def test_a_file_that_was_changed_is_read_without_it_and_that_is_said(tmp_path):
    path = tmp_path / "a.csv"
    aio.write(path, Signal(np.full((1, 3), 6.0), ["repeat", ENERGY], {"sample": "A"}))
    assert aio.read(path).metadata["sample"] == "A"
    path.write_text(path.read_text().replace("6.0", "7.0"))
    back = aio.read(path)
    assert "sample" not in back.metadata
    assert "a.csv.autoden.json belongs to another state" in back.metadata["assumed"][-1]


def test_a_later_file_of_the_same_name_has_no_outdated_one_beside_it(tmp_path):
    path = tmp_path / "a.npy"
    aio.write(path, SIGNAL)
    aio.write(path, Signal(np.ones((2, 3)), ["axis_0", "axis_1"]), overwrite=True)
    back = aio.read(path)
    assert [axis.name for axis in back.axes] == ["axis_0", "axis_1"]
    assert "live_time" not in back.metadata
    assert not any("another state" in said for said in back.metadata["assumed"])


def test_a_file_of_that_name_that_is_something_else_is_never_replaced(tmp_path):
    other = companion_path(tmp_path / "a.npy")
    other.write_text('{"my": "notes"}')
    for attempt in (aio.check_writable, aio.write):
        with pytest.raises(InputError, match=r"a.npy.autoden.json is not of autoden.*move it"):
            attempt(tmp_path / "a.npy", SIGNAL)
    assert names(tmp_path) == ["a.npy.autoden.json"]
    np.save(tmp_path / "b.npy", np.arange(3))
    companion_path(tmp_path / "b.npy").write_text("[" * 10000)
    assert aio.read(tmp_path / "b.npy").shape == (3,)


def test_one_that_was_tampered_with_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    aio.write(path, SIGNAL)
    text = companion_path(path).read_text()
    for change in ({"shape": [2**60]}, {"axes": 5}, {"version": 99}, {"metadata": {"a": None}}):
        companion_path(path).write_text(json.dumps(json.loads(text) | change))
        with pytest.raises(InputError, match=r"a.npy"):
            aio.read(path)


def test_how_a_file_was_made_is_kept_beside_what_the_format_loses(tmp_path):
    lossy, whole = tmp_path / "a.npy", tmp_path / "a.npz"
    for path in (lossy, whole):
        aio.write(path, SIGNAL)
        note_run(path, {"command": "n2n"}, inputs=[])
        assert json.loads(companion_path(path).read_text())["run"] == {"command": "n2n"}
        back = aio.read(path)
        assert back.metadata["live_time"] == 30.0
        assert back.metadata["assumed"] == []
        aio.write(path, SIGNAL, overwrite=True)
    assert "run" not in json.loads(companion_path(lossy).read_text())  # it was made otherwise


def test_what_belongs_to_an_earlier_file_does_not_outlive_a_note(tmp_path):
    path = tmp_path / "a.npy"
    aio.write(path, SIGNAL)
    np.save(path, np.arange(5))
    note_run(path, {"command": "n2n"})
    assert list(json.loads(companion_path(path).read_text())) == ["run"]
    assert aio.read(path).metadata.get("live_time") is None
