"""How good a denoised file is: numbers that a test can foretell."""

import numpy as np
import pytest
import tifffile

import autoden as ad
from autoden.cli.events import parse
from autoden.signals import Axis, Signal

RATE = 20 + 15 * np.sin(np.arange(800) / 15)
ENERGY = Axis("energy", "keV", np.arange(800) / 100)


def spectra(path, data):
    ad.write(path, Signal(data, ("repeat", ENERGY)))
    return path


@pytest.fixture
def noisy(tmp_path):
    """A table of 6 spectra."""
    return spectra(tmp_path / "in.csv", np.random.default_rng(0).poisson(RATE, (6, 800)))


@pytest.fixture
def found(run):
    """Evaluate, and give what a program is told."""

    def call(*words):
        code, out, err = run("evaluate", *words, "--json")
        assert code == 0, err
        return parse(out.splitlines()[-1]).found

    return call


def test_the_truth_leaves_white_noise_of_the_right_size(found, noisy, tmp_path):
    tests = found(noisy, spectra(tmp_path / "out.csv", RATE[None]))["residuals"]
    assert abs(tests["size"] - 1) < 4 * tests["size_error"]
    assert abs(tests["structure_z"]) < 4
    assert abs(tests["total_z"]) < 4
    assert tests["total_estimate"] == pytest.approx(RATE.sum())


def test_smoothing_too_much_is_seen(found, noisy, tmp_path):
    smooth = np.full((1, 800), RATE.mean())
    tests = found(noisy, spectra(tmp_path / "out.csv", smooth))["residuals"]
    assert tests["structure_z"] > 10
    assert tests["size"] > 5


def test_counts_that_are_lost_are_seen(found, noisy, tmp_path):
    tests = found(noisy, spectra(tmp_path / "out.csv", 0.97 * RATE[None]))["residuals"]
    assert tests["total_z"] < -4


def test_a_reference_tells_the_error_without_its_own_noise(found, noisy, tmp_path):
    rng = np.random.default_rng(1)
    held = spectra(tmp_path / "held.csv", rng.poisson(RATE, (40, 800)))
    estimate = RATE + rng.normal(0, 1, 800)
    scores = found(
        noisy, spectra(tmp_path / "out.csv", estimate[None]), "--reference", held,
        "--data-range", "100",
    )["reference"]  # fmt: skip
    assert scores["mse"] == pytest.approx(1.0, rel=0.2)
    assert scores["mean_mse"] == pytest.approx(RATE.mean() / 6, rel=0.2)
    assert scores["psnr"] == pytest.approx(40, abs=1)
    assert scores["equivalent_exposures"] == pytest.approx(RATE.mean(), rel=0.3)
    assert scores["mdev"] < scores["mean_mdev"]


def test_others_of_the_same_file_may_be_the_reference(run, found, noisy, tmp_path):
    out = spectra(tmp_path / "out.csv", RATE[None])
    words = ["--exposures", "0:4", "--reference", noisy]
    assert found(noisy, out, *words)["reference"]["acquisitions"] == 2
    code, _, err = run("evaluate", noisy, out, "--reference", noisy)
    assert code == 1
    assert "scored on itself" in err


def test_a_truth_tells_the_error_itself(found, noisy, tmp_path):
    out, truth = (spectra(tmp_path / f"{n}.csv", (RATE + n)[None]) for n in (2, 0))
    scores = found(noisy, out, "--truth", truth)["truth"]
    assert scores["mse"] == pytest.approx(4.0)
    assert scores["mean_mse"] == pytest.approx(RATE.mean() / 6, rel=0.2)


def test_the_uncertainty_beside_an_estimate_is_not_taken_for_one(found, noisy, tmp_path):
    table = {"table": {"row_names": ["estimate", "sigma"]}}
    rows = Signal(np.stack([RATE, np.sqrt(RATE)]), ("quantity", ENERGY), table)
    ad.write(tmp_path / "out.csv", rows)
    tests = found(noisy, tmp_path / "out.csv")["residuals"]
    assert tests["total_estimate"] == pytest.approx(RATE.sum())


def test_images_have_a_resolution_and_a_similarity(run, found, tmp_path):
    rng = np.random.default_rng(0)
    clean = 100 + rng.normal(0, 60, (64, 64)).cumsum(0).cumsum(1) / 30
    for name, data in {
        "in": rng.normal(clean, 10, (4, 64, 64)), "held": rng.normal(clean, 10, (2, 64, 64)),
        "out": rng.normal(clean, 2), "clean": clean,
    }.items():  # fmt: skip
        tifffile.imwrite(
            tmp_path / f"{name}.tif", data.astype(np.float32), photometric="minisblack"
        )
    words = [tmp_path / "in.tif", tmp_path / "out.tif", "--reference", tmp_path / "held.tif",
             "--truth", tmp_path / "clean.tif", "--data-range", "255"]  # fmt: skip
    result = found(*words)
    assert result["truth"]["mse"] == pytest.approx(4, rel=0.2)
    assert result["reference"]["mse"] == pytest.approx(4, rel=0.5)
    assert 0 < result["truth"]["mean_ssim"] < result["truth"]["ssim"] < 1
    assert 0 < result["resolution"]["of_denoised"] <= result["resolution"]["of_two_halves"]
    code, out, _ = run("evaluate", *words)
    assert code == 0
    for line in ("What was taken away", "Resolution", "Errors against the truth", "PSNR (dB)"):
        assert line in out


def test_files_that_do_not_go_together_are_named(run, noisy, tmp_path):
    out = spectra(tmp_path / "out.csv", RATE[None])
    np.savetxt(tmp_path / "short.csv", np.ones((1, 50)), delimiter=",")
    code, _, err = run("evaluate", noisy, tmp_path / "short.csv")
    assert code == 1
    assert "short.csv holds" in err
    code, _, err = run("evaluate", noisy, out, "--truth", noisy)
    assert code == 1
    assert "give --reference" in err
