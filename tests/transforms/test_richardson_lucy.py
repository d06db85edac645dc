"""The source that explains counts: against plain expectation maximisation in double precision."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.transforms.richardson_lucy import RichardsonLucy, response_matrices

EVERY = tuple(range(1, 31))


def blur(n, first, last):
    """Column j: a Gaussian around j, whose sum over all whole numbers is 1."""
    centres = np.arange(n)
    sigmas = np.sqrt(np.linspace(first**2, last**2, n))
    reach = int(10 * max(first, last))
    rows = np.arange(-reach, n + reach)[:, None]
    heights = np.exp(-0.5 * ((rows - centres) / sigmas) ** 2)
    return (heights / heights.sum(axis=0))[reach:-reach]


def em(seen, response, n_iterations):
    """Shepp and Vardi's iteration, literally: all estimates, (n_iterations, n)."""
    source = np.full(len(seen), seen.mean())
    estimates = []
    for _ in range(n_iterations):
        source = source * (response.T @ (seen / (response @ source))) / response.sum(axis=0)
        estimates.append(response @ source)
    return np.array(estimates)


def likelihood(rates, seen):
    return np.sum(seen * np.log(np.maximum(rates, 1e-30)) - rates, axis=-1)


def lines(n=300, sigma=3.0, seed=0, background=0.4):
    """Expected counts of a few lines of one width."""
    rng = np.random.default_rng(seed)
    centres, heights = rng.uniform(0, n, 8), rng.uniform(5, 80, 8)
    shapes = np.exp(-0.5 * ((np.arange(n) - centres[:, None]) / sigma) ** 2)
    return background + heights @ shapes


@pytest.fixture
def counts():
    return np.random.default_rng(1).poisson(lines(), (3, 300)).astype(float)


@pytest.mark.parametrize("widths", [(0.8, 0.8), (3.0, 3.0), (2.0, 5.0), (6.0, 1.0)])
def test_response_is_the_blur_of_these_widths(widths):
    response, back = response_matrices(200, widths)
    np.testing.assert_allclose(response.toarray(), blur(200, *widths), atol=1e-4)
    assert np.array_equal(back.toarray(), response.toarray().T)


def test_squared_width_rises_linearly_along_the_axis():
    response = response_matrices(400, (2.0, 6.0))[0].toarray().astype(float)
    for j in (100, 200, 300):
        column = response[:, j]
        assert column.sum() == pytest.approx(1, abs=1e-4)
        variance = column @ (np.arange(400) - j) ** 2
        assert variance == pytest.approx(4 + (36 - 4) * j / 399, rel=0.01)


@pytest.mark.parametrize("widths", [(3.0, 3.0), (2.0, 5.0)])
def test_first_iterations_are_plain_ones(counts, widths):
    """Nothing is extrapolated before two corrections are known."""
    estimates = RichardsonLucy(widths, (1, 2)).estimates(counts)
    for seen, found in zip(counts, estimates, strict=True):
        np.testing.assert_allclose(found, em(seen, blur(300, *widths), 2), rtol=1e-3, atol=1e-3)


def test_extrapolation_ends_where_plain_iterations_end():
    """The best rates are unique: no part of a source is lost for good on the way there."""
    seen = np.random.default_rng(2).poisson(lines(80)).astype(float)
    response = response_matrices(80, (3.0, 3.0))[0].toarray().astype(float)
    expected = em(seen, response, 20_000)[-1]
    found = RichardsonLucy((3.0, 3.0), (3000,)).estimates(seen[None])[0, 0]
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.05)
    assert likelihood(found.astype(float), seen) > likelihood(expected, seen) - 0.1


def test_likelihood_rises_and_is_ahead_of_plain_iterations(counts):
    estimates = RichardsonLucy((3.0, 3.0), EVERY).estimates(counts).astype(float)
    for seen, found in zip(counts, estimates, strict=True):
        ours, plain = likelihood(found, seen), likelihood(em(seen, blur(300, 3, 3), 30), seen)
        assert (np.diff(ours) > -1e-3).all()
        assert (ours >= plain - 1e-2).all()
        assert ours[19] > plain[29]  # twenty extrapolated iterations are worth more than thirty


@pytest.mark.parametrize("widths", [(1.0, 1.0), (4.0, 4.0), (2.0, 12.0)])
def test_counts_are_conserved_at_every_iteration(counts, widths):
    """Also those of a line at the very end, a part of which lies outside."""
    counts[0, :2] = 500
    estimates = RichardsonLucy(widths, EVERY).estimates(counts)
    sums = np.repeat(counts.sum(axis=1, keepdims=True), 30, axis=1)
    np.testing.assert_allclose(estimates.sum(axis=2, dtype=float), sums, rtol=1e-4)


def test_rates_are_never_negative_and_those_of_nothing_are_zero(counts):
    counts[1] = 0
    counts[2, 50:250] = 0
    estimates = RichardsonLucy((3.0, 3.0), EVERY).estimates(counts)
    assert np.isfinite(estimates).all()
    assert (estimates >= 0).all()
    assert (estimates[1] == 0).all()
    assert (estimates[2, :, 100:200] == 0).all()  # no count is within reach of 24 channels


def test_values_below_zero_count_as_zero(counts):
    below = np.where(counts == 0, -0.7, counts)
    filter_ = RichardsonLucy((3.0, 3.0), (5,))
    assert np.array_equal(filter_.estimates(below), filter_.estimates(counts))


def test_every_spectrum_is_treated_by_itself_and_left_as_it_is(counts):
    filter_, before = RichardsonLucy((2.0, 4.0), (3, 12)), counts.copy()
    together = filter_.estimates(counts)
    assert together.shape == (3, 2, 300)
    assert np.array_equal(counts, before)
    for seen, found in zip(counts, together, strict=True):
        np.testing.assert_allclose(filter_.estimates(seen[None])[0], found, rtol=1e-4, atol=1e-5)


def test_scale_passes_through_and_a_mirrored_spectrum_is_mirrored(counts):
    estimates = RichardsonLucy((2.0, 4.0), (8,)).estimates(counts)
    larger = RichardsonLucy((2.0, 4.0), (8,)).estimates(7 * counts)
    np.testing.assert_allclose(larger, 7 * estimates, rtol=1e-3, atol=1e-3)
    mirrored = RichardsonLucy((4.0, 2.0), (8,)).estimates(counts[:, ::-1])
    np.testing.assert_allclose(mirrored[..., ::-1], estimates, rtol=1e-3, atol=1e-3)


def test_what_a_source_explains_is_kept_and_noise_is_not():
    truth = blur(300, 3, 3) @ np.random.default_rng(3).exponential(20, 300)
    (kept,) = RichardsonLucy((3.0, 3.0), (400,)).estimates(truth[None])[0]
    np.testing.assert_allclose(kept, truth, rtol=0.01)
    truth = lines(2000, seed=4)
    noisy = np.random.default_rng(4).poisson(truth, (4, 2000))
    found = RichardsonLucy((3.0, 3.0), (12,)).estimates(noisy)[:, 0]
    assert np.mean((found - truth) ** 2) < np.mean((noisy - truth) ** 2) / 3


@pytest.mark.parametrize(
    ("widths", "iterations", "words"),
    [((0.0, 1.0), (3,), r"widths\[0\]"), ((1.0, -2.0), (3,), r"widths\[1\]"),
     ((1.0, float("nan")), (3,), r"widths\[1\]"), ((1.0, 1.0), (5, 3), "numbers that rise"),
     ((1.0, 1.0), (3, 3), "numbers that rise"), ((1.0, 1.0), (0, 3), r"iterations\[0\]"),
     ((1.0, 1.0), (), "iterations` is empty")],
)  # fmt: skip
def test_bad_widths_and_iterations_are_refused(widths, iterations, words):
    with pytest.raises(InputError, match=words):
        RichardsonLucy(widths, iterations)
