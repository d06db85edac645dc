"""What repeats of images lack: values, and noise of their own."""

import numpy as np
import pytest

import autoden as ad
from autoden.auto.images.gaps import fill_repeats, refuse_copies, refuse_equal_channels, say_gaps
from autoden.errors import InputError
from autoden.noise.exposures import Exposures


def counts(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).poisson(20.0, shape).astype(float)


def test_repeats_without_any_value_are_left_out_and_said() -> None:
    repeats = counts(4, 1, 12, 12)
    repeats[2] = np.nan
    filled = fill_repeats(repeats, "data")
    np.testing.assert_array_equal(filled.repeats, repeats[[0, 1, 3]])
    assert filled.kept.tolist() == [True, True, False, True]
    assert not filled.missing.any()
    assert filled.notes == ("Repeats that hold nothing but NaN were left out: 2.",)


def test_the_noise_of_the_others_is_that_of_all() -> None:
    truth = 100 + 30 * np.sin(np.arange(48) / 5) * np.ones((48, 1))
    repeats = truth + np.random.default_rng(0).normal(0, 10, (4, 48, 48))
    repeats[1] = np.nan
    result = ad.denoise(repeats, axes="RYX", budget="fast", seed=0)
    assert result.trained.noise.sigma == pytest.approx(10, rel=0.05)
    assert any("left out: 1" in note for note in result.notes)


def test_a_few_values_that_single_repeats_miss_stay_counts() -> None:
    repeats = counts(3, 1, 12, 12)
    whole = repeats.copy()
    repeats[0, 0, 3, 4] = repeats[1, 0, 3, 4] = np.nan
    filled = fill_repeats(repeats, "data")
    assert (filled.repeats[:, 0, 3, 4] == whole[2, 0, 3, 4]).all()
    assert filled.notes == ("2 values that single repeats miss were taken from others.",)


def test_many_values_that_single_repeats_miss_are_refused() -> None:
    repeats = counts(4, 1, 12, 12)
    repeats[0, 0, :4] = np.nan
    with pytest.raises(InputError, match=r"8.3 % of the values of data .* NaN into all repeats"):
        fill_repeats(repeats, "data")
    repeats[:, 0, :4] = np.nan
    assert fill_repeats(repeats, "data").missing.sum() == 48


@pytest.mark.parametrize("n_there", [0, 5])
def test_images_of_next_to_nothing_are_refused(n_there) -> None:
    repeats = np.full((1, 1, 12, 12), np.nan)
    repeats.reshape(-1)[:n_there] = 1.0
    with pytest.raises(InputError, match=r"NaN: (leave it out|give at least)"):
        fill_repeats(repeats, "data")


def test_copies_are_refused_but_not_empty_frames() -> None:
    repeats = counts(3, 1, 12, 12)
    refuse_copies(Exposures(repeats), "data")
    refuse_copies(Exposures(np.zeros((3, 1, 12, 12))), "data")
    repeats[2] = repeats[0]
    with pytest.raises(InputError, match="repeats 0 and 2 of data are identical"):
        refuse_copies(Exposures(repeats), "data")


def test_a_grey_image_stored_in_colour_is_refused() -> None:
    image = counts(12, 12)
    with pytest.raises(InputError, match="3 channels of data are identical"):
        ad.denoise(np.stack([image] * 3, -1), axes="YXC", budget="fast")
    refuse_equal_channels(Exposures(counts(1, 3, 12, 12)), "data")
    refuse_equal_channels(Exposures(counts(1, 1, 12, 12)), "data")


def test_truth_values_are_refused() -> None:
    with pytest.raises(InputError, match="truth values, which have no noise"):
        ad.denoise(counts(12, 12) > 20, n_dims=2)


def test_large_gaps_are_told() -> None:
    assert say_gaps([np.zeros((1, 4, 4), dtype=bool)]) == ()
    assert "50 % of the values are missing" in say_gaps([np.eye(2, dtype=bool)[None]])[0]
