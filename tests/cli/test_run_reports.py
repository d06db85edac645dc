"""``--report`` of an algorithm: before and after, the training, and the honest comparison."""

import re

import numpy as np
import pytest
from PIL import Image

QUICK = ["--epochs", "3", "--features", "2", "--layers", "2"]


def told(path):
    """Give what a page says, and check that it asks for nothing."""
    text = path.read_text(encoding="utf-8")
    plain = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "default-src 'none'" in plain
    assert not re.search(r"""(src|href)=["'](?!data:)""", plain)
    return plain


@pytest.mark.parametrize("name", ["n2n", "n2v", "dip"])
@pytest.mark.parametrize("kind", ["spectra", "images"])
def test_a_page_shows_the_run(run, request, tmp_path, name, kind):
    source, report = request.getfixturevalue(kind), tmp_path / "report.html"
    out = tmp_path / "out.npz"
    code, _, err = run(name, source, "-o", out, "--report", report, *QUICK, "--seed", "7")
    assert code == 0
    assert "report.html" in err
    page = told(report)
    for said in (
        f"<title>Denoised {'spectr' if kind == 'spectra' else 'image'}",
        source.name,
        "Losses of the training",
        "were kept",
        "states no uncertainty",
        '<th scope="row">seed</th><td>7</td>',
        '<th scope="row">epochs</th><td>3</td>',
        "before and after" if kind == "spectra" else "Before and after",
    ):
        assert said in page, said
    assert "1 sigma" not in page


def test_the_comparison_of_the_run_is_on_the_page(run, spectra, tmp_path):
    report = tmp_path / "report.html"
    code, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", "--report", report, *QUICK)
    assert code == 0
    line = re.search(r"Held-out error .*?\.(?= What|\n)", err)[0]
    page = told(report)
    assert line in page
    assert "Errors on what was held out" in page
    assert ("What is simpler does better" in err) == ("What is simpler does better" in page)
    assert "ad.denoise" not in page


@pytest.mark.parametrize("kind", ["spectra", "images"])
def test_a_picture_shows_the_run(run, request, tmp_path, kind):
    source, report = request.getfixturevalue(kind), tmp_path / "report.png"
    words = ["-o", tmp_path / "out.npz", "--report", report, *QUICK, "--quiet"]
    assert run("n2n", source, *words)[0] == 0
    with Image.open(report) as picture:
        assert picture.size[0] > 1000
        assert np.ptp(np.asarray(picture)[-400:]) > 100  # the loss curves, below
    assert run("n2n", source, *words, "--force")[0] == 0
    code, _, err = run("n2n", source, *words[:-1])
    assert (code, "exists already" in err) == (1, True)


def test_images_that_are_made_of_projections_are_shown(run, sinogram, tmp_path):
    words = ["--angles", tmp_path / "angles.csv", "-o", tmp_path / "out.tif", *QUICK]
    report = tmp_path / "report.html"
    assert run("n2i", sinogram, *words, "--report", report, "--quiet")[0] == 0
    assert "What was taken away" in told(report)


def test_complex_data_have_no_report(run, images, tmp_path):
    np.save(tmp_path / "phases.npy", np.ones((3, 16, 16)) * np.exp(0.3j))
    words = ["--n-dims", "2", "-o", tmp_path / "out.npz", "--report", tmp_path / "a.html"]
    code, _, err = run("n2n", tmp_path / "phases.npy", *words, *QUICK)
    assert (code, "--report compares real values" in err) == (1, True)
