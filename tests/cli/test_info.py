"""What ``autoden info`` tells of files of data and of models."""

import numpy as np
import pytest
import tifffile

import autoden as ad
from autoden.io import write
from autoden.io.provenance import provenance
from autoden.signals import Signal


def test_of_a_stack_it_tells_pages_sizes_and_counts(run, images):
    code, out, err = run("info", images)
    assert (code, err) == (0, "")
    counts = tifffile.imread(images).sum(axis=(1, 2))
    for words in (
        "4 x 16 x 12 (page, y, x), uint16",
        "taken for: 4 images of 16 x 12 (y, x)",
        f"counts per image: mean {counts.mean():.0f}, from {counts.min()} to {counts.max()}",
        "empty pixels",
    ):
        assert words in out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.zeros((3, 4, 5)), ["--n-dims 1 for 12 spectra of 5", "--n-dims 2 for 3 images"]),
        (np.array([1.0, np.nan, np.inf]), ["smallest 1, largest 1", "NaN or infinite: 2 values"]),
        (np.array([np.nan]), ["NaN or infinite: 1 values"]),
        (np.array([3 + 4j, 1]), ["largest magnitude 5"]),
        (np.array([True, False]), ["smallest 0, largest 1"]),
        (np.array([-3, 4]), ["smallest -3, largest 4"]),
    ],
)
def test_any_numbers_can_be_looked_at(run, tmp_path, data, said):
    np.save(tmp_path / "in.npy", data)
    code, out, err = run("info", tmp_path / "in.npy")
    assert (code, err) == (0, "")
    for words in said:
        assert words in out


def test_options_of_formats_are_passed_on(run, spectra, tmp_path):
    np.savez(tmp_path / "in.npz", a=np.zeros(3), b=np.ones((2, 2)))
    assert "2 x 2" in run("info", tmp_path / "in.npz", "--key", "b")[1]
    code, _, err = run("info", tmp_path / "in.npz")
    assert code == 1
    assert "--key" in err
    assert run("info", spectra, "--keep-overflow")[0] == 0
    code, _, err = run("info", spectra, "--series", "0")
    assert code == 1
    assert "no option --series" in err


def test_of_a_denoiser_it_tells_how_it_was_trained(run, spectra, tmp_path):
    model = tmp_path / "m.safetensors"
    words = ["--epochs", "3", "--lower-limit", "0", "--quiet", "--save-model", model]
    assert run("n2n", spectra, "-o", tmp_path / "out.csv", *words)[0] == 0
    code, out, err = run("info", model)
    assert (code, err) == (0, "")
    for said in (
        "DnCNN with 256 parameters",
        "n layers 6",
        "algorithm: n2n, for spectra of 1 channel, gives 1 channel",
        "scale inp",
        "epochs 3, learning rate 0.01",
        "strategy 1:X",
        "seed 0",
        "lower limit: 0",
    ):
        assert said in out


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_of_a_network_it_tells_its_parameters(run, tmp_path, suffix):
    network = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6).get_model("cpu")
    ad.models.io.save_model(tmp_path / f"n{suffix}", network, epoch_num=7)
    code, out, err = run("info", tmp_path / f"n{suffix}")
    assert (code, err) == (0, "")
    for said in ("DnCNN with 256 parameters", "n dims 1", "epoch: 7", "network alone"):
        assert said in out


@pytest.mark.parametrize("name", ["m.safetensors", "m.pt", "m.tif", "m.npz", "m.docx"])
def test_what_cannot_be_read_is_one_line(run, tmp_path, name):
    (tmp_path / name).write_text("nothing of the kind")
    code, out, err = run("info", tmp_path / name)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert name in err


def test_several_files_are_read_together(run, tmp_path):
    for index in range(3):
        write(tmp_path / f"r{index}.npy", Signal(np.arange(20) + index, ["energy"]))
    files = [tmp_path / f"r{index}.npy" for index in range(3)]
    code, out, _ = run("info", *files, "--axes", "RE")
    assert code == 0
    assert "r0.npy and 2 more: Signal 3 x 20 (repeat, energy)" in out
    np.save(tmp_path / "odd.npy", np.arange(21))
    code, _, err = run("info", files[0], tmp_path / "odd.npy")
    assert code == 1
    assert "odd.npy does not go together with" in err


def test_what_was_done_to_the_data_is_told(run, tmp_path):
    steps = [provenance("mean", [np.arange(3)]), "not as autoden writes it"]
    write(tmp_path / "a.npz", Signal(np.arange(20.0), ["energy"], {"provenance": steps}))
    assert "mean of array" in run("info", tmp_path / "a.npz")[1]
