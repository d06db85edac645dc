"""The report says what the result knows, for one sample and for several."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from autoden.auto.learning.method import Filter
from autoden.auto.learning.selection import Candidate
from autoden.auto.pages.page import page_of, write_report
from autoden.auto.spectra.measurement import read_measurement
from autoden.auto.trained import Trained
from autoden.baselines.mean import Mean
from autoden.baselines.whittaker import Whittaker
from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.noise.poisson import Poisson
from autoden.signals import Axis, Signal

SPECTRA = xrf_spectra(6, n_channels=1024)
ENERGY = Axis("energy", "keV", SPECTRA.energies_keV)
CANDIDATES = (
    Candidate("mean", "the mean", 0.0, 0.0, behind=431.0, behind_error=26.0),
    Candidate("gaussian", "Gaussian, sigma 4", -420.0, 26.0, behind=11.0, behind_error=0.9),
    Candidate("whittaker", "Whittaker, order 3", -431.0, 26.0, chosen=True),
)


SMOOTH = Whittaker(3, 1e6)


def result_of(data, baseline=SMOOTH, candidates=CANDIDATES, **given):
    measurement = read_measurement(data, **given)
    settings = {"budget": "balanced", "seed": 3}
    trained = Trained(
        Filter(baseline, Poisson()), Poisson(), candidates, 4, 3, settings, measurement.samples
    )
    notes, warnings = ["The values are whole numbers."], ["Repeat 3 is a copy of repeat 1."]
    return trained.result(measurement, measurement.samples, notes=notes, warnings=warnings)


@cache
def one():
    return replace(
        result_of(Signal(SPECTRA.counts[:4], ["repeat", ENERGY])), reference=SPECTRA.truth
    )


@cache
def several():
    return result_of(SPECTRA.counts[:3].T, axes="ES")


def text_of(path):
    """The words of the file, without scripts and tags."""
    whole = path.read_text(encoding="utf-8")
    body = re.sub(r"<(script|style).*?</\1>", " ", whole, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_the_page_holds_everything_that_the_result_says(tmp_path):
    path = write_report(one(), tmp_path / "report.html")
    assert path == tmp_path / "report.html"
    text = text_of(path)
    for sentence in (*one().verdict, *one().warnings, *one().notes):
        assert sentence in text
    parts = [
        "chosen, best score", "-431 ± 26", "Strong peaks before and after", "Net counts by region",
        "Background between the lines", "Residuals by intensity", "Version of autoden", "balanced",
        "Poisson counts, gain 1", "a reference",
    ]  # fmt: skip
    for part in parts:
        assert part in text


def test_the_page_shows_the_numbers_of_the_result():
    page = page_of(one())
    (spectrum,) = page.spectra()
    np.testing.assert_array_equal(spectrum.measured, SPECTRA.counts[:4].mean(axis=0))
    np.testing.assert_array_equal(spectrum.estimate, one().estimate)
    np.testing.assert_array_equal(spectrum.sigma, one().uncertainty)
    np.testing.assert_allclose(spectrum.noise_sigma, np.sqrt(one().estimate / 4))
    np.testing.assert_array_equal(spectrum.reference, SPECTRA.truth)
    np.testing.assert_array_equal(page.x, ENERGY.values)
    assert page.axis_label == "Energy (keV)"
    assert page.measurement["Counts in all exposures"] == [SPECTRA.counts[:4].sum()]


def test_the_page_shows_each_of_several_samples(tmp_path):
    page = page_of(several())
    assert [spectrum.name for spectrum in page.spectra()] == ["Sample 1", "Sample 2", "Sample 3"]
    for spectrum, counts, estimate in zip(
        page.spectra(), SPECTRA.counts[:3], several().estimate.T, strict=True
    ):
        np.testing.assert_array_equal(spectrum.measured, counts)
        np.testing.assert_array_equal(spectrum.estimate, estimate)
    assert page.axis_label == "Channel"
    text = text_of(write_report(several(), tmp_path / "report.htm"))
    assert "Denoised spectra" in text
    assert "Spectra of 3 samples (1 exposure each, 1024 channels) were denoised" in text
    assert "Sample 3: Net counts by region" in text


def test_the_citation_says_what_was_done():
    said = page_of(one()).citation
    low, high = one().quality["dose_gain_interval"]
    parts = [
        "A spectrum (4 exposures, 1024 channels) was denoised with autoden", "binomial thinning",
        "3 methods", "(whittaker: Whittaker, order 3", "from 4 simulated measurements",
        f"(90 % interval: {low:.0f} to {high:.0f})",
    ]  # fmt: skip
    for part in parts:
        assert part in said


def test_if_the_mean_was_chosen_the_report_says_so(tmp_path):
    chosen = (replace(CANDIDATES[0], chosen=True), replace(CANDIDATES[2], chosen=False))
    result = result_of(SPECTRA.counts[:4], Mean(), chosen, axes="RE")
    np.testing.assert_array_equal(result.estimate, SPECTRA.counts[:4].mean(axis=0))
    text = text_of(write_report(result, tmp_path / "report.html"))
    assert "None was better than the mean, which is shown unchanged." in text
    assert "No method tried predicts unseen parts" in text


def test_the_report_of_an_applied_method_says_what_was_measured_on_which_data(tmp_path):
    again = one().trained.result(
        one().measurement, one().measurement.samples, notes=[], warnings=[], applied=True
    )
    text = text_of(write_report(again, tmp_path / "report.html"))
    for part in (
        "by parts of the first data that it had not seen",
        "All that follows was measured on these data",
        "compared on data that they had not seen, of the first data",
        "The method had been chosen on another measurement of this set-up, which was split",
        "applied to the mean of these exposures",
    ):
        assert part in text
        assert part not in text_of(write_report(one(), tmp_path / "o.html", overwrite=True))


def test_a_picture_holds_the_samples_one_below_the_other(tmp_path):
    sizes = []
    for name, result in [("one.png", one()), ("several.PNG", several())]:
        with Image.open(write_report(result, tmp_path / name)) as picture:
            sizes.append(picture.size)
    assert abs(sizes[1][0] - sizes[0][0]) < 20
    assert sizes[1][1] == pytest.approx(3 * sizes[0][1], rel=0.02)


def test_what_is_there_is_not_replaced_unasked(tmp_path):
    for name in ("report.html", "report.png"):
        path = tmp_path / name
        path.write_text("mine")
        with pytest.raises(InputError, match="exists"):
            write_report(several(), path)
        assert path.read_text() == "mine"
        write_report(several(), path, overwrite=True)
        assert path.stat().st_size > 10_000


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.svg"])
def test_other_endings_are_refused_with_those_there_are(tmp_path, name):
    with pytest.raises(InputError, match=r"\.html or \.htm for a page, or in \.png"):
        write_report(one(), tmp_path / name)


def test_more_samples_than_a_picture_holds_are_refused(tmp_path):
    counts = np.arange(21 * 9).reshape(21, 9)
    many = replace(several(), measurement=read_measurement(counts, axes="SE"))
    with pytest.raises(InputError, match=r"21 samples and a picture holds 20.*'many.html'"):
        write_report(many, tmp_path / "many.png")


def test_channels_in_no_order_are_shown_by_their_numbers():
    tangled = Axis("energy", "keV", np.r_[SPECTRA.energies_keV[1::-1], SPECTRA.energies_keV[2:]])
    result = result_of(Signal(SPECTRA.counts[:2], ["repeat", tangled]))
    assert page_of(result).axis_label == "Channel"
    falling = Axis("energy", "keV", SPECTRA.energies_keV[::-1])
    result = result_of(Signal(SPECTRA.counts[:2], ["repeat", falling]))
    assert page_of(result).axis_label == "Energy (keV)"
