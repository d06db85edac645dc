"""The width of lines is found on counts alone."""

import numpy as np
import pytest

from autoden.auto.spectra.response import find_response
from autoden.noise import Exposures, Poisson


def parts(n, first, last, seed, counts=1.0):
    """Independent parts of lines whose variance rises linearly, in counts of the whole."""
    rng = np.random.default_rng(seed)
    n_lines = 12
    centres = (np.arange(n_lines) + rng.uniform(0.2, 0.8, n_lines)) * n / n_lines
    heights = counts * np.exp(rng.uniform(np.log(20), np.log(400), n_lines))
    sigmas = np.sqrt(np.interp(centres, [0, n], [first**2, last**2]))
    offsets = (np.arange(n) - centres[:, None]) / sigmas[:, None]
    truth = 0.5 * counts + heights @ np.exp(-0.5 * offsets**2)
    measured = Exposures(rng.poisson(truth)[None])
    pairs = [Poisson().split(measured, 0.2, rng) for _ in range(4)]
    return tuple(np.stack([getattr(pair, side).values for pair in pairs])
                 for side in ("input", "target"))  # fmt: skip


@pytest.mark.parametrize("sigma", [2.0, 5.0, 12.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_width_of_lines_is_found(sigma, seed):
    widths = find_response(*parts(1500, sigma, sigma, seed))
    assert np.sqrt(widths[0] * widths[1]) == pytest.approx(sigma, rel=0.3)


@pytest.mark.parametrize(("first", "last"), [(3.0, 7.0), (6.0, 3.0)])
def test_lines_that_change_their_width_along_the_axis_are_told(first, last):
    widths = find_response(*parts(1500, first, last, 0, counts=0.5))
    assert widths[1] / widths[0] == pytest.approx(last / first, rel=0.4)
    assert np.sqrt(widths[0] * widths[1]) == pytest.approx(np.sqrt(first * last), rel=0.3)


@pytest.mark.parametrize("counts", [0.1, 100.0])
def test_width_is_found_at_any_dose(counts):
    """Where much is counted, narrower responses explain the lines as well: a factor of 2."""
    widths = find_response(*parts(1500, 4.0, 4.0, 0, counts=counts))
    assert 2 < np.sqrt(widths[0] * widths[1]) < 5.2


def test_channels_that_do_not_count_are_no_matter():
    inputs, targets = parts(600, 4.0, 4.0, 0)
    where = np.random.default_rng(0).random(targets.shape) < 0.8
    found = find_response(inputs, targets, where)
    assert find_response(inputs, np.where(where, targets, 999.0), where) == found
    assert np.sqrt(found[0] * found[1]) == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize("n", [8, 40])
def test_short_and_empty_spectra_have_a_width_too(n):
    inputs = np.random.default_rng(0).poisson(0.05, (2, n)).astype(float)
    for values in (inputs, np.zeros((2, n))):
        widths = find_response(values, values[::-1])
        assert all(0 < width < n for width in widths)
