"""What code written for auto-denoise 3.0 expects of training: shapes, masks, what is kept.

That it removes noise is shown in ``algorithms/``.
"""

import numpy as np
import pytest
from torch import nn

import autoden as ad
from autoden.algorithms.denoiser import DataScaleBias
from small_images import (
    CLEAN,
    EVERY_DENOISER,
    KEYS,
    make,
    measure,
    prepare,
    small,
    trained,
    weights_of,
)

# N2N: from data to inputs, targets, mask


def test_n2n_shows_one_and_asks_for_the_mean_of_the_others_or_the_reverse():
    data = measure(4)
    others = (data.sum(axis=0) - data) / 3
    inp, tgt, _ = make(ad.N2N).prepare_data(data)
    np.testing.assert_allclose(inp, data)
    np.testing.assert_allclose(tgt, others)
    inp, tgt, _ = make(ad.N2N).prepare_data(data, 0.2, "X:1")
    np.testing.assert_allclose(inp, others)
    np.testing.assert_allclose(tgt, data)


def test_the_realizations_end_just_before_the_axes_of_the_model():
    data = np.random.default_rng(0).normal(size=(4, 10, 20))
    for array in make(ad.N2N, small(n_dims=1)).prepare_data(data):
        assert array.shape == (10, 4, 20)
    inp, _, _ = make(ad.N2N, small(n_dims=1)).prepare_data(
        np.moveaxis(data, 0, 2), realizations_axis=2
    )
    np.testing.assert_array_equal(inp, np.swapaxes(data, 0, 1))


def test_complex_data_become_two_channels():
    data = measure(4) + 1j * measure(4, seed=1)
    inp, tgt, mask = make(ad.N2N, small(n_channels=2)).prepare_data(data)
    assert inp.shape == tgt.shape == mask.shape == (4, 2, 20, 24)
    np.testing.assert_array_equal(inp[:, 0] + 1j * inp[:, 1], data)


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_the_channel_axis_moves_before_the_spatial_axes_and_where_it_is_wanted(denoiser):
    data = np.stack([measure(4), measure(4, seed=1), measure(4, seed=2)], axis=-1)
    made = make(denoiser, small(n_channels=3))
    given = (data, data) if denoiser is ad.Supervised else (data,)
    prepared = made.prepare_data(*given, channel_axis=-1)
    moved = prepared[1] if denoiser is ad.DIP else prepared[0]
    np.testing.assert_array_equal(moved, np.moveaxis(data, -1, 1))
    made.train(*prepared, epochs=1)
    first = made.infer(prepared[0])
    assert first.shape[-3:] == (3, 20, 24)
    last = made.infer(prepared[0], channel_axis_dst=-1)
    np.testing.assert_array_equal(last, np.moveaxis(first, -3, -1))


@pytest.mark.parametrize("denoiser", [ad.N2N, ad.DIP, ad.Supervised])
def test_the_mask_is_true_on_held_out_pixels_the_same_in_every_measurement(denoiser):
    mask = prepare(make(denoiser))[2]
    assert (mask.dtype, mask.shape) == (np.bool_, (4, 20, 24))
    assert mask.mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_array_equal(mask, np.broadcast_to(mask[0], mask.shape))


@pytest.mark.parametrize("denoiser", [ad.N2N, ad.DIP, ad.Supervised])
def test_targets_where_the_mask_is_true_score_and_never_train(denoiser):
    losses = []
    for change in (0.0, 5.0):
        made = make(denoiser, data_scale_bias=DataScaleBias())
        inp, tgt, mask = prepare(made)
        losses.append(made.train(inp, tgt + change * mask, mask, epochs=3))
    np.testing.assert_array_equal(losses[0]["loss_trn"], losses[1]["loss_trn"])
    assert (losses[0]["loss_tst"] != losses[1]["loss_tst"]).all()


def test_n2n_infers_the_average_over_the_realizations():
    n2n, data, _ = trained(ad.N2N)
    each = n2n.infer(data[0], average_splits=False)
    np.testing.assert_allclose(n2n.infer(data[0]), each.mean(axis=0))


# Training


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_the_losses_are_a_mapping_of_arrays_with_one_value_per_epoch(denoiser):
    losses = trained(denoiser, epochs=3)[2]
    assert set(dict(losses)) == KEYS
    for values in losses.values():
        assert isinstance(values, np.ndarray)
        assert values.shape == (3,)
        assert np.isfinite(values).all()


def test_the_keywords_of_training_are_the_public_ones():
    n2n, (inp, tgt, mask), _ = trained(ad.N2N)
    n2n.train(
        inp=inp, tgt=tgt, mask_trn=mask, epochs=2, learning_rate=1e-3, optimizer="adam",
        lower_limit=None, restarts=None, accum_grads=True,
    )  # fmt: skip
    with pytest.raises(TypeError):
        n2n.train(inp, tgt, mask, 2)


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_optimizers_by_name(denoiser, optimizer):
    losses = trained(denoiser, optimizer=optimizer)[2]
    assert np.isfinite(losses["loss_trn"]).all()


def test_restarts_anneal_the_learning_rate_as_many_times():
    """Where the gradient keeps its sign, Adam steps by its learning rate."""
    steps = []
    for restarts in (None, 1, 2):
        network = nn.Conv2d(1, 1, 1)
        weights = Recorded(network)
        n2n = make(ad.N2N, network, data_scale_bias=DataScaleBias(1e-3, 1e-3, 1e-3))
        n2n.train(*prepare(n2n), epochs=8, learning_rate=1e-4, optimizer="adam",
                  restarts=restarts, observers=[weights])  # fmt: skip
        steps.append(np.abs(np.diff([float(state[0]) for state in weights.states])))
    constant, once, twice = (found / found[0] for found in steps)
    np.testing.assert_allclose(constant, 1.0, rtol=0.1)
    assert (np.diff(once) < 0).all()
    assert (np.diff(twice) > 0).sum() == 1


class Recorded:
    """Keeps the weights of a network after each epoch."""

    def __init__(self, network):
        self.network, self.states = network, [weights_of(network)]

    def on_epoch(self, record):
        self.states.append(weights_of(self.network))


def test_the_best_held_out_weights_are_the_ones_kept():
    """Of all weights that a training went through, none predicts the held-out pixels better."""
    network = nn.Conv2d(1, 1, 3, padding=1)
    n2n = make(ad.N2N, network, device="cpu")
    inp, tgt, mask = prepare(n2n)
    seen = Recorded(network)
    n2n.train(inp, tgt, mask, epochs=40, learning_rate=0.2, observers=[seen])

    def held_out_error():
        return np.mean((n2n.infer(inp, average_splits=False) - tgt)[mask] ** 2)

    kept, errors = held_out_error(), []
    for state in seen.states[:-1]:  # the last step is not scored
        nn.utils.vector_to_parameters(state, network.parameters())
        errors.append(held_out_error())
    assert kept == pytest.approx(min(errors), rel=1e-4)
    assert kept < 0.99 * errors[0]


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
@pytest.mark.parametrize("limit", [8.0, np.full((20, 24), 8.0)], ids=["number", "array"])
def test_the_lower_limit_penalises_and_is_remembered(denoiser, limit, tmp_path):
    made, data, losses = trained(denoiser, lower_limit=limit)
    assert losses["loss_trn"][0] > losses["loss_trn_data"][0]
    estimate = made.infer(data[0])
    assert estimate.min() == 8.0
    made.save(tmp_path / "denoiser.safetensors")
    loaded = ad.load(tmp_path / "denoiser.safetensors", verbose=False)
    np.testing.assert_array_equal(loaded.infer(data[0]), estimate)


# N2V, DIP, Supervised: what each adds


def test_n2v_holds_out_whole_images():
    inp, test_indices = make(ad.N2V).prepare_data(measure(4), num_tst_ratio=0.25)
    np.testing.assert_array_equal(inp, measure(4))
    assert len(test_indices) == 1
    assert set(test_indices) <= {0, 1, 2, 3}


def test_of_a_single_image_n2v_holds_out_pixels():
    n2v = make(ad.N2V)
    inp, test_indices = n2v.prepare_data(measure())
    assert inp.shape == (20, 24)
    assert list(test_indices) == []
    assert np.isfinite(n2v.train(inp, test_indices, epochs=2)["loss_tst"]).all()
    assert n2v.infer(inp).shape == (20, 24)


@pytest.mark.filterwarnings("ignore:.*hides whole blocks")
@pytest.mark.parametrize("mask_shape", [1, 3, (1, 5), [3, 1]])
def test_n2v_masks_for_structured_noise(mask_shape):
    losses = trained(ad.N2V, mask_shape=mask_shape, ratio_blind_spot=0.05)[2]
    assert np.isfinite(losses["loss_tst"]).all()


def test_the_deep_image_prior_draws_one_input_for_all_redundant_targets():
    dip = make(ad.DIP)
    noise, tgt, mask = data = dip.prepare_data(measure(4))
    assert noise.shape == (20, 24)
    assert tgt.shape == mask.shape == (4, 20, 24)
    dip.train(*data, epochs=2)
    assert dip.infer(noise).shape == (20, 24)


def test_the_deep_image_prior_takes_an_input_and_averages_redundant_targets():
    given = np.random.default_rng(0).normal(size=(20, 24))
    noise, tgt, mask = make(ad.DIP).prepare_data(measure(4), given, average_redundant=True)
    np.testing.assert_allclose(noise, given, rtol=1e-6)
    np.testing.assert_allclose(tgt, measure(4).mean(axis=0))
    assert mask.shape == (20, 24)


@pytest.mark.filterwarnings("ignore:.*pixel-mask")
@pytest.mark.parametrize("strategy", ["pixel-mask", "self-similar"])
def test_supervised_holds_out_pixels_or_images_and_one_target_serves_all(strategy):
    supervised = make(ad.Supervised)
    inp, tgt, held_out = supervised.prepare_data(measure(4), CLEAN, 0.25, strategy)
    np.testing.assert_array_equal(inp, measure(4))
    np.testing.assert_array_equal(tgt, np.stack([CLEAN] * 4))
    if strategy == "pixel-mask":
        assert held_out.mean() == pytest.approx(0.25, abs=0.01)
    else:
        assert isinstance(held_out, list)
        assert len(held_out) == 1
    losses = supervised.train(inp, tgt, tst_inds=held_out, epochs=2, restarts=2, accum_grads=True)
    assert np.isfinite(losses["loss_tst"]).all()
    assert supervised.infer(inp).shape == (4, 20, 24)
