"""The simulated spectra: laws of counting, of the sample and of the beam."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

import autoden as ad
from autoden.datasets import LINES, Beam, Detector, xrf_spectra
from autoden.errors import InputError

DARK = Beam(elastic=0, compton=0, continuum=0)
IDEAL = Detector(
    tail_fraction=0, shelf_fraction=0, escape_scale=0, window_um=0, crystal_um=np.inf, pile_up=0,
    threshold_keV=-10,
)  # fmt: skip


def test_shapes_and_types() -> None:
    data = xrf_spectra(3, n_channels=500)
    assert data.counts.shape == (3, 500)
    assert data.counts.dtype == np.int64
    assert data.energies_keV.shape == data.truth.shape == (500,)
    assert data.energies_keV.dtype == data.truth.dtype == np.float64
    assert data.energies_keV[0] == -0.02


def test_the_seed_decides_the_counts_and_not_the_truth() -> None:
    first, again, other = xrf_spectra(2), xrf_spectra(2, seed=0), xrf_spectra(2, seed=1)
    np.testing.assert_array_equal(first.counts, again.counts)
    np.testing.assert_array_equal(first.truth, other.truth)
    assert np.any(first.counts != other.counts)


def test_global_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    xrf_spectra(1)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002


def test_counts_are_poisson_around_the_truth() -> None:
    n = 400
    data = xrf_spectra(n)
    strong = data.truth > 1
    truth, counts = data.truth[strong], data.counts[:, strong]
    statistic = float(np.sum((counts.mean(0) - truth) ** 2 / (truth / n)))
    assert 0.001 < chi2.cdf(statistic, strong.sum()) < 0.999
    assert np.mean(counts.var(0, ddof=1) / truth) == pytest.approx(1, abs=0.01)
    pairs = (counts[:, 1:] - truth[1:]) * (counts[:, :-1] - truth[:-1])
    assert np.mean(pairs / np.sqrt(truth[1:] * truth[:-1])) == pytest.approx(0, abs=0.01)


def test_counts_are_proportional_to_the_exposure() -> None:
    long = xrf_spectra(8, exposure=2.5)
    np.testing.assert_allclose(long.truth, 2.5 * xrf_spectra(1).truth)
    assert long.counts.sum() / 8 == pytest.approx(long.truth.sum(), rel=0.01)


def test_more_channels_only_reach_further() -> None:
    near, far = xrf_spectra(1, n_channels=2000), xrf_spectra(1, n_channels=4500)
    np.testing.assert_allclose(near.truth[:-10], far.truth[:1990], rtol=1e-6, atol=1e-9)


def test_every_photon_is_counted_by_an_ideal_detector() -> None:
    data = xrf_spectra(
        1, n_channels=9000, composition={"Cu": 500, "Pb": 300},
        beam=Beam(elastic=20, compton=30, continuum=50), detector=IDEAL,
    )  # fmt: skip
    assert data.truth.sum() == pytest.approx(900, rel=1e-4)


@pytest.mark.parametrize("depth", [0.0, 4.0, 1000.0])
@pytest.mark.parametrize("symbol", ["Ca", "Cu", "Zr", "Au"])
def test_one_element_shows_its_lines_and_nothing_else(symbol: str, depth: float) -> None:
    data = xrf_spectra(1, composition={symbol: 1000}, depth=depth, beam=DARK, detector=IDEAL)
    energy = np.array([line.energy_keV for line in LINES[symbol]])
    far = np.abs(data.energies_keV[:, None] - energy).min(1) > 0.6
    assert data.truth.sum() == pytest.approx(1000)
    assert data.truth[far].sum() < 1e-6
    if depth == 0:
        mean = np.average(energy, weights=[line.fraction for line in LINES[symbol]])
        assert np.average(data.energies_keV, weights=data.truth) == pytest.approx(mean, abs=1e-5)


def test_a_thick_sample_swallows_softer_lines() -> None:
    def beta_to_alpha(depth: float) -> float:
        data = xrf_spectra(1, composition={"Cu": 1000}, depth=depth, beam=DARK, detector=IDEAL)
        beta = data.energies_keV > 8.48
        return float(data.truth[beta].sum() / data.truth[~beta].sum())

    assert beta_to_alpha(0) == pytest.approx(0.1337, rel=0.01)
    assert beta_to_alpha(1e-6) == pytest.approx(beta_to_alpha(0), rel=1e-4)
    soft, hard = [(10 / 22.163) ** 3 + (10 / e) ** 3 for e in (8.041, 8.905)]
    assert beta_to_alpha(1e3) == pytest.approx(beta_to_alpha(0) * soft / hard, rel=0.01)


def test_scattered_lines_obey_compton() -> None:
    beam = Beam(energy_keV=18.0, angle_deg=120, elastic=100, compton=300, continuum=0)
    data = xrf_spectra(1, composition={}, beam=beam, detector=IDEAL)
    shifted = 18 / (1 + 18 / 511 * 1.5)
    expected = (100 * 18 + 300 * shifted) / 400
    assert np.average(data.energies_keV, weights=data.truth) == pytest.approx(expected, abs=1e-4)
    x = data.energies_keV
    assert np.average(x[x < 17.4], weights=data.truth[x < 17.4]) == pytest.approx(shifted, abs=0.02)


def test_bremsstrahlung_ends_at_the_voltage() -> None:
    beam = Beam(elastic=0, compton=0, continuum=1000, voltage_kV=15)
    data = xrf_spectra(1, composition={}, beam=beam, detector=IDEAL)
    assert data.truth[data.energies_keV > 15.01].sum() < 1e-6
    assert data.truth.sum() == pytest.approx(1000, rel=1e-3)


def test_the_default_resembles_a_measured_series() -> None:
    data = xrf_spectra()
    assert data.counts.shape == (32, 4095)
    assert 20_000 < data.counts.sum(1).mean() < 28_000
    assert 0.5 < np.mean(data.counts == 0) < 0.7
    assert 150 < data.truth.max() < 250
    assert data.truth[data.energies_keV > 1.5].min() > 0.03
    zinc = data.energies_keV[data.truth.argmax()]
    assert zinc == pytest.approx(8.63, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_exposures": 0}, "n_exposures.*0.*at least 1"),
        ({"n_exposures": 2.5}, "n_exposures.*2.5.*whole"),
        ({"n_channels": 0}, "n_channels"),
        ({"seed": -1}, "seed.*-1"),
        ({"exposure": 0.0}, "exposure.*above 0"),
        ({"exposure": float("nan")}, "exposure.*nan"),
        ({"depth": -1.0}, "depth.*-1"),
        ({"composition": {"Xx": 1.0}}, "'Xx'.*Cu"),
        ({"composition": {"Cu": -1.0}}, r"Cu.* is -1"),
        ({"composition": {"Fe": "a"}}, r"Fe.* is 'a': give a finite number"),
        ({"composition": {"Fe": True}}, r"Fe.* is True"),
        ({"composition": "Fe"}, "`composition` is 'Fe': give photons by element"),
        ({"exposure": "1"}, "`exposure` is '1': give a finite number"),
        ({"exposure": 10**400}, "`exposure` is 1000"),
        (
            {"exposure": 1e20},
            r"`exposure` \(=1e\+20\) gives too many counts .* give .*e\+12 at most",
        ),
        ({"exposure": np.array([1.0, 2.0])}, "`exposure` is array"),
        ({"depth": None}, "`depth` is None"),
        ({"n_exposures": True}, "`n_exposures` is True: give a whole number"),
        ({"seed": "0"}, "`seed` is '0'"),
    ],
)
def test_bad_arguments_are_explained(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ad.datasets.xrf_spectra(**arguments)


@pytest.mark.parametrize(
    "settings",
    [{"energy_keV": 0.0}, {"elastic": -1.0}, {"continuum": float("nan")}, {"filter_keV": 50.0}],
)
def test_impossible_beams_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        Beam(**settings)


def test_too_many_photons_are_refused() -> None:
    with pytest.raises(InputError, match="pile up"):
        xrf_spectra(1, composition={"Cu": 1e6})


def test_neither_torch_nor_matplotlib_is_imported() -> None:
    code = (
        "import sys, autoden.datasets as d; d.xrf_spectra(1, n_channels=9);"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
