"""The line that a training ends with: the network beside simpler means, against plain numpy."""

import logging
import re

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve, gaussian_filter
from scipy.special import ive

import autoden as ad
from autoden.algorithms import ALGORITHMS
from autoden.algorithms.comparison import close, describe
from autoden.algorithms.contest import NEIGHBOURS, Contest
from autoden.training.history import Comparison, History, Rival

SELF_SUPERVISED = [name for name in ALGORITHMS if name != "supervised"]
SHAPES = {1: (160,), 2: (24, 28), 3: (8, 10, 12)}
N_CHANNELS = {"one channel": 1, "three channels": 3, "complex": 2}
EVERY_CASE = [
    pytest.param(name, n_dims, kind, id=f"{name}-{n_dims}D-{kind}")
    for name in SELF_SUPERVISED
    for n_dims in ALGORITHMS[name].n_dims
    for kind in N_CHANNELS
    if (name, kind) != ("n2i", "complex")  # projections are real
]
NOISE = 0.5


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="autoden")
    return caplog


def smooth(*shape, width=4.0, seed=0):
    """Draw a smooth truth of deviation 1 along the last axes that are longer than 6."""
    widths = [width if size > 6 else 0 for size in shape]
    truth = gaussian_filter(np.random.default_rng(seed).normal(size=shape), widths, mode="wrap")
    return truth / truth.std()


def repeats_of(truth, n=4, noise=NOISE, seed=1):
    return truth + np.random.default_rng(seed).normal(0, noise, (n, *truth.shape))


def network(n_dims=1, n_channels=1, **options):
    channels = {"n_channels_in": n_channels, "n_channels_out": n_channels}
    options = {"n_layers": 3, "n_features": 4, **options}
    return ad.NetworkParamsDnCNN(n_dims=n_dims, **channels, **options)


def measured(name, n_dims, kind):
    """Give what `prepare_data` takes, as positions and by name."""
    options = {"channel_axis": 1} if kind == "three channels" else {}
    channels = (3,) if kind == "three channels" else ()
    if name == "n2i":
        angles = np.arange(24) * np.pi / 24
        sinogram = np.random.default_rng(0).normal(5, 1, (*channels, 24, 20))
        return (sinogram, angles), {}
    data = repeats_of(smooth(*channels, *SHAPES[n_dims]))
    return (data + 1j * data[::-1] if kind == "complex" else data,), options


def trained(name, *given, model=None, epochs=2, preparation=None, training=None, **options):
    if name == "blindspot":  # no other network is blind
        channels = {key: getattr(model, key) for key in ("n_dims", "n_channels_in")}
        channels["n_channels_out"] = model.n_channels_out
        model = ad.NetworkParamsBlindSpot(n_layers=2, n_features=4, **channels)
    denoiser = ALGORITHMS[name].load()(model or network(), seed=0, device="cpu", **options)
    prepared = denoiser.prepare_data(*given, **(preparation or {}))
    history = denoiser.train(*prepared, epochs=epochs, **(training or {}))
    return denoiser, prepared, history


def held_out_loss(denoiser, history):
    """Give the held-out loss in squared data units."""
    return history.best_held_out / denoiser.data_scale_bias.scale_tgt**2


# Every algorithm


@pytest.mark.parametrize(("name", "n_dims", "kind"), EVERY_CASE)
def test_every_training_ends_with_one_line_that_compares(name, n_dims, kind, log):
    given, options = measured(name, n_dims, kind)
    model = network(n_dims, N_CHANNELS[kind])
    _, _, history = trained(name, *given, model=model, preparation=options)
    assert len(log.records) == 1
    comparison = history.comparison
    assert describe(comparison) in log.records[0].getMessage()
    assert "the mean of " in comparison.rivals[0].name
    assert re.search(r"\((Gaussian|Savitzky-Golay), ", comparison.rivals[1].name)
    errors = [comparison.error, *(rival.error for rival in comparison.rivals)]
    assert np.isfinite(errors).all()
    assert (log.records[0].levelno == logging.WARNING) == any(r.wins for r in comparison.rivals)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_nothing_is_said_or_computed_without_verbose(name, log):
    given, _ = measured(name, 2, "one channel")
    given = (*given, given[0]) if name == "supervised" else given
    _, _, history = trained(name, *given, model=network(2), verbose=False)
    assert history.comparison is None
    assert not log.records


def test_supervised_training_has_clean_targets_and_compares_nothing(log):
    truth = smooth(160)
    _, _, history = trained("supervised", repeats_of(truth), truth)
    assert history.comparison is None
    assert len(log.records) == 1
    assert "Held-out error" not in log.records[0].getMessage()


@pytest.mark.parametrize("name", ["n2n", "dip"])
@pytest.mark.parametrize("stopping", ["held-out", "variance"])
def test_where_nothing_is_held_out_nothing_is_compared(name, stopping, log):
    training = {"stopping": stopping} if name == "dip" else {}
    none = {"num_tst_ratio": 0}
    given = repeats_of(smooth(160))
    _, _, history = trained(name, given, preparation=none, training=training, epochs=102)
    assert history.comparison is None
    assert [line.levelname for line in log.records] == ["INFO"]
    assert "nothing is held out, so nothing is compared" in log.records[0].getMessage()


# Who wins


def test_a_network_that_a_gaussian_cannot_follow_wins_and_says_so(log):
    """Edges amid flat parts: one width of a filter fits either."""
    truth = np.repeat(np.random.default_rng(3).choice([-1.0, 1.0], 60), 50)
    model = network(n_layers=5, n_features=8)
    n2n, (inp, _, held_out), history = trained(
        "n2n", repeats_of(truth, noise=0.4), model=model, epochs=400,
        training={"learning_rate": 1e-2, "restarts": 1},
    )  # fmt: skip
    assert [line.levelname for line in log.records] == ["INFO"]
    mean, best = history.comparison.rivals
    assert best.margin > best.uncertainty
    assert mean.margin > mean.uncertainty
    line = log.records[0].getMessage()
    assert re.search(r"[\d.]+ times less than that of the mean of the inputs, ", line)
    assert re.search(r"[\d.]+ times less than that of the best simple filter \(", line)

    def error(estimate):  # and the truth agrees
        return np.mean((estimate - truth)[held_out[0]] ** 2)

    average = inp.mean(axis=0)
    filtered = [error(gaussian_filter(average, sigma)) for sigma in (0.5, 1, 1.5, 2, 3, 4)]
    assert error(n2n.infer(inp)) < min(*filtered, error(average))


@pytest.mark.parametrize(("n_dims", "names_alternative"), [(1, True), (2, False)])
def test_a_network_that_learnt_nothing_loses_and_says_to_what(n_dims, names_alternative, log):
    data = repeats_of(smooth(*SHAPES[n_dims]))
    training = {"learning_rate": 1e-7}
    _, _, history = trained("n2n", data, model=network(n_dims), epochs=1, training=training)
    assert [line.levelname for line in log.records] == ["WARNING"]
    line = log.records[0].getMessage()
    assert all(rival.wins for rival in history.comparison.rivals)
    assert re.search(r"times that of the best simple filter \((Gaussian|Savitzky-Golay), ", line)
    assert "prefer it, or train longer" in line
    assert ("ad.denoise" in line) == names_alternative


def test_errors_within_their_uncertainty_are_about_the_same():
    tie = Rival("a line", error=2.1, margin=0.1, uncertainty=0.2)
    win = Rival("a line", error=0.0, margin=-2.0, uncertainty=0.2)
    assert (tie.ties, tie.wins, win.ties, win.wins) == (True, False, False, True)
    assert "about that of a line, 2.1." in describe(Comparison(2.0, (tie,), noise_included=True))
    assert "more than that of a line, 0." in describe(Comparison(2.0, (win,), noise_included=True))


def test_a_tie_is_no_warning(log):
    tie = Rival("a line", error=1.9, margin=-0.1, uncertainty=0.2)
    history = History([], best_epoch=0, best_held_out=0.5)
    close(history, lambda: Comparison(2.0, (tie,), noise_included=True), n_dims=1)
    assert [line.levelname for line in log.records] == ["INFO"]


# Repeats


@pytest.mark.parametrize("strategy", ["1:X", "X:1"])
@pytest.mark.parametrize("n_dims", [1, 2])
def test_errors_of_repeats_are_those_of_what_infer_gives(strategy, n_dims):
    """Against the truth, which no estimate of the error saw."""
    truth = smooth(*{1: (6000,), 2: (90, 90)}[n_dims])
    data = repeats_of(truth)
    preparation = {"strategy": strategy, "num_tst_ratio": 0.5}
    model = network(n_dims)
    n2n, (inp, _, held_out), history = trained("n2n", data, model=model, preparation=preparation)
    comparison, chosen = history.comparison, held_out[0]
    assert not comparison.noise_included
    variance = data.var(axis=0, ddof=1)[chosen].mean()
    assert comparison.rivals[0].error == pytest.approx(variance / len(data))
    true = np.mean((n2n.infer(inp) - truth)[chosen] ** 2)
    assert comparison.error == pytest.approx(true, rel=0.1)
    if n_dims == 2:
        sigma = float(comparison.rivals[1].name.split("sigma ")[1][:-1])
        filtered = gaussian_filter(data.mean(axis=0), sigma)
        true = np.mean((filtered - truth)[chosen] ** 2)
        spread = 4 * NOISE**2 / 4 * np.sqrt(2 / chosen.sum())
        assert comparison.rivals[1].error == pytest.approx(true, abs=spread)


def test_noise_that_is_not_known_well_enough_stays_in_the_errors():
    """At 30 held-out elements, what is left of a good estimate's error drowns."""
    data = repeats_of(smooth(150))
    n2n, (inp, tgt, held_out), history = trained("n2n", data, epochs=30)
    comparison = history.comparison
    assert comparison.noise_included
    each = n2n.infer(inp, average_splits=False)
    expected = held_out_loss(n2n, history) - each.var(axis=0)[held_out[0]].mean()
    assert comparison.error == pytest.approx(expected, rel=1e-4)
    mean = np.mean((inp - tgt)[held_out] ** 2) - inp.var(axis=0)[held_out[0]].mean()
    assert comparison.rivals[0].error == pytest.approx(mean)


def test_the_uncertainty_is_that_of_paired_differences():
    inp, tgt = np.random.default_rng(0).normal(size=(2, 400))
    contest = Contest(inp, tgt, np.arange(400) % 2 == 0, "the inputs as they are")
    plain = contest.compare(0.5 * inp, n_dims=1).rivals[0]
    margins = ((inp - tgt) ** 2 - (0.5 * inp - tgt) ** 2)[::2]
    assert plain.margin == pytest.approx(margins.mean())
    assert plain.uncertainty == pytest.approx(margins.std() / np.sqrt(200))


@pytest.mark.parametrize("change", ["other targets", "a mask for each", "no repeats"])
def test_pairs_of_ones_own_are_compared_input_by_input(change):
    """Only repeats that are paired as `prepare_data` does it are known to show one thing."""
    n2n = ad.N2N(network(), seed=0, device="cpu")
    inp, tgt, held_out = n2n.prepare_data(repeats_of(smooth(300)))
    if change == "other targets":
        tgt = repeats_of(smooth(300, seed=5))
    elif change == "a mask for each":
        held_out[0] = ~held_out[0]
    else:
        inp, tgt, held_out = inp[0], tgt[0], held_out[0]
    history = n2n.train(inp, tgt, held_out, epochs=2)
    comparison = history.comparison
    assert comparison.noise_included
    assert comparison.error == pytest.approx(held_out_loss(n2n, history), rel=1e-4)
    assert comparison.rivals[0].name == "the inputs as they are"
    assert comparison.rivals[0].error == pytest.approx(np.mean((inp - tgt)[held_out] ** 2))


def test_further_axes_count_as_further_measurements():
    data = repeats_of(smooth(5, 3000, seed=2))  # (repeats, measurements, channels)
    n2n, (inp, _, held_out), history = trained("n2n", data)
    assert inp.shape == (5, 4, 3000)
    variance = inp.var(axis=1, ddof=1)[held_out[:, 0]].mean()
    assert history.comparison.rivals[0].error == pytest.approx(variance / 4)
    assert n2n.infer(inp).shape == (5, 3000)


def test_networks_between_different_kinds_of_data_have_no_simpler_rival(log):
    one_to_two = ad.NetworkParamsDnCNN(n_dims=1, n_channels_out=2, n_layers=3, n_features=4)
    n2n = ad.N2N(one_to_two, seed=0, device="cpu")
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(3, 2, 90))
    history = n2n.train(
        rng.normal(size=(3, 90)), targets, rng.random(targets.shape) < 0.2, epochs=1
    )
    assert history.comparison is None
    assert len(log.records) == 1


# Hidden elements


@pytest.mark.parametrize("n_measurements", [1, 6])
def test_blind_spots_are_compared_with_filters_that_do_not_see_them(n_measurements):
    data = repeats_of(smooth(40, 40), n=n_measurements)
    n2v, _, history = trained("n2v", data, model=network(2))
    comparison = history.comparison
    assert comparison.noise_included
    assert comparison.error == pytest.approx(held_out_loss(n2v, history), rel=1e-4)
    assert comparison.rivals[0].name == NEIGHBOURS
    # four neighbours: the noise of the element and a quarter of theirs
    assert comparison.rivals[0].error == pytest.approx(1.3 * NOISE**2, rel=0.25)
    assert comparison.rivals[1].error > NOISE**2 * 0.8  # no filter knows an element's own noise


def test_noise_that_neighbours_share_is_hidden_from_filters_too():
    """Without the mask, a filter would find the noise of a hidden element beside it."""
    truth = smooth(3000, width=30.0)
    shared = gaussian_filter(repeats_of(0 * truth, n=6, noise=1.0), (0, 1.0))
    errors = {}
    for mask_shape in (1, 9):
        options = {"mask_shape": mask_shape, "ratio_blind_spot": 0.01}
        _, _, history = trained("n2v", truth + shared, training=options)
        errors[mask_shape] = history.comparison.rivals[1].error
    assert errors[1] < 0.5 * shared.var()
    assert errors[9] == pytest.approx(shared.var(), rel=0.3)


@pytest.mark.parametrize("n_repeats", [1, 4])
def test_a_fit_is_compared_with_filters_of_what_it_is_fitted_to(n_repeats):
    data = repeats_of(smooth(100, 100, width=2.0), n=n_repeats)
    dip, (_, tgt, held_out), history = trained("dip", data, model=network(2))
    comparison, hidden, mean = history.comparison, held_out[0], tgt.mean(axis=0)
    noise = 0.0 if n_repeats == 1 else tgt.var(axis=0, ddof=1)[hidden].mean()
    assert comparison.noise_included == (n_repeats == 1)
    assert comparison.error == pytest.approx(held_out_loss(dip, history) - noise, rel=1e-3)
    row = ive(np.abs(np.arange(-3, 4)), 0.25)  # nearly all on the nearest
    weights, sums = (convolve(a, np.outer(row, row)) for a in (1.0 - hidden, mean * ~hidden))
    error = np.mean((sums / weights - mean)[hidden] ** 2) - noise / n_repeats
    assert comparison.rivals[0].name == NEIGHBOURS
    assert comparison.rivals[0].error == pytest.approx(error, rel=0.01)
    assert comparison.rivals[1].error < comparison.rivals[0].error


def test_repeats_that_are_held_out_judge_the_mean_of_the_others():
    data = repeats_of(smooth(40, 40), n=5)
    preparation = {"hold_out": "repeats", "num_tst_ratio": 0.4}
    dip, (noise, tgt, held_out), history = trained(
        "dip", data, model=network(2), preparation=preparation
    )
    trains, asked = tgt[~held_out[:, 0, 0]], tgt[held_out[:, 0, 0]]
    mean = history.comparison.rivals[0]
    assert mean.name == "the mean of the other repeats"
    taken_off = 0 if history.comparison.noise_included else tgt.var(axis=0, ddof=1).mean() / 2
    error = np.mean((trains.mean(axis=0) - asked.mean(axis=0)) ** 2) - taken_off
    assert mean.error == pytest.approx(error)
    error = np.mean((dip.infer(noise) - asked.mean(axis=0)) ** 2) - taken_off
    assert history.comparison.error == pytest.approx(error, rel=1e-4)


def test_a_fit_through_an_operator_is_compared_where_the_data_are():
    halve = torch.nn.AvgPool2d(2)
    data = smooth(20, 20) + np.random.default_rng(2).normal(0, 0.2, (20, 20))
    dip, (noise, tgt, held_out), history = trained(
        "dip", data, model=network(2), preparation={"shape": (40, 40)}, operator=halve
    )
    estimate = dip.infer(noise).reshape(20, 2, 20, 2).mean(axis=(1, 3))
    error = np.mean((estimate - tgt)[held_out] ** 2)
    assert history.comparison.error == pytest.approx(error, rel=1e-4)


def test_a_fit_judged_by_its_variance_is_compared_by_its_error():
    data = repeats_of(smooth(160), n=1)[0]
    dip, (noise, tgt, held_out), history = trained(
        "dip", data, epochs=110, training={"stopping": "variance"}
    )
    error = np.mean((dip.infer(noise) - tgt)[held_out] ** 2)
    assert history.comparison.error == pytest.approx(error, rel=1e-4)


def test_fits_of_inputs_of_their_own_are_compared_one_by_one(log):
    data = repeats_of(smooth(160), n=3)
    guide = np.random.default_rng(0).normal(size=data.shape)
    _, (_, tgt, held_out), history = trained("dip", data, guide)
    assert held_out.shape == tgt.shape
    assert history.comparison.rivals[0].error == pytest.approx(1.7 * NOISE**2, rel=0.5)
    _, _, history = trained("dip", data, guide, preparation={"hold_out": "repeats"})
    assert history.comparison is None  # a filter knows nothing of it
    assert len(log.records) == 2
