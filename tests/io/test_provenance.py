"""The record of what was done: hashes by an independent tool, steps in their order."""

import hashlib
import json

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.io.provenance import file_hash, provenance, with_provenance
from autoden.signals import Signal


def test_a_record_says_method_settings_seed_version_and_input(tmp_path):
    path = tmp_path / "spectra.csv"
    path.write_bytes(b"1,2\n3,4\n")
    record = provenance("n2n", [path], settings={"epochs": 5, "noise": "poisson"}, seed=3)
    assert record["program"] == "autoden"
    assert record["version"]
    assert (record["method"], record["seed"]) == ("n2n", 3)
    assert record["settings"] == {"epochs": 5, "noise": "poisson"}
    expected = hashlib.sha256(b"1,2\n3,4\n").hexdigest()
    assert record["inputs"] == [{"name": "spectra.csv", "sha256": expected}]
    json.dumps(record)


def test_equal_runs_give_equal_records():
    assert provenance("mean", [np.arange(3)]) == provenance("mean", [np.arange(3)])


def test_an_array_is_told_by_its_numbers_whatever_their_order_in_memory():
    data = np.arange(6.0).reshape(2, 3)
    (plain,) = provenance("mean", [data])["inputs"]
    (fortran,) = provenance("mean", [np.asfortranarray(data)])["inputs"]
    (swapped,) = provenance("mean", [data.astype(">f8")])["inputs"]
    assert plain == fortran == swapped
    assert (plain["shape"], plain["dtype"]) == ([2, 3], "float64")
    (other,) = provenance("mean", [data + 1])["inputs"]
    assert other["sha256"] != plain["sha256"]


def test_a_signal_keeps_the_name_of_its_file():
    signal = Signal([1, 2], ["x"], {"source": "/some/where/a.tif"})
    assert provenance("mean", [signal])["inputs"][0]["name"] == "a.tif"


def test_a_dataset_inside_a_file_is_named_and_its_file_hashed(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"any")
    (found,) = provenance("mean", [f"{tmp_path}/a.h5::/entry/data"])["inputs"]
    assert found["name"] == "a.h5::/entry/data"
    assert found["sha256"] == hashlib.sha256(b"any").hexdigest()


def test_a_folder_is_told_by_names_and_contents(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"1")
    before = file_hash(tmp_path)
    (tmp_path / "inner" / "a").rename(tmp_path / "inner" / "b")
    assert file_hash(tmp_path) != before


def test_steps_are_added_and_the_input_stays_as_it_was():
    signal = Signal([1, 2], ["x"], {"sample": "A"})
    first = with_provenance(signal, provenance("mean"))
    second = with_provenance(first, provenance("convert"))
    assert [step["method"] for step in second.metadata["provenance"]] == ["mean", "convert"]
    assert second.metadata["sample"] == "A"
    assert "provenance" not in signal.metadata


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        provenance("mean", [tmp_path / "none.csv"])
