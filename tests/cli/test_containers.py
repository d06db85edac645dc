"""HDF5 files and zarr stores on the command line, with what is inside them after two colons."""

import h5py
import numpy as np
import pytest

import autoden as ad
from autoden.signals import Signal

QUICK = ["--epochs", "2", "--features", "2", "--layers", "2", "--quiet"]
IMAGE = np.random.default_rng(0).poisson(60, (10, 12)).astype(np.uint16)


@pytest.fixture
def container(tmp_path):
    """An HDF5 file with two images."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        for name, data in {"a/first": IMAGE, "b/second": IMAGE[:5]}.items():
            file[name] = data
            file[name].attrs["interpretation"] = "image"
    return path


def test_info_lists_what_is_inside(run, container):
    code, _, err = run("info", container)
    assert code == 1
    assert "/a/first (10 x 12 uint16), /b/second (5 x 12 uint16): choose one" in err
    code, out, _ = run("info", f"{container}::/b/second")
    assert code == 0
    assert "Signal 5 x 12 (y, x), uint16" in out


@pytest.mark.parametrize("output", ["out.h5", "out.zarr"])
def test_a_dataset_is_denoised_into_a_container(run, container, tmp_path, output):
    words = ["n2v", f"{container}::/a/first", "-o", tmp_path / output, *QUICK]
    assert run(*words)[0] == 0
    result = ad.read(tmp_path / output)
    assert result.shape == IMAGE.shape
    code, _, err = run(*words)
    assert code == 1
    assert "--force" in err
    assert run(*words, "--force")[0] == 0


def test_the_container_that_is_read_is_not_written(run, container, tmp_path):
    ad.write(tmp_path / "in.zarr", Signal(IMAGE, ["y", "x"]))
    for source, inside in ((container, "/a/first"), (tmp_path / "in.zarr", "0")):
        code, _, err = run("n2v", f"{source}::{inside}", "-o", source, "--force", *QUICK)
        assert code == 1
        assert "would replace the measurement" in err
        assert ad.read(f"{source}::{inside}").shape == IMAGE.shape
