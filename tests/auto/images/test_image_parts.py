"""The parts of `denoise` for images: reading, noise, hot pixels, regions, tuning and errors."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter1d
from skimage.io import imread

from autoden.auto.images.errors import measure_image_errors
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.images.members import ImageMembers
from autoden.auto.images.noise import choose_image_noise
from autoden.auto.images.outliers import without_outliers
from autoden.auto.images.region import busiest_region
from autoden.auto.images.shared import shared_noise
from autoden.auto.images.shelf import Shelf
from autoden.auto.images.single import SingleUnknown
from autoden.auto.images.tuning import climb
from autoden.auto.learning.method import Filter
from autoden.auto.learning.mixture import Learning, Mixture
from autoden.auto.learning.units import LevelUnits
from autoden.auto.spectra.measurement import read_measurement
from autoden.baselines import GaussianFilter
from autoden.errors import InputError
from autoden.noise import Exposures, Gaussian, Poisson, Unknown
from autoden.signals import Axis, Signal

PHOTOGRAPHS = Path(__file__).parents[3] / "shared/data/images"
RNG = np.random.default_rng(0)
SLOPE = np.linspace(20, 200, 96) * np.ones((96, 1))


def exposures(image):
    return Exposures(np.asarray(image, dtype=float)[np.newaxis, np.newaxis])


# reading

READINGS = {
    "an image": ((16, 20), "YX", (16, 20), (1, 1, 16, 20)),
    "repeats": ((3, 16, 20), "RYX", (16, 20), (3, 1, 16, 20)),
    "repeats last": ((16, 20, 3), "YXR", (16, 20), (3, 1, 16, 20)),
    "colours last": ((16, 20, 3), "YXC", (16, 20, 3), (1, 3, 16, 20)),
    "samples of colours": ((2, 16, 3, 20), "SYCX", (2, 16, 3, 20), (1, 3, 16, 20)),
    "a volume": ((9, 16, 20), "ZYX", (9, 16, 20), (1, 1, 9, 16, 20)),
    "a turned volume": ((20, 16, 9), "XYZ", (20, 16, 9), (1, 1, 9, 16, 20)),
}


@pytest.mark.parametrize(("shape", "axes", "wanted", "inner"), READINGS.values(), ids=READINGS)
def test_axes_are_brought_into_order_and_back(shape, axes, wanted, inner):
    data = RNG.normal(size=shape)
    measurement = read_measurement(data, axes=axes)
    assert isinstance(measurement, ImageMeasurement)
    assert measurement.shape == wanted
    assert measurement.samples[0].repeats.shape == inner
    means = np.stack([sample.repeats.mean(axis=0) for sample in measurement.samples])
    back = measurement.shaped(means)
    expected = data.mean(axis=axes.index("R")) if "R" in axes else data
    np.testing.assert_allclose(back, expected, rtol=1e-12)
    np.testing.assert_array_equal(measurement.by_sample(back), means)
    assert measurement.signal_of(back).shape == wanted


def test_names_of_axes_and_pixel_sizes_tell():
    axes = (Axis("y", "um", np.arange(16) * 0.5), Axis("x", "um", np.arange(20) * 0.25))
    measurement = read_measurement(Signal(RNG.normal(size=(16, 20)), axes))
    assert measurement.letters == "YX"
    assert measurement.spacing == ((0.5, 0.25), "um")


def test_pages_without_a_name_are_repeats_if_they_agree():
    pages = ["page", "y", "x"]
    alike = SLOPE + RNG.normal(0, 3, (3, 96, 96))
    measurement = read_measurement(Signal(alike, pages))
    assert measurement.samples[0].n_repeats == 3
    assert "Nothing names the pages" in " ".join(measurement.notes)
    different = np.stack([SLOPE, SLOPE.T, SLOPE[:, ::-1]])
    with pytest.raises(InputError, match=r"axes='SYX'.*axes='ZYX'"):
        read_measurement(Signal(different, pages))


def test_gaps_of_one_repeat_are_filled_by_the_others():
    data = SLOPE + RNG.normal(0, 3, (3, 96, 96))
    data[0, 5, 5] = data[:, 9, 9] = np.nan
    (sample,), (missing,) = (lambda m: (m.samples, m.missing))(read_measurement(data, axes="RYX"))
    assert np.isfinite(sample.repeats).all()
    assert sample.repeats[0, 0, 5, 5] == data[1, 5, 5]
    assert np.argwhere(missing).tolist() == [[0, 9, 9]]


# noise


def test_a_level_is_found_with_its_error():
    found = choose_image_noise([exposures(SLOPE + RNG.normal(0, 6, SLOPE.shape))])
    assert isinstance(found.noise, Gaussian)
    assert found.noise.sigma == pytest.approx(6, rel=0.05)
    assert 0 < found.relative_error < 0.1
    assert not found.warnings


def test_a_rising_variance_is_found_in_a_single_image():
    rate = np.linspace(5, 300, 192) * np.ones((192, 1))
    image = 2.0 * RNG.poisson(rate / 2) + RNG.normal(0, 3, rate.shape)
    noise = choose_image_noise([exposures(image)]).noise
    assert isinstance(noise, SingleUnknown)
    assert noise.variance(100.0) == pytest.approx(209, rel=0.25)


def test_rounded_values_are_not_taken_for_counts():
    image = np.clip(np.rint(SLOPE + RNG.normal(0, 15, SLOPE.shape)), 0, 255)
    found = choose_image_noise([exposures(image)])
    assert not isinstance(found.noise, Poisson)
    assert np.sqrt(found.noise.variance(100.0)) == pytest.approx(15, rel=0.1)
    assert "counts would by" in found.sentence


def test_counts_are():
    assert choose_image_noise([exposures(RNG.poisson(SLOPE / 5))]).noise == Poisson()


def test_where_hardly_any_noise_is_found_the_least_is_taken():
    for clean in (np.rint(SLOPE), 255.0 * (SLOPE > 100), 100.0 * (np.indices((96, 96)).sum(0) % 2)):
        noise = choose_image_noise([exposures(clean)]).noise
        assert np.sqrt(noise.variance(100.0)) < 0.5


def test_repeats_with_noise_that_neighbours_share_are_split_whole():
    white = RNG.normal(0, 5, (4, 1, 48, 49))
    found = choose_image_noise([Exposures(SLOPE[:48, :48] + white[..., 1:] + white[..., :-1])])
    assert isinstance(found.noise, Unknown)
    assert "correlated along X" in found.warnings[0]


def test_a_single_image_with_rising_variance_has_parts_with_independent_noise():
    noise = SingleUnknown(9.0, 2.0)
    image = noise.simulate(SLOPE, 1.0, RNG)
    pair = noise.split(exposures(image), 0.25, RNG)
    left, right = pair.input.values[0] - SLOPE, pair.target.values[0] - SLOPE
    assert np.mean(left * right) == pytest.approx(0, abs=4 * 530 / 96)
    for part, rest in ((pair.input, left), (pair.target, right)):
        expected = float(noise.variance(SLOPE, part.dose).mean())
        assert np.mean(rest**2) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("of", ["auto", "gaussian"])
def test_what_was_filled_does_not_tell_the_level(of):
    image = SLOPE + RNG.normal(0, 6, SLOPE.shape)
    missing = np.hypot(*(np.indices(SLOPE.shape) - 48)) > 40
    image[missing] = SLOPE[missing]
    noise = choose_image_noise([exposures(image)], of, [missing[np.newaxis]]).noise
    assert np.sqrt(noise.variance(100.0)) == pytest.approx(6, rel=0.1)


def test_a_large_offset_is_not_taken_for_noise():
    noise = choose_image_noise([exposures(1e9 + SLOPE + RNG.normal(0, 6, SLOPE.shape))]).noise
    assert np.sqrt(noise.variance(1e9)) == pytest.approx(6, rel=0.1)


# noise that neighbours share

BUMPS = 100.0 + 60 * np.sin(np.indices((64, 64))[0] / 7) * np.cos(np.indices((64, 64))[1] / 9)


def shared_of(kind, seed=0):
    """Give a noisy image whose noise is white or not."""
    rng = np.random.default_rng(seed)
    white = rng.normal(0, 8, (64, 64))
    return (
        BUMPS
        + {
            "none": 0 * white,
            "faint": white / 4,
            "white": white,
            "rows": white + rng.normal(0, 8, (64, 1)),
            "columns": white + rng.normal(0, 8, (1, 64)),
            "along X": 2 * uniform_filter1d(white, 3, axis=1),
            "along Y": 2 * uniform_filter1d(white, 2, axis=0),
            "blurred": 4 * gaussian_filter(white, 0.8),
            "smooth": 9 * gaussian_filter(white, 3.0),
        }[kind]
    )


def told_of(image, missing=None):
    gaps = np.zeros(image.shape, dtype=bool) if missing is None else missing
    return shared_noise([exposures(image)], [gaps[np.newaxis]])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "words", "mask"),
    [
        ("rows", "along X over 8 or more", (1, 17)),
        ("columns", "along Y over 8 or more", (17, 1)),
        ("along X", "along X over 2", (1, 5)),
        ("along Y", "along Y over 1", (3, 1)),
        ("blurred", "along Y over 1 element(s)", (3, 3)),
    ],
)
def test_shared_noise_of_one_image_is_told_with_its_mask(kind, words, mask, seed):
    (warning,) = told_of(shared_of(kind, seed)).warnings
    assert words in warning
    assert f"mask_shape={mask}" in warning


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["none", "faint", "white", "smooth"])
def test_white_noise_and_structure_are_not_warned_of(kind, seed):
    assert not told_of(shared_of(kind, seed)).warnings


def test_what_may_be_structure_or_noise_is_a_note():
    assert "one image does not tell which" in told_of(shared_of("smooth")).notes[0]
    assert not told_of(shared_of("white")).notes


def test_lattice_fringes_are_no_noise():
    fringes = 50 + 20 * np.sin(np.indices((64, 64))[1] / 2.0)
    assert not told_of(fringes + RNG.normal(0, 2, fringes.shape)).warnings


def test_repeats_are_asked_by_themselves():
    rows = shared_of("rows")
    sample = Exposures(np.stack([rows, rows + 1])[:, np.newaxis])
    assert not shared_noise([sample], [np.zeros((1, 64, 64), dtype=bool)]).warnings


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="no photographs")
@pytest.mark.parametrize("number", ["01", "04", "06", "09", "10"])
def test_clean_photographs_are_not_warned_of(number):
    image = imread(PHOTOGRAPHS / f"{number}.png").astype(float)
    assert not told_of(image).warnings


# hot pixels and regions


def test_pixels_that_stand_alone_are_found_and_replaced():
    image = SLOPE + RNG.normal(0, 3, SLOPE.shape)
    image[40, 41], image[3, 90] = 900, -300
    calm = without_outliers([exposures(image)])
    assert np.argwhere(calm.outliers[0]).tolist() == [[0, 3, 90], [0, 40, 41]]
    assert np.abs(calm.samples[0].repeats[0, 0] - SLOPE).max() < 20


def test_single_counts_among_none_are_no_faults():
    counts = RNG.poisson(0.003, (64, 64))
    assert not without_outliers([exposures(counts)]).outliers[0].any()


def test_the_busiest_part_is_found():
    image = np.zeros((100, 120)) + RNG.normal(0, 0.1, (100, 120))
    image[30:90, 50:110] += 20 * np.sin(np.arange(60) / 3)[:, None] * np.cos(np.arange(60) / 4)
    region = busiest_region(read_measurement(image, axes="YX"), 64**2)
    assert region.samples[0].shape == (1, 64, 64)
    assert "busiest part" in region.notes[0]
    top, left = (
        int(part.split(":")[0]) for part in region.notes[0].split("part, ")[1].split(" x ")
    )
    assert 20 <= top <= 34
    assert 40 <= left <= 54
    assert busiest_region(read_measurement(image, axes="YX"), None).samples[0].shape[1:] == (
        100,
        120,
    )


# tuning, shelf, errors


def test_climbing_finds_the_least_with_few_evaluations():
    for best in (0, 3, 10, 19):
        asked = []

        def score(index, best=best, asked=asked):
            asked.append(index)
            return np.array([abs(index - best)])

        found = climb(score, 20)
        assert min(found, key=lambda i: found[i].mean()) == best
        assert len(asked) == len(set(asked))


def test_the_shelf_keeps_what_it_is_told_to_keep():
    noise = Gaussian(1.0)
    parts = [noise.combine(exposures(RNG.normal(size=(12, 12)))) for _ in range(2)]
    shelf = Shelf(noise, parts[:1])
    first, second = shelf.rates(GaussianFilter(1.0), parts)
    again, other = shelf.rates(GaussianFilter(1.0), parts)
    assert again is first
    assert other is not second
    np.testing.assert_array_equal(other, second)


@pytest.mark.parametrize("noise", [Gaussian(10.0), Poisson(2.0)], ids=str)
def test_the_stated_error_is_right_for_a_filter_that_is_known(noise, monkeypatch):
    for name in ("SHARPER", "SHARPER_COUNTS"):  # it adapts to nothing
        monkeypatch.setattr(f"autoden.auto.images.errors.{name}", 0.0)
    rate = 60 + 40 * np.sin(np.indices((64, 64))[0] / 4.0)
    method = Filter(GaussianFilter(1.0), noise)
    stated, true = [], []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        sample = Exposures(np.stack([noise.simulate(rate, 1.0, rng)])[:, np.newaxis])
        (estimate,) = method.rates([noise.combine(sample)])
        errors = measure_image_errors(method, estimate, sample, noise, 0.0, 2, rng)
        stated.append(errors.mse)
        true.append(float(np.mean((estimate - rate) ** 2)))
        assert np.mean(errors.sigma**2) == pytest.approx(errors.mse, rel=1e-6)
    assert np.mean(stated) == pytest.approx(np.mean(true), rel=0.12)


def test_large_images_are_mixed_one_by_one_with_the_same_outcome(monkeypatch):
    noise = Gaussian(6.0)
    samples = [exposures(SLOPE[:32, :32] + RNG.normal(0, 6, (32, 32))) for _ in range(3)]
    learning = Learning(2, 2, 1e-3, 0.9, 16)
    filters = (GaussianFilter(1.0),)
    members = ImageMembers(noise, LevelUnits(6.0), 2, filters, learning, Shelf(noise))
    network = members.network(2).get_model("cpu", 0).eval()
    mixture = Mixture(members, (network, network))
    parts = [noise.combine(each) for each in samples]
    together = mixture.each(parts)
    monkeypatch.setattr("autoden.auto.learning.mixture.MOST_AT_ONCE", 32 * 32)
    for one, same in zip(mixture.each(parts), together, strict=True):
        assert one.shape == (2, 1, 32, 32)
        np.testing.assert_allclose(one, same, rtol=1e-5)
