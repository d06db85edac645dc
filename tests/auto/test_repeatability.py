"""Rows are repeats if nothing but noise and a factor tells them apart."""

import numpy as np
import pytest

from autoden.auto.repeatability import repeats_agree
from autoden.datasets import xrf_spectra
from autoden.noise.exposures import Exposures

X = np.arange(400)
LINES = 90 * np.exp(-0.5 * ((X - 120) / 6) ** 2) + 40 * np.exp(-0.5 * ((X - 300) / 8) ** 2) + 3
MOVED = np.roll(LINES, 60)


def draws(shape, n=200, noise="poisson", dose=1.0):
    for seed in range(n):
        rng = np.random.default_rng(seed)
        rows = dose * np.asarray(shape)
        if noise == "poisson":
            yield Exposures(rng.poisson(rows))
        elif noise == "gain":
            yield Exposures(2.37 * rng.poisson(rows))
        else:
            yield Exposures(rows + 5 * rng.normal(size=rows.shape))


@pytest.mark.parametrize("noise", ["poisson", "gain", "gaussian"])
@pytest.mark.parametrize("dose", [0.01, 1.0, 100.0])
def test_repeats_agree_at_any_dose_and_noise(noise, dose):
    rows = LINES * np.array([[1.0], [1.0], [0.7]])  # live times need not be alike
    assert sum(map(repeats_agree, draws(rows, 200, noise, dose))) >= 198


@pytest.mark.parametrize("noise", ["poisson", "gain", "gaussian"])
def test_other_spectra_do_not_agree(noise):
    assert not any(map(repeats_agree, draws([LINES, MOVED], 50, noise)))
    assert not any(map(repeats_agree, draws([LINES, LINES, LINES, MOVED], 50, noise)))


@pytest.mark.parametrize(("moved", "agrees"), [(0.01, True), (0.3, False)])
def test_differences_below_three_percent_still_make_a_useful_mean(moved, agrees):
    rows = [LINES, LINES + moved * (MOVED - LINES)]
    assert {repeats_agree(each) for each in draws(rows, 5, dose=1e4)} == {agrees}


def test_simulated_spectra_agree():
    assert all(
        repeats_agree(Exposures(xrf_spectra(n_exposures=4, seed=seed).counts)) for seed in range(5)
    )


def test_short_spectra_are_seldom_refused():
    rows = np.broadcast_to(20 + np.arange(8.0), (2, 8))
    assert sum(map(repeats_agree, draws(rows, 300))) >= 290


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, 50)),
        np.ones((1, 50)),
        np.eye(3, 50),
        np.full((3, 50), 7.5),
        np.vstack([LINES.round(), np.zeros(400)]),
        -np.ones((2, 50)),
    ],
)
def test_rows_that_say_nothing_agree(rows):
    assert repeats_agree(Exposures(rows))
