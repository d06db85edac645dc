"""The detector against formulas: nothing is lost, everything is where it belongs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import exponnorm, norm, uniform

from autoden.datasets import Detector
from autoden.errors import InputError

IDEAL = Detector(
    tail_fraction=0, shelf_fraction=0, escape_scale=0, window_um=0, crystal_um=np.inf, pile_up=0
)


def one_line(detector: Detector, energy: float, n_channels: int = 4095) -> Any:
    return detector.respond(np.array([energy]), np.array([1000.0]), np.zeros(1), n_channels)


@pytest.mark.parametrize("energy", [2.0, 6.4, 8.63, 15.7])
def test_centroid_and_width_follow_the_formula(energy: float) -> None:
    counts = one_line(IDEAL, energy)
    x = IDEAL.energies(len(counts))
    centroid = np.average(x, weights=counts)
    # integration over a channel adds the variance of a uniform distribution
    variance = np.average((x - centroid) ** 2, weights=counts) - IDEAL.channel_keV**2 / 12
    fwhm_squared_eV = IDEAL.noise_eV**2 + 5.545 * 0.115 * 3.65 * 1000 * energy
    assert counts.sum() == pytest.approx(1000)
    assert centroid == pytest.approx(energy, abs=1e-6)
    assert 1e6 * 8 * np.log(2) * variance == pytest.approx(fwhm_squared_eV, rel=1e-3)


@pytest.mark.parametrize("energy", [3.7, 12.0])
def test_every_part_of_the_line_shape_is_a_distribution(energy: float) -> None:
    detector = replace(IDEAL, tail_fraction=0.3, shelf_fraction=0.2, escape_scale=10.0)
    counts = one_line(detector, energy)
    sigma = float(detector.fwhm(np.array(energy))) / 2.3548
    escape = float(detector.escape_fraction(np.array(energy)))
    rng = np.random.default_rng(0)
    n = 400_000  # the same line shape, drawn at random
    low = energy - 1.740
    parts = rng.choice(4, n, p=[0.5 - escape, 0.3, 0.2, escape])
    drawn = np.choose(parts, [
        norm.rvs(energy, sigma, n, random_state=rng),
        2 * energy - exponnorm.rvs(detector.tail_keV / sigma, energy, sigma, n, random_state=rng),
        uniform.rvs(0, energy, n, random_state=rng) + norm.rvs(0, sigma, n, random_state=rng),
        norm.rvs(low, float(detector.fwhm(np.array(low))) / 2.3548, n, random_state=rng),
    ])  # fmt: skip
    edges = detector.energies(4096) - detector.channel_keV / 2
    drawn_cdf = np.searchsorted(np.sort(drawn), edges) / n
    cdf = np.concatenate([[0], np.cumsum(counts)]) / 1000 + drawn_cdf[0]
    assert np.abs(cdf - drawn_cdf).max() < 2.0 / np.sqrt(n)  # Kolmogorov


def test_escape_peak_lies_a_silicon_photon_below() -> None:
    detector = replace(IDEAL, escape_scale=1.0)
    counts = one_line(detector, 6.4)
    x = detector.energies(len(counts))
    low = x < 5.5
    assert np.average(x[low], weights=counts[low]) == pytest.approx(6.4 - 1.740, abs=1e-3)
    assert counts[low].sum() / 1000 == pytest.approx(
        float(detector.escape_fraction(np.array(6.4))), rel=1e-6
    )
    assert counts.sum() == pytest.approx(1000)


def test_escape_fraction_falls_with_energy() -> None:
    fractions = Detector().escape_fraction(np.array([1.8, 2.0, 4.0, 8.0, 16.0]))
    assert fractions[0] == 0
    assert np.all(np.diff(fractions[1:]) < 0)
    assert 0.001 < fractions[-2] < 0.003  # about 0.2 % at copper


def test_efficiency_agrees_with_tabulated_absorption() -> None:
    # 8 um beryllium, 450 um silicon; photoelectric coefficients in cm2/g from X-ray data tables
    for energy, beryllium, silicon in [(3.0, 20.90, 976.7), (8.0, 0.882, 63.79), (20, 0.042, 4.09)]:
        expected = np.exp(-beryllium * 1.848 * 8e-4) * -np.expm1(-silicon * 2.33 * 450e-4)
        assert float(Detector().efficiency(np.array(energy))) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("first", [-0.05, 0.0, 0.05])
def test_pile_up_adds_pairs_at_the_sum_and_takes_two_each(first: float) -> None:
    detector = replace(IDEAL, pile_up=1e-5, first_channel_keV=first, channel_keV=0.005)
    single = one_line(detector, 4.0)
    piled = detector.with_pile_up(single, single.sum())
    x = detector.energies(len(single))
    n_pairs = 1e-5 * 1000**2
    assert piled.sum() == pytest.approx(1000 - n_pairs)
    assert piled[x < 6].sum() == pytest.approx(1000 - 2 * n_pairs)
    assert np.average(x[x > 6], weights=piled[x > 6]) == pytest.approx(8.0, abs=1e-3)
    assert piled.min() >= 0


def test_threshold_drops_what_lies_below() -> None:
    counts = Detector().discriminate(np.ones(1000))
    x = Detector().energies(1000)
    assert counts[x < 0.9].max() < 1e-6
    assert counts[x > 1.4].min() > 1 - 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [("channel_keV", 0.0), ("noise_eV", -1.0), ("noise_eV", np.nan), ("tail_keV", np.inf),
     ("fano", -0.1), ("pile_up", -1e-9), ("tail_fraction", 1.5), ("window_um", np.nan)],
)  # fmt: skip
def test_impossible_settings_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        Detector(**{name: value})
