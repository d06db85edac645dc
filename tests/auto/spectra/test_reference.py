"""Scores against kept acquisitions: without the noise of these, and with an honest error."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import rel_entr

from autoden.auto.result import Result
from autoden.auto.spectra import reference
from autoden.auto.spectra.measurement import read_measurement
from autoden.evaluation import unbiased_mse
from autoden.noise import Gaussian, Poisson

X = np.arange(300.0)
TRUTH = 3 + 60 * np.exp(-0.5 * ((X - 150) / 6) ** 2)
ESTIMATE = 3.2 + 58 * np.exp(-0.5 * ((X - 150) / 6.3) ** 2)
N_REFERENCES = 150


def result(noise, gain=1.0):
    data = gain * np.random.default_rng(0).poisson(TRUTH, (4, 300))
    given = dict.fromkeys(Result.__dataclass_fields__)
    given |= {"estimate": gain * ESTIMATE, "mean": data.mean(axis=0), "quality": {}, "verdict": []}
    measured = read_measurement(data, axes="RE")
    return Result(**given | {"measurement": measured, "trained": SimpleNamespace(noise=noise)})


def scored(counts, noise=None, gain=1.0, exposure=None):
    held = read_measurement(gain * counts, axes="RE", exposure=exposure)
    return reference.score_by(held, result(noise or Poisson(gain), gain))


def mdev(rate):
    return 1000 * np.mean(rel_entr(TRUTH, rate) - TRUTH + rate)


@pytest.mark.parametrize(("n_repeats", "gain"), [(1, 1.0), (2, 1.0), (2, 2.5), (8, 1.0)])
def test_distances_are_those_from_the_truth_on_average_and_scatter_no_more_than_stated(
    n_repeats, gain
):
    rng = np.random.default_rng(n_repeats)
    found = [
        scored(rng.poisson(TRUTH, (n_repeats, 300)), gain=gain).quality["reference"]
        for _ in range(N_REFERENCES)
    ]
    truth = {
        "mse": gain**2 * np.mean((ESTIMATE - TRUTH) ** 2),
        "mean_mse": np.mean((result(Poisson(gain), gain).mean - gain * TRUTH) ** 2),
        "mdev": mdev(ESTIMATE),
        "mean_mdev": mdev(np.maximum(result(Poisson()).mean, 1e-3)),
    }
    for name, expected in truth.items():
        values = np.array([each[name] for each in found])
        scatter = values.std(ddof=1)
        assert abs(values.mean() - expected) < 3.5 * scatter / np.sqrt(N_REFERENCES)
        stated = np.mean([each[f"{name}_error"] for each in found])
        assert scatter < 1.2 * stated


def test_squared_error_is_that_of_the_evaluation():
    counts = np.random.default_rng(1).poisson(TRUTH, (5, 300))
    found = scored(counts).quality["reference"]
    assert found["mse"] == pytest.approx(unbiased_mse(ESTIMATE, counts))


def test_live_times_weigh_the_counts():
    counts = np.random.default_rng(2).poisson(TRUTH * [[0.5], [1.5]])
    live_times = [1.0, 3.0]
    found = scored(counts, exposure=live_times).quality["reference"]
    assert abs(found["mdev"] - mdev(ESTIMATE)) < 4 * found["mdev_error"]


def test_deviance_is_for_counts_only():
    values = np.random.default_rng(3).normal(TRUTH, 1.0, (3, 300))
    for noise in (Gaussian(1.0), Poisson()):  # the latter scored by values that are no counts
        found = scored(values, noise).quality["reference"]
        assert np.isnan([found["mdev"], found["mean_mdev"], found["mdev_error"]]).all()
        assert np.isfinite(found["mse"])


def test_a_reference_that_is_too_small_to_judge_is_told():
    rng = np.random.default_rng(4)
    (said,) = scored(rng.poisson(TRUTH, (1, 300))).verdict
    assert said.startswith("The reference is too small to judge the estimate by its")
    assert scored(rng.poisson(TRUTH, (400, 300))).verdict == []
