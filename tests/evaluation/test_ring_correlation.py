"""Laws of the ring correlation, and that a denoiser is judged as if the truth were known."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal.windows import tukey
from scipy.special import j0

from autoden.errors import InputError
from autoden.evaluation import denoised_ring_correlation, ring_correlation

SHAPES = [(200,), (201,), (24, 30), (15, 16, 17)]


def radii(shape, spacing=1.0):
    spacings = np.broadcast_to(spacing, len(shape))
    frequencies = map(np.fft.fftfreq, shape, spacings)
    return np.sqrt(sum(f**2 for f in np.meshgrid(*frequencies, indexing="ij")))


def band_limited(rng, shape, highest, spacing=1.0):
    """Draw a periodic signal of variance 1 with flat power below a frequency."""
    spectrum = np.fft.fftn(rng.normal(size=shape)) * (radii(shape, spacing) < highest)
    signal = np.fft.ifftn(spectrum).real
    return (signal - signal.mean()) / signal.std()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_correlates_with_itself_by_one_and_with_its_negative_by_minus_one(shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(ring_correlation(x, x).correlation, 1)
    np.testing.assert_allclose(ring_correlation(x, -x).correlation, -1)
    assert ring_correlation(x, x).resolution() == 2


@pytest.mark.parametrize("taper", [0, 0.25, 1])
@pytest.mark.parametrize(
    ("shape", "width"), [((256,), None), ((32, 32), 1), ((32, 40), 4), ((12, 13, 14), 1)]
)
def test_independent_noise_correlates_by_no_more_than_the_elements_say(shape, width, taper):
    rng = np.random.default_rng(1)
    curves = [
        ring_correlation(*rng.normal(size=(2, *shape)), taper=taper, ring_width=width)
        for _ in range(200)
    ]
    values = np.array([c.correlation * np.sqrt(c.elements) for c in curves])  # (draw, ring)
    assert np.abs(values.mean(axis=0)).max() < 4 / np.sqrt(len(values))
    spread = values.std(axis=0).mean()
    assert spread == pytest.approx(1, abs=0.04) if taper == 0 else spread < 1.03
    assert np.mean(np.abs(values) > 3) < 0.005


@pytest.mark.parametrize(
    ("shape", "highest"), [((512,), 0.2), ((48, 64), 0.25), ((16, 20, 16), 0.3)]
)
def test_signal_and_white_noise_give_snr_over_snr_plus_one(shape, highest):
    rng = np.random.default_rng(2)
    signal, sigma = band_limited(rng, shape, highest), 0.7
    curves = [
        ring_correlation(*(signal + rng.normal(0, sigma, size=(2, *shape))), taper=0)
        for _ in range(100)
    ]
    frequencies = curves[0].frequencies
    half = (frequencies[1] - frequencies[0]) / 2
    power, radius = np.abs(np.fft.fftn(signal)) ** 2, radii(shape)
    rings = [(radius > f - half) & (radius < f + half) for f in frequencies]
    snr = np.array([power[ring].mean() for ring in rings]) / (sigma**2 * signal.size)
    values = np.array([c.correlation for c in curves])
    error = values.mean(axis=0) - snr / (snr + 1)
    assert np.all(np.abs(error) < 4 * values.std(axis=0) / 10 + 0.01)
    assert curves[0].cutoff() == pytest.approx(highest, abs=2 * half)


@pytest.mark.parametrize("shape", SHAPES)
def test_scale_and_offset_do_not_matter_nor_does_the_order(shape):
    a, b = np.random.default_rng(3).normal(size=(2, *shape)).cumsum(axis=-1)
    expected = ring_correlation(a, b).correlation
    np.testing.assert_allclose(ring_correlation(b, a).correlation, expected)
    np.testing.assert_allclose(ring_correlation(3e6 * a + 7, 1e-3 * b - 1).correlation, expected)


def test_a_shift_of_one_pixel_gives_the_bessel_function():
    x = np.random.default_rng(4).normal(size=(128, 128))
    curve = ring_correlation(x, np.roll(x, 1, axis=0), taper=0)
    far = curve.frequencies > 0.1  # rings of many elements
    expected = j0(2 * np.pi * curve.frequencies)
    np.testing.assert_allclose(curve.correlation[far], expected[far], atol=0.15)
    assert np.all(curve.correlation < 1)


@pytest.mark.parametrize("shape", [(24, 30), (23, 31)])
def test_rings_and_window_are_those_of_the_full_transform(shape):
    a, b = np.random.default_rng(5).normal(size=(2, *shape)).cumsum(axis=0)
    taper = 0.4  # sampled between the points of a window twice as fine
    window = np.outer(*[tukey(2 * n + 1, taper)[1::2] for n in shape])
    f, g = (np.fft.fftn((x - (x * window).sum() / window.sum()) * window) for x in (a, b))
    curve = ring_correlation(a, b, taper=taper)
    index = np.rint(radii(shape) * min(shape)).astype(int)
    for k, value in enumerate(curve.correlation, start=1):
        p, q = f[index == k], g[index == k]
        expected = (p * q.conj()).sum().real / np.sqrt((abs(p) ** 2).sum() * (abs(q) ** 2).sum())
        assert value == pytest.approx(expected)
    untapered = ring_correlation(a, b, taper=0)
    counts = np.bincount(index.ravel())[1 : len(untapered.elements) + 1]
    np.testing.assert_allclose(untapered.elements, counts)
    np.testing.assert_allclose(curve.frequencies * min(shape), np.arange(1, min(shape) // 2 + 1))


def test_rings_are_physical_where_the_spacing_differs():
    rng = np.random.default_rng(6)
    shape, spacing = (64, 100), (3.0, 1.0)
    signal = band_limited(rng, shape, 0.09, spacing)
    halves = signal + rng.normal(0, 0.1, size=(2, *shape))
    curve = ring_correlation(*halves, spacing=spacing, taper=0)
    assert curve.nyquist == pytest.approx(1 / 6)
    assert curve.cutoff() == pytest.approx(0.09, abs=0.01)
    assert curve.resolution() == 1 / curve.cutoff()
    swapped = ring_correlation(*halves.swapaxes(1, 2), spacing=spacing[::-1], taper=0)
    np.testing.assert_allclose(swapped.correlation, curve.correlation)
    in_nanometres = ring_correlation(*halves, spacing=[30, 10], taper=0)
    assert in_nanometres.resolution() == pytest.approx(10 * curve.resolution())


def test_complex_data_are_two_channels():
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(2, 32, 32, 2)).cumsum(axis=1)
    curve = ring_correlation(a, b, channel_axis=-1, taper=0)
    f, g = (np.fft.fft2((x - x.mean(axis=(0, 1))) @ [1, 1j]) for x in (a, b))
    index = np.rint(radii((32, 32)) * 32).astype(int)
    for k, value in enumerate(curve.correlation, start=1):
        p, q = f[index == k], g[index == k]
        expected = (p * q.conj()).sum().real / np.sqrt((abs(p) ** 2).sum() * (abs(q) ** 2).sum())
        assert value == pytest.approx(expected)
    np.testing.assert_allclose(
        curve.elements, 2 * ring_correlation(a[..., 0], b[..., 0], taper=0).elements
    )


def test_the_window_keeps_the_edges_from_looking_like_detail():
    rng = np.random.default_rng(8)
    ramp = np.add.outer(np.arange(64.0), np.arange(64.0))  # smooth but for its ends
    halves = ramp + rng.normal(0, 1, size=(2, 64, 64))
    at_nyquist = [np.mean(ring_correlation(*halves, taper=t).correlation[-8:]) for t in (0, 0.25)]
    assert at_nyquist[0] > 0.5
    assert abs(at_nyquist[1]) < 0.05


def test_nothing_in_one_array_is_no_correlation():
    x = np.random.default_rng(9).normal(size=(16, 16))
    np.testing.assert_array_equal(ring_correlation(x, np.zeros((16, 16))).correlation, 0)


def test_input_is_left_alone():
    x = np.random.default_rng(10).normal(size=(16, 16))
    before = x.copy()
    ring_correlation(x, x)
    np.testing.assert_array_equal(x, before)


LINE, IMAGE = np.arange(32.0), np.arange(256.0).reshape(16, 16)


@pytest.mark.parametrize(
    ("a", "b", "options", "words"),
    [
        (IMAGE, IMAGE[1:], {}, r"`a` \(16, 16\), `b` \(15, 16\)"),
        (IMAGE * 1j, IMAGE, {}, "`a` has dtype complex128.*two channels"),
        (IMAGE, IMAGE * np.nan, {}, "`b` holds NaN or infinite"),
        (IMAGE[:2], IMAGE[:2], {}, "1 whole ring.*slices.*channels"),
        (LINE, LINE, {"ring_width": 9}, "1 whole ring.*narrower"),
        (LINE, LINE, {"ring_width": 0.5}, "`ring_width` is 0.5"),
        (LINE, LINE, {"taper": 1.5}, "`taper` is 1.5.*0 to 1"),
        (LINE, LINE, {"spacing": 0}, r"`spacing\[0\]` is 0"),
        (IMAGE, IMAGE, {"spacing": (1, 1, 1)}, "`spacing` has 3 values.*2 axes"),
        (IMAGE, IMAGE, {"channel_axis": 2}, "`channel_axis` is 2"),
        (LINE, LINE, {"channel_axis": 0}, "0 axes besides channels"),
        (np.ones((8,) * 4), np.ones((8,) * 4), {}, "4 axes besides channels.*channel_axis"),
        (LINE, LINE, {"criterion": "half"}, "'half-bit', 'one-bit', '1/7', 'truth'"),
        ([], [], {}, "empty"),
    ],
)
def test_bad_input_is_explained(a, b, options, words):
    with pytest.raises(InputError, match=words):
        ring_correlation(a, b, **options)


N_DRAWS, SIGMA = 60, 0.6


@pytest.fixture(scope="module")
def truth():
    x = gaussian_filter(np.random.default_rng(11).normal(size=(96, 96)), 1.2, mode="wrap")
    return x / x.std()


def judged(truth, denoise):
    """Correlate a denoised half with the truth, without it, and with another output, many times."""
    rng = np.random.default_rng(12)
    draws = []
    for raw, other in truth + rng.normal(0, SIGMA, size=(N_DRAWS, 2, *truth.shape)):
        with_truth = ring_correlation(denoise(raw), truth, ring_width=3)
        estimated = denoised_ring_correlation(
            denoise(raw), raw_half=raw, raw_other_half=other, ring_width=3
        )
        naive = ring_correlation(denoise(raw), denoise(other), ring_width=3)
        draws.append([c.correlation for c in (with_truth, estimated, naive)])
    return estimated.frequencies, np.array(draws)  # (n_rings,), (draw, 3, n_rings)


def test_a_denoised_half_is_judged_as_with_the_truth_on_average(truth):
    frequencies, draws = judged(truth, lambda raw: gaussian_filter(raw, 1.0))
    inside = frequencies < 0.28  # where the two raw halves always correlate
    draws = draws[..., inside]
    difference = draws[:, 1] - draws[:, 0]
    assert np.all(np.abs(difference.mean(axis=0)) < 4 * difference.std(axis=0) / np.sqrt(N_DRAWS))
    assert draws[:, 0].mean(axis=0).min() < 0.8  # the test reaches beyond what is easy


def test_what_a_network_invents_counts_between_its_outputs_only(truth):
    invented = band_limited(np.random.default_rng(13), truth.shape, 0.2)
    frequencies, draws = judged(truth, lambda raw: gaussian_filter(raw, 1.0) + 0.5 * invented)
    band = (frequencies > 0.12) & (frequencies < 0.19)
    with_truth, estimated, naive = draws[..., band].mean(axis=(0, 2))
    assert estimated == pytest.approx(with_truth, abs=0.03)
    assert naive > with_truth + 0.25


def test_rings_where_the_raw_halves_hold_only_noise_are_not_judged(truth):
    rng = np.random.default_rng(14)
    raw, other = truth + rng.normal(0, SIGMA, size=(2, *truth.shape))
    curve = denoised_ring_correlation(raw, raw_half=raw, raw_other_half=other)
    noisy = curve.frequencies > 0.42
    assert np.mean(np.isnan(curve.correlation[noisy])) > 0.8
    assert np.isfinite(curve.correlation[curve.frequencies < 0.2]).all()
    assert curve.criterion == "truth"
    # The raw half itself comes out as the square root of its correlation with the other.
    between = ring_correlation(raw, other).correlation
    known = np.isfinite(curve.correlation)
    np.testing.assert_allclose(curve.correlation[known] ** 2, between[known])


def test_the_array_at_fault_is_named_by_what_it_is(truth):
    with pytest.raises(InputError, match="`raw_other_half`"):
        denoised_ring_correlation(truth, raw_half=truth, raw_other_half=truth * np.nan)


def test_wider_rings_hold_more_and_stay_in_order(truth):
    curves = [ring_correlation(truth, truth, ring_width=width) for width in (1, 2, 5.5)]
    for narrow, wide in pairwise(curves):
        assert len(wide.frequencies) < len(narrow.frequencies)
        assert wide.elements[0] > narrow.elements[0]
    for curve in curves:
        assert np.all(np.diff(curve.frequencies) > 0)
        assert curve.frequencies[-1] <= curve.nyquist
