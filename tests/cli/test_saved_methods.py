"""``denoise --save-model``, and what ``infer`` and ``info`` make of it."""

import json

import numpy as np
import pytest

import autoden as ad
from autoden.signals import Axis, Signal

N = 200
TRUTH = 20 + 100 * np.exp(-0.5 * ((np.arange(N) - 80) / 5) ** 2)


def measured(path, n=3, seed=0):
    repeats = np.random.default_rng(seed).poisson(TRUTH, (n, N))
    energy = Axis("energy", "keV", np.linspace(1.0, 3.0, N))
    ad.write(path, Signal(repeats, (Axis("repeat"), energy)))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("methods")


@pytest.fixture(scope="module")
def model(folder):
    """A method that was chosen for three spectra."""
    result = ad.denoise(measured(folder / "first.csv"), budget="fast")
    return result.save_model(folder / "method.safetensors")


def test_denoise_keeps_what_it_chose(run, tmp_path):
    first, model = measured(tmp_path / "in.csv"), tmp_path / "m.safetensors"
    words = ["--budget", "fast", "-o", tmp_path / "out.csv", "--save-model", model, "--json"]
    code, out, _ = run("denoise", first, *words)
    assert code == 0
    assert json.loads(out.splitlines()[-1])["written"]["model"] == str(model)
    again = ad.load(model).apply(first).estimate
    np.testing.assert_array_equal(ad.read(tmp_path / "out.csv").data[0], again)
    code, _, err = run("denoise", first, "-o", tmp_path / "b.csv", "--save-model", model)
    assert (code, "exists already" in err) == (1, True)
    code, _, err = run(
        "denoise", first, "-o", tmp_path / "b.csv", "--save-model", tmp_path / "m.pt"
    )
    assert (code, "must end in .safetensors" in err) == (1, True)


def test_infer_gives_estimate_sigma_and_verdict(run, model, tmp_path):
    other, report = measured(tmp_path / "other.csv", 2, seed=1), tmp_path / "report.html"
    code, out, err = run("infer", model, other, "-o", tmp_path / "out.csv", "--report", report)
    assert code == 0
    expected = ad.load(model).apply(other)
    estimate, sigma = ad.read(tmp_path / "out.csv").data
    np.testing.assert_array_equal(estimate, expected.estimate)
    np.testing.assert_array_equal(sigma, expected.uncertainty)
    for sentence in expected.verdict:
        assert sentence in out
    assert "as before" in err
    assert "<html" in report.read_text(encoding="utf-8")
    code, _, _ = run("--config", tmp_path / "out.csv.autoden.json", "--force", "--quiet")
    assert code == 0
    np.testing.assert_array_equal(ad.read(tmp_path / "out.csv").data[0], estimate)


def test_a_dry_run_says_what_would_be_done(run, model, tmp_path):
    other = measured(tmp_path / "other.csv", 2, seed=1)
    code, out, _ = run("infer", model, other, "-o", tmp_path / "out.csv", "--dry-run")
    assert code == 0
    assert f"Would denoise by {ad.load(model).method}." in out
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--each", "--device", "cpu"], "leave out --device, --each"),
        (["--channel-axis", "0"], "takes no --channel-axis"),
        (["--exposure", "1,x"], "--exposure 1,x must be numbers"),
        (["--report", "report.pdf"], "must end in .html or .png"),
    ],
)
def test_options_that_mean_nothing_are_refused(run, model, tmp_path, words, message):
    other = measured(tmp_path / "other.csv", 2, seed=1)
    code, out, err = run("infer", model, other, "-o", tmp_path / "out.csv", *words)
    assert (code, out) == (1, "")
    assert message in err


def test_data_of_another_setup_are_refused(run, model, images, tmp_path):
    for other, message in (
        (images, "trained on spectra, and the new data are images"),
        (measured(tmp_path / "m.csv").with_name("none.csv"), "does not exist"),
    ):
        code, out, err = run("infer", model, other, "-o", tmp_path / "out.npz")
        assert (code, out) == (1, "")
        assert message in err


def test_a_denoiser_takes_no_exposure_and_gives_no_report(run, spectra, tmp_path):
    model = tmp_path / "n2n.safetensors"
    quick = ["--epochs", "2", "--features", "2", "--layers", "2", "--quiet"]
    assert run("train", "n2n", spectra, "-o", model, *quick)[0] == 0
    for words, option in ((["--exposure", "1,2"], "exposure"), (["--report", "a.html"], "report")):
        code, _, err = run("infer", model, spectra, "-o", tmp_path / "out.csv", *words)
        assert (
            code,
            f"a denoiser of n2n, for which it means nothing: leave out --{option}" in err,
        ) == (
            1,
            True,
        )


def test_info_says_what_a_method_is(run, model):
    code, out, _ = run("info", model)
    assert code == 0
    method = ad.load(model)
    for said in (
        method.trained.method.describe(),
        "for spectra of 200 channels along energy",
        "noise: Poisson counts, gain 1",
        "budget fast",
        *(candidate.parameters for candidate in method.trained.candidates),
    ):
        assert said in out
