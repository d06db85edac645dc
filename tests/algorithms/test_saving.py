"""Denoisers as files: strictly what was saved, or a clear refusal."""

import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.errors import InputError


@pytest.fixture
def trained():
    data = np.random.default_rng(0).poisson(9.0, (4, 64))
    n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_layers=3, n_features=4), seed=0, verbose=False)
    inp, tgt, held_out = n2n.prepare_data(data)
    n2n.train(inp, tgt, held_out, epochs=3, lower_limit=0.5)
    return n2n, inp


def test_scaling_limit_and_settings_come_back(trained, tmp_path):
    n2n, inp = trained
    path = tmp_path / "n2n.safetensors"
    n2n.save(path)
    loaded = ad.load(path, device="cpu", verbose=False)
    assert loaded.data_scale_bias == n2n.data_scale_bias
    np.testing.assert_array_equal(loaded.lower_limit, n2n.lower_limit)
    assert loaded.settings["epochs"] == 3
    assert loaded.settings["seed"] == 0
    np.testing.assert_array_equal(loaded.infer(inp), n2n.infer(inp))
    assert loaded.infer(inp).min() >= 0.5


def test_a_limit_that_varies_comes_back(tmp_path):
    data = np.random.default_rng(0).poisson(9.0, (4, 32))
    n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_layers=3), seed=0, verbose=False)
    n2n.train(*n2n.prepare_data(data), epochs=2, lower_limit=np.linspace(8, 12, 32))
    n2n.save(tmp_path / "n2n.safetensors")
    loaded = ad.load(tmp_path / "n2n.safetensors", verbose=False)
    assert (loaded.infer(data) >= np.linspace(8, 12, 32)).all()


def test_an_algorithms_own_options_come_back(tmp_path):
    n2v = ad.N2V(ad.NetworkParamsUNet(n_features=4), variant="n2v2", seed=0, verbose=False)
    n2v.train(*n2v.prepare_data(np.random.default_rng(0).normal(size=(3, 16, 16))), epochs=1)
    n2v.save(tmp_path / "n2v.safetensors")
    loaded = ad.load(tmp_path / "n2v.safetensors", verbose=False)
    assert (loaded.variant, loaded.replacement) == ("n2v2", "median")


def test_a_loaded_denoiser_trains_on_with_its_scaling(trained, tmp_path):
    n2n, _ = trained
    n2n.save(tmp_path / "n2n.safetensors")
    loaded = ad.load(tmp_path / "n2n.safetensors", verbose=False)
    loaded.train(*loaded.prepare_data(np.random.default_rng(1).poisson(90.0, (4, 64))), epochs=1)
    assert loaded.data_scale_bias == n2n.data_scale_bias


def test_a_denoiser_without_training_is_not_saved(tmp_path):
    n2n = ad.N2N("dncnn", verbose=False)
    with pytest.raises(InputError, match="train"):
        n2n.save(tmp_path / "n2n.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 3, b"n2n.safetensors"])
def test_what_is_no_path_is_refused(trained, path):
    with pytest.raises(InputError, match="give the name of a file"):
        trained[0].save(path)


def test_an_epoch_may_be_given_as_an_integer_of_numpy_but_not_as_a_bool(tmp_path):
    data = np.random.default_rng(0).normal(size=(3, 32))
    model = ad.NetworkParamsDnCNN(n_dims=1, n_layers=3, n_features=4)
    n2n = ad.N2N(model, save_epochs_dir=tmp_path, seed=0, verbose=False)
    n2n.train(*n2n.prepare_data(data), epochs=3)
    same, other, also = (
        ad.N2N(epoch, save_epochs_dir=tmp_path, verbose=False).model.state_dict()
        for epoch in (1, 2, np.int64(2))
    )
    assert all(torch.equal(other[name], also[name]) for name in also)
    assert any(not torch.equal(same[name], also[name]) for name in also)
    for value in (True, np.True_):
        with pytest.raises(InputError, match="`model` is"):
            ad.N2N(value, save_epochs_dir=tmp_path, verbose=False)


def test_a_file_that_is_there_stays(trained, tmp_path):
    path = tmp_path / "n2n.safetensors"
    path.write_text("precious")
    with pytest.raises(InputError, match="overwrite"):
        trained[0].save(path)
    assert path.read_text() == "precious"
    trained[0].save(path, overwrite=True)
    ad.load(path, verbose=False)


def test_a_network_or_an_algorithm_that_a_file_cannot_name_is_refused(tmp_path):
    class Mine(ad.N2N):
        pass

    data = np.random.default_rng(0).normal(size=(3, 16, 16))
    plain = ad.N2N(torch.nn.Conv2d(1, 1, 3, padding=1), verbose=False)
    mine = Mine(ad.NetworkParamsDnCNN(n_layers=2), verbose=False)
    for denoiser, words in ((plain, "register"), (mine, "ALGORITHMS")):
        denoiser.train(*denoiser.prepare_data(data), epochs=1)
        with pytest.raises(InputError, match=words):
            denoiser.save(tmp_path / "model.safetensors")


def test_the_name_of_a_network_file_is_refused_for_a_denoiser(trained, tmp_path):
    with pytest.raises(InputError, match=r"safetensors"):
        trained[0].save(tmp_path / "n2n.pt")


def test_a_network_is_no_denoiser(trained, tmp_path):
    ad.models.io.save_model(tmp_path / "network.safetensors", trained[0].model)
    with pytest.raises(InputError, match=r"load_model"):
        ad.load(tmp_path / "network.safetensors")


def rewrite(path, change):
    """Change the JSON text of a safetensors file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    record = json.loads(header["__metadata__"]["autoden"])
    change(record, header)
    header["__metadata__"]["autoden"] = json.dumps(record)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record, _: record["denoiser"].update(algorithm="os.system"), "os.system"),
        (lambda record, _: record["denoiser"].update(n_dims=2), "not for"),
        (lambda record, _: record["denoiser"].update(n_dims=7), "n_dims"),
        (lambda record, _: record["denoiser"].update(extra=1), "extra"),
        (lambda record, _: record["denoiser"]["scaling"].update(scale_inp=0), "scal"),
        (lambda record, _: record["denoiser"].update(arrays=[]), "numbers"),
        (lambda record, _: record["network"].update(name="subprocess:Popen"), "network"),
        (lambda record, _: record["network"]["params"].update(n_features=10**9), "smaller"),
        (lambda record, _: record.update(format_version=99), "format_version"),
        (lambda _, header: header.pop(next(iter(header.keys() - {"__metadata__"}))), "safetensors"),
    ],
)
def test_a_file_that_says_something_else_is_refused(trained, tmp_path, change, words):
    path = tmp_path / "n2n.safetensors"
    trained[0].save(path)
    rewrite(path, change)
    with pytest.raises(InputError, match=words):
        ad.load(path, verbose=False)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"no model", struct.pack("<Q", 2**60) + b"{}", pickle.dumps({"a": 1})],
    ids=["empty", "start of an archive", "text", "huge header", "pickle"],
)
def test_what_is_no_model_is_refused(tmp_path, content):
    path = Path(tmp_path / "model.safetensors")
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors"):
        ad.load(path)


def test_a_pickle_with_code_runs_nothing(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": Bomb()}, tmp_path / "bomb.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Bomb()))
    for name in ("bomb.pt", "bare.pt"):
        with pytest.raises(InputError, match=name):
            ad.load(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match=r"gone\.safetensors"):
        ad.load(tmp_path / "gone.safetensors")
