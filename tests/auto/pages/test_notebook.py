"""A result at the end of a notebook cell."""

import re

import autoden as ad


def test_a_result_shows_its_verdict_its_candidates_and_its_spectrum():
    spectra = ad.datasets.xrf_spectra(4, n_channels=256, seed=0)
    result = ad.denoise(spectra.counts, axes="RE", budget="fast")
    page = result._repr_html_()
    for words in (result.method, *result.verdict, *result.warnings, "mean of the exposures"):
        assert words.replace("&", "&amp;") in page
    assert re.search(r'<img alt="[^"]+" [^>]*src="data:image/png;base64,', page)
    assert "<script" not in page
