"""Denoising with what was trained before."""

import numpy as np
import pytest
import tifffile

import autoden as ad

QUICK = ["--epochs", "2", "--features", "2", "--layers", "2", "--quiet"]


@pytest.fixture
def trained(run, images, tmp_path):
    """Train by an algorithm; give the model and the images."""

    def train(name, *words, source=images):
        model = tmp_path / f"{name}.safetensors"
        out = tmp_path / f"{name}.npz"
        done = run(name, source, "-o", out, "--save-model", model, *QUICK, *words)
        assert done == (0, "", "")
        return model

    return train


def test_it_does_what_the_library_does(run, trained, images, tmp_path):
    model, out = trained("n2n"), tmp_path / "out.tif"
    assert run("infer", model, images, "-o", out, "--batch-size", "1", "--device", "cpu")[0] == 0
    expected = ad.load(model, "cpu", verbose=False).infer(tifffile.imread(images))
    np.testing.assert_allclose(tifffile.imread(out), expected, rtol=1e-5, atol=1e-3)


def test_repeats_are_averaged_unless_each_is_wanted(run, trained, images, tmp_path):
    model = trained("n2n")
    assert run("infer", model, images, "-o", tmp_path / "mean.tif")[0] == 0
    assert run("infer", model, images, "-o", tmp_path / "each.tif", "--each")[0] == 0
    mean, each = (ad.read(tmp_path / name) for name in ("mean.tif", "each.tif"))
    assert [axis.name for axis in each.axes] == ["page", "y", "x"]
    np.testing.assert_allclose(each.data.mean(axis=0), mean.data, rtol=1e-5, atol=1e-3)


def test_a_single_measurement_is_enough(run, trained, images, tmp_path):
    model = trained("n2n")
    tifffile.imwrite(tmp_path / "one.tif", tifffile.imread(images)[2])
    assert run("infer", model, tmp_path / "one.tif", "-o", tmp_path / "out.tif")[0] == 0
    assert run("infer", model, images, "-o", tmp_path / "each.tif", "--each")[0] == 0
    expected = ad.read(tmp_path / "each.tif").data[2]
    np.testing.assert_allclose(ad.read(tmp_path / "out.tif").data, expected, rtol=1e-5, atol=1e-3)


def test_repeats_are_shown_as_in_the_training(run, trained, images, tmp_path):
    model = trained("n2n", "--strategy", "X:1")
    assert run("infer", model, images, "-o", tmp_path / "out.npz", "--quiet")[0] == 0
    same = ad.read(tmp_path / "n2n.npz").data
    np.testing.assert_array_equal(ad.read(tmp_path / "out.npz").data, same)


def test_sets_of_projections_are_those_of_the_training(run, trained, sinogram, tmp_path):
    angles = ["--angles", tmp_path / "angles.csv"]
    model = trained("n2i", *angles, "--n-splits", "5", "--no-circle", source=sinogram)
    out = tmp_path / "out.npz"
    assert run("infer", model, sinogram, *angles, "-o", out, "--quiet") == (0, "", "")
    np.testing.assert_array_equal(ad.read(out).data, ad.read(tmp_path / "n2i.npz").data)


def test_complex_data_stay_complex(run, trained, images, tmp_path):
    phases = tmp_path / "phases.npy"
    np.save(phases, tifffile.imread(images) * np.exp(0.4j))
    model = trained("n2n", "--n-dims", "2", source=phases)
    assert run("infer", model, phases, "-o", tmp_path / "out.npz", "--quiet") == (0, "", "")
    result = ad.read(tmp_path / "out.npz").data
    np.testing.assert_array_equal(result, ad.read(tmp_path / "n2n.npz").data)
    assert np.iscomplexobj(result)


@pytest.mark.parametrize("kind", ["colours to grey", "complex to magnitude"])
def test_supervised_may_return_something_else_than_it_takes(run, trained, tmp_path, kind):
    rng = np.random.default_rng(0)
    parts = rng.normal(5.0, 1.0, (3, 16, 12, 2 if kind.startswith("complex") else 3))
    noisy = parts[..., 0] + 1j * parts[..., 1] if kind.startswith("complex") else parts
    words = ["--n-dims", "2", "--tgt", tmp_path / "tgt.npy"]
    if kind.startswith("colours"):
        words += ["--channel-axis", "3"]
    np.save(tmp_path / "noisy.npy", noisy)
    np.save(tmp_path / "tgt.npy", np.sqrt((parts**2).sum(axis=-1)))
    model = trained("supervised", *words, source=tmp_path / "noisy.npy")
    told = [word for word in words if word not in ("--tgt", tmp_path / "tgt.npy")]
    files = [tmp_path / "noisy.npy", "-o", tmp_path / "out.npz"]
    assert run("infer", model, *files, *told, "--quiet") == (0, "", "")
    result = ad.read(tmp_path / "out.npz").data
    assert result.shape == (3, 16, 12)
    assert not np.iscomplexobj(result)
    np.testing.assert_array_equal(result, ad.read(tmp_path / "supervised.npz").data)


def test_a_saved_variant_and_lower_limit_are_kept(run, trained, images, tmp_path):
    model = trained("n2v", "--variant", "n2v2", "--lower-limit", "25")
    assert ad.load(model, verbose=False).variant == "n2v2"
    out, again = tmp_path / "out.tif", tmp_path / "again.safetensors"
    words = ["--epochs", "2", "--quiet", "--load-model", model, "--save-model", again]
    assert run("n2v", images, "-o", out, *words) == (0, "", "")
    assert ad.read(out).data.min() == 25
    assert ad.load(again, verbose=False).variant == "n2v2"


def test_data_of_another_kind_are_refused(run, trained, spectra, images, tmp_path):
    model, out = trained("n2v"), tmp_path / "out.npz"
    tifffile.imwrite(tmp_path / "rgb.tif", np.ones((8, 9, 3), np.uint8), photometric="rgb")
    for words, message in (
        ([spectra], "trained on images, but"),
        ([tmp_path / "rgb.tif"], "takes 1 channel, but the data have 3"),
        ([images, "--n-dims", "3"], "images are needed"),
        ([images, "--angles", images], "trained by n2v, which takes no --angles"),
        ([tmp_path / "none.tif"], "does not exist"),
    ):
        code, text, err = run("infer", model, *words, "-o", out, "--quiet")
        assert (code, text) == (1, "")
        assert message in err
        assert not out.exists()


def test_a_table_is_an_image_if_that_is_said(run, trained, spectra, tmp_path):
    words = ["--n-dims", "2", "-o", tmp_path / "out.csv", "--quiet"]
    assert run("infer", trained("n2v"), spectra, *words) == (0, "", "")
    assert ad.read(tmp_path / "out.csv").shape == (6, 2000)


@pytest.mark.parametrize("kind", ["network", "truncated", "changed", "text", "empty", "missing"])
def test_files_that_are_no_model_are_refused(run, trained, images, tmp_path, kind):
    model = trained("n2v")
    content = model.read_bytes()
    if kind == "network":
        network = ad.NetworkParamsUNet(n_features=2, n_levels=2).get_model("cpu")
        ad.models.io.save_model(model, network)
    elif kind == "missing":
        model.unlink()
    else:
        changed = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        broken = {"truncated": content[:-9], "changed": changed, "text": b"text", "empty": b""}
        model.write_bytes(broken[kind])
    for command in (
        ["infer", model, images],
        ["n2v", images, "--load-model", model, "--epochs", "2"],
    ):
        code, out, err = run(*command, "-o", tmp_path / "out.tif", "--quiet")
        assert (code, out) == (1, "")
        assert err.startswith("autoden: error: ")
        assert err.count("\n") == 1
        assert model.name in err


def test_nothing_is_replaced(run, trained, images, tmp_path):
    model = trained("n2v")
    before = model.read_bytes()
    for output, words, message in (
        (tmp_path / "clean.tif", [], "--force"),
        (images, ["--force"], "would replace"),
        (tmp_path / "n2v.npz", [], "--force"),
    ):
        code, _, err = run("infer", model, images, "-o", output, *words)
        assert code == 1
        assert message in err
    assert model.read_bytes() == before


def test_help_lists_the_files_that_some_algorithm_needs(run):
    code, out, _ = run("infer", "--help")
    assert code == 0
    for flag in ("--angles", "--each", "--repeats-axis", "--batch-size", "--output"):
        assert flag in out
    assert "--tgt" not in out
