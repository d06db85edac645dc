"""Noise2Noise: what it shows and asks, what it holds out, and that it removes noise."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

import autoden as ad
from autoden.algorithms.datasets import AugmentationFlip
from autoden.errors import InputError, TrainingError
from autoden.training import CancelWhen

SIZES = {1: (60,), 2: (12, 14), 3: (6, 7, 8)}


def small_model(n_dims=1, channels=1, seed=0):
    return ad.NetworkParamsDnCNN(
        n_dims=n_dims, n_features=4, n_layers=3, n_channels_in=channels, n_channels_out=channels
    ).get_model(device="cpu", seed=seed)


def denoiser(n_dims=1, channels=1, **options):
    options = {"seed": 0, "verbose": False} | options
    return ad.N2N(small_model(n_dims, channels), **options)


def noisy(shape, seed=0):
    """Smooth truth along the last axis, independent noise everywhere."""
    truth = 10 + 5 * np.sin(np.linspace(0, 4, shape[-1]))
    return truth + np.random.default_rng(seed).normal(0, 2, shape)


# What is shown and asked


def test_one_to_many_asks_for_the_mean_of_the_others_and_many_to_one_the_reverse():
    data = noisy((5, 60))
    means = np.stack([np.delete(data, i, axis=0).mean(axis=0) for i in range(5)])
    inp, tgt, _ = denoiser().prepare_data(data)
    np.testing.assert_allclose(inp, data)
    np.testing.assert_allclose(tgt, means)
    inp, tgt, _ = denoiser().prepare_data(data, strategy="X:1")
    np.testing.assert_allclose(inp, means)
    np.testing.assert_allclose(tgt, data)


@pytest.mark.parametrize(
    ("shape", "n_dims", "channels", "options", "prepared", "inferred"),
    [
        ((4, 60), 1, 1, {}, (4, 60), (60,)),
        ((60, 4), 1, 1, {"realizations_axis": 1}, (4, 60), (60,)),
        ((60, 4), 1, 1, {"realizations_axis": -1}, (4, 60), (60,)),
        ((4, 10, 20), 1, 1, {}, (10, 4, 20), (10, 20)),
        ((10, 4, 20), 1, 1, {"realizations_axis": 1}, (10, 4, 20), (10, 20)),
        ((4, 10, 20), 2, 1, {}, (4, 10, 20), (10, 20)),
        ((10, 20, 4), 2, 1, {"realizations_axis": 2}, (4, 10, 20), (10, 20)),
        ((4, 6, 10, 20), 2, 1, {}, (6, 4, 10, 20), (6, 10, 20)),
        ((4, 6, 7, 8), 3, 1, {}, (4, 6, 7, 8), (6, 7, 8)),
        ((4, 3, 60), 1, 3, {"channel_axis": 1}, (4, 3, 60), (3, 60)),
        ((4, 60, 3), 1, 3, {"channel_axis": -1}, (4, 3, 60), (3, 60)),
        ((3, 4, 60), 1, 3, {"channel_axis": 0, "realizations_axis": 1}, (4, 3, 60), (3, 60)),
        ((2, 4, 9, 3), 1, 3, {"channel_axis": 3, "realizations_axis": 1}, (2, 4, 3, 9), (2, 3, 9)),
        ((4, 1, 60), 1, 1, {"channel_axis": 1}, (4, 60), (60,)),
        ((4, 10, 20, 3), 2, 3, {"channel_axis": -1}, (4, 3, 10, 20), (3, 10, 20)),
    ],
)  # fmt: skip
def test_axes_in_any_order(shape, n_dims, channels, options, prepared, inferred):
    n2n = denoiser(n_dims, channels)
    inp, tgt, mask = n2n.prepare_data(noisy(shape), **options)
    assert inp.shape == tgt.shape == mask.shape == prepared
    n2n.train(inp, tgt, mask, epochs=2)
    assert n2n.infer(inp).shape == inferred
    assert n2n.infer(inp, average_splits=False).shape == prepared
    np.testing.assert_allclose(
        n2n.infer(inp),
        n2n.infer(inp, average_splits=False).mean(axis=len(prepared) - n_dims - 1 - (channels > 1)),
    )


def test_channels_go_where_they_are_wanted():
    n2n = denoiser(2, 3)
    data = n2n.prepare_data(noisy((4, 10, 20, 3)), channel_axis=-1)
    n2n.train(*data, epochs=2)
    last = n2n.infer(data[0], channel_axis_dst=-1)
    np.testing.assert_array_equal(np.moveaxis(n2n.infer(data[0]), 0, -1), last)


def test_complex_data_become_two_channels_and_come_back_complex():
    data = noisy((4, 60)) + 1j * noisy((4, 60), seed=1)
    n2n = denoiser(1, 2)
    inp, tgt, mask = n2n.prepare_data(data)
    assert inp.shape == (4, 2, 60)
    np.testing.assert_array_equal(inp[:, 0] + 1j * inp[:, 1], data)
    n2n.train(inp, tgt, mask, epochs=2)
    two = n2n.infer(inp)
    whole = n2n.infer(data)
    assert two.shape == (2, 60)
    np.testing.assert_allclose(whole, two[0] + 1j * two[1])


def test_complex_data_with_channels():
    data = noisy((4, 60, 3)) + 1j * noisy((4, 60, 3), seed=1)
    n2n = denoiser(1, 6)
    prepared = n2n.prepare_data(data, channel_axis=-1)
    n2n.train(*prepared, epochs=1)
    whole = n2n.infer(np.moveaxis(data, -1, 1))
    assert whole.shape == (3, 60)
    last = n2n.infer(np.moveaxis(data, -1, 1), channel_axis_dst=-1)
    np.testing.assert_array_equal(last, whole.T)
    np.testing.assert_allclose(whole.imag, n2n.infer(prepared[0])[3:])


# What is held out


@pytest.mark.parametrize("strategy", ["1:X", "X:1"])
@pytest.mark.parametrize(
    ("n_dims", "channels", "shape"), [(1, 1, (4, 500)), (2, 1, (3, 4, 30, 20)), (1, 3, (4, 3, 400))]
)
def test_the_same_pixels_are_held_out_in_every_realization(n_dims, channels, shape, strategy):
    n2n = denoiser(n_dims, channels)
    channel_axis = 1 if channels > 1 else None
    options = {"strategy": strategy, "channel_axis": channel_axis, "realizations_axis": 0}
    _, _, mask = n2n.prepare_data(noisy(shape), **options)
    axis = mask.ndim - n_dims - 1 - (channels > 1)
    first = np.take(mask, [0], axis=axis)
    assert np.array_equal(mask, np.broadcast_to(first, mask.shape))
    assert mask.mean() == pytest.approx(0.2, abs=0.01)


def test_a_held_out_value_hides_in_no_target_that_trains():
    """Changing a held-out pixel of one exposure changes no training loss through a target."""
    n2n = denoiser()
    data = noisy((4, 60))
    _, tgt, mask = n2n.prepare_data(data)
    spoilt = data.copy()
    spoilt[1][mask[1]] = 1e6
    _, tgt_spoilt, mask_again = n2n.prepare_data(spoilt)
    np.testing.assert_array_equal(mask, mask_again)
    np.testing.assert_array_equal(tgt[~mask], tgt_spoilt[~mask])


def test_the_held_out_share_is_what_was_asked_for_and_at_least_one_pixel():
    data = noisy((3, 200))
    for ratio, count in ((0.0, 0), (0.001, 1), (0.1, 20), (0.5, 100), (0.999, 199)):
        assert denoiser().prepare_data(data, num_tst_ratio=ratio)[2][0].sum() == count


# That it works


@pytest.mark.parametrize("strategy", ["1:X", "X:1"])
@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_noise_falls_below_that_of_the_mean(n_dims, strategy):
    shape = {1: (400,), 2: (24, 40), 3: (8, 12, 40)}[n_dims]
    truth = 10 + 5 * np.sin(np.linspace(0, 6, shape[-1])) * np.ones(shape)
    data = truth + np.random.default_rng(0).normal(0, 2, (4, *shape))
    n2n = denoiser(n_dims)
    prepared = n2n.prepare_data(data, strategy=strategy)
    n2n.train(*prepared, epochs=150, learning_rate=1e-2, restarts=1)
    error = np.mean((n2n.infer(prepared[0]) - truth) ** 2)
    assert error < 0.6 * np.mean((data.mean(axis=0) - truth) ** 2)


def test_other_exposures_than_those_trained_on():
    truth = 10 + 5 * np.sin(np.linspace(0, 6, 400))
    rng = np.random.default_rng(0)
    data = truth + rng.normal(0, 2, (4, 400))
    n2n = denoiser()
    n2n.train(*n2n.prepare_data(data), epochs=150, learning_rate=1e-2, restarts=1)
    others = truth + rng.normal(0, 2, (7, 400))
    assert np.mean((n2n.infer(others) - truth) ** 2) < 0.6 * 2**2 / 7
    one = n2n.infer(others[0])
    assert one.shape == (400,)
    assert np.mean((one - truth) ** 2) < 0.5 * 2**2
    longer = truth[:100] + rng.normal(0, 2, (2, 100))
    assert n2n.infer(longer).shape == (100,)


def test_inference_in_batches_equals_inference_at_once():
    whole, parts = denoiser(), denoiser(batch_size=3)
    data = whole.prepare_data(noisy((8, 60)))
    whole.train(*data, epochs=2)
    parts.model.load_state_dict(whole.model.state_dict())
    parts.data_scale_bias = whole.data_scale_bias
    np.testing.assert_allclose(whole.infer(data[0]), parts.infer(data[0]), rtol=1e-5)


@pytest.mark.parametrize("limit", [11.0, np.linspace(9, 12, 60)])
def test_the_lower_limit_is_learnt_and_enforced(limit):
    data = noisy((4, 60))
    n2n = denoiser()
    prepared = n2n.prepare_data(data)
    losses = n2n.train(*prepared, epochs=30, learning_rate=1e-2, lower_limit=limit)
    assert np.all(losses["loss_trn"] > losses["loss_trn_data"])
    assert np.all(n2n.infer(prepared[0]) >= limit)
    assert np.all(n2n.infer(data[0] - 50) >= limit)
    n2n.train(*prepared, epochs=1)  # a new training without one forgets it
    assert n2n.infer(data[0] - 50).min() < 9


def test_a_regularizer_smooths():
    data = noisy((4, 200))
    roughness = []
    for reg_val in (None, 30.0, ad.losses.LossTV(30.0, n_dims=1)):
        n2n = denoiser(reg_val=reg_val)
        prepared = n2n.prepare_data(data)
        n2n.train(*prepared, epochs=60, learning_rate=1e-2)
        roughness.append(np.abs(np.diff(n2n.infer(prepared[0]))).mean())
    assert roughness[1] < 0.5 * roughness[0]
    assert roughness[1] == roughness[2]


def test_flips_move_input_target_and_mask_together():
    seen = []

    class Look(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.ones(()))

        def forward(self, x):
            seen.append(x.detach().clone())
            return self.factor * x

    data = np.tile(np.arange(30.0).reshape(5, 6), (2, 1, 1))  # target equals input
    n2n = ad.N2N(Look(), augmentation="flip", seed=0, verbose=False)
    losses = n2n.train(*n2n.prepare_data(data), epochs=12)
    assert len({tuple(x.flatten().tolist()) for x in seen}) == 4  # all orientations seen
    assert losses["loss_trn"][0] == 0
    assert losses["loss_tst"][0] == 0


def test_a_flip_object_keeps_to_the_spatial_axes():
    """Channels of different size never mix."""
    truth = np.stack([np.full(60, 5.0), np.full(60, 100.0)])
    data = truth + np.random.default_rng(0).normal(0, 1, (4, 2, 60))
    with pytest.warns(UserWarning, match="wrong for spectra"):
        n2n = denoiser(1, 2, augmentation=AugmentationFlip(rng=np.random.default_rng(0)))
    prepared = n2n.prepare_data(data, channel_axis=1)
    n2n.train(*prepared, epochs=100, learning_rate=1e-2)
    np.testing.assert_allclose(n2n.infer(prepared[0]).mean(axis=1), [5, 100], atol=3)


@pytest.mark.filterwarnings("ignore:Flipping")
def test_axes_that_the_data_do_not_have_are_refused():
    n2n = denoiser(augmentation=AugmentationFlip(axes=(-2,)))
    with pytest.raises(InputError, match="1 spatial axes"):
        n2n.train(*n2n.prepare_data(noisy((4, 60))), epochs=1)
    with pytest.raises(InputError, match="counted from the end"):
        AugmentationFlip(axes=(0,))
    with pytest.raises(InputError, match="counted from the end"):
        AugmentationFlip(axes=-1)


def test_flipping_a_spectrum_is_obeyed_with_a_warning():
    with pytest.warns(UserWarning, match="wrong for spectra"):
        n2n = denoiser(augmentation="flip")
    n2n.train(*n2n.prepare_data(noisy((4, 60))), epochs=2)


def test_a_network_without_init_params_counts_as_2d_with_one_channel():
    n2n = ad.N2N(nn.Conv2d(1, 1, 3, padding=1), seed=0, verbose=False)
    data = n2n.prepare_data(noisy((4, 12, 14)))
    n2n.train(*data, epochs=2)
    assert n2n.infer(data[0]).shape == (12, 14)


@pytest.mark.parametrize(
    "model", ["dncnn", "unet", "msd", "resnet", ad.NetworkParamsUNet(n_features=4, n_levels=1)]
)
def test_networks_by_name_and_by_parameters(model):
    n2n = ad.N2N(model, seed=0, verbose=False)
    data = n2n.prepare_data(noisy((3, 7, 9)))
    n2n.train(*data, epochs=1)
    assert n2n.infer(data[0]).shape == (7, 9)


# That it repeats and leaves alone what is not its own


@pytest.mark.parametrize("batch_size", [None, 2])
def test_the_same_seed_gives_the_same_result_bit_for_bit(batch_size):
    results = []
    for seed in (0, 0, 1):
        n2n = ad.N2N(
            ad.NetworkParamsDnCNN(n_dims=2, n_features=4, n_layers=3),
            seed=seed, batch_size=batch_size, augmentation="flip", verbose=False,
        )  # fmt: skip
        data = n2n.prepare_data(noisy((4, 12, 14)))
        losses = n2n.train(*data, epochs=5, learning_rate=1e-2)
        results.append((n2n.infer(data[0]), losses["loss_tst"], data[2]))
    for first, second, other in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, other)


def numpy_global_state():
    return np.random.get_state()[1]  # noqa: NPY002


def test_a_seed_also_governs_dropout():
    results = []
    for state in (1, 2):
        torch.manual_seed(state)
        network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Dropout(0.5), nn.Conv2d(4, 1, 1))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.fill_(0.1)
        before = torch.random.get_rng_state()
        n2n = ad.N2N(network, seed=0, verbose=False)
        results.append(n2n.train(*n2n.prepare_data(noisy((4, 12, 14))), epochs=3)["loss_trn"])
        assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(*results)


def test_a_network_that_computes_in_half_precision_can_be_used():
    class Half(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).bfloat16()

    n2n = ad.N2N(Half(1, 1, 3, padding=1), seed=0, verbose=False)
    data = n2n.prepare_data(noisy((4, 12, 14)))
    n2n.train(*data, epochs=2)
    assert n2n.infer(data[0]).dtype == np.float64


def test_a_seed_leaves_the_global_state_alone_and_none_follows_it():
    data = noisy((4, 60))
    numpy_state, torch_state = numpy_global_state(), torch.random.get_rng_state()
    n2n = denoiser(batch_size=2)
    n2n.train(*n2n.prepare_data(data), epochs=2)
    np.testing.assert_array_equal(numpy_global_state(), numpy_state)
    assert torch.equal(torch.random.get_rng_state(), torch_state)

    masks = []
    for _ in range(2):
        np.random.seed(5)  # noqa: NPY002
        masks.append(denoiser(seed=None).prepare_data(data)[2])
    np.testing.assert_array_equal(*masks)
    assert not np.array_equal(masks[0], denoiser(seed=None).prepare_data(data)[2])


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.float32, np.float64])
def test_inputs_are_never_modified(dtype):
    data = noisy((4, 60)).astype(dtype)
    before = data.copy()
    n2n = denoiser()
    prepared = n2n.prepare_data(data)
    copies = [a.copy() for a in prepared]
    n2n.train(*prepared, epochs=2)
    n2n.infer(prepared[0])
    n2n.infer(data)
    np.testing.assert_array_equal(data, before)
    for now, then in zip(prepared, copies, strict=True):
        np.testing.assert_array_equal(now, then)


def test_one_closing_line_is_logged(caplog):
    n2n = denoiser(verbose=True)
    with caplog.at_level(logging.INFO):
        n2n.train(*n2n.prepare_data(noisy((4, 60))), epochs=3)
    assert [r.message for r in caplog.records if "held-out loss" in r.message]


# Bad input: a clear error before any training


def bad(**changes):
    """Prepare data that are wrong in one way."""
    data = changes.pop("data", noisy((4, 60)))
    n_dims, channels = changes.pop("n_dims", 1), changes.pop("channels", 1)
    return denoiser(n_dims, channels).prepare_data(data, **changes)


def with_value(value):
    data = noisy((4, 60))
    data[2, 17] = value
    return data


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": noisy((1, 60))}, ["at least 2 realizations", "1"]),
        ({"data": with_value(np.nan)}, ["NaN", "(2, 17)"]),
        ({"data": with_value(-np.inf)}, ["infinit", "(2, 17)"]),
        ({"data": [[1.0, 2.0, 3.0], [1.0, 2.0]]}, ["unequal lengths", "3", "2"]),
        ({"data": np.array([["1", "a"], ["2", "b"]])}, ["numbers"]),
        ({"data": np.zeros((4, 0))}, ["empty"]),
        ({"data": noisy((60,))}, ["1 dimension ", "2"]),
        ({"data": noisy((4, 60)), "n_dims": 2}, ["2 dimensions", "3"]),
        ({"data": noisy((4, 5, 60)), "channel_axis": 1}, ["n_channels_in", "5"]),
        ({"data": noisy((4, 5, 60)), "channel_axis": 7}, ["channel_axis", "7"]),
        ({"data": noisy((4, 3, 60)), "channels": 3, "channel_axis": 0}, ["same axis"]),
        ({"channels": 3}, ["n_channels_in=3", "channel"]),
        ({"realizations_axis": 5}, ["realizations_axis", "5"]),
        ({"strategy": "2:X"}, ["'2:X'", "'1:X', 'X:1'"]),
        ({"num_tst_ratio": 1.0}, ["num_tst_ratio", "1.0"]),
        ({"num_tst_ratio": -0.1}, ["num_tst_ratio", "-0.1"]),
        ({"num_tst_ratio": None}, ["num_tst_ratio", "None"]),
        ({"realizations_axis": None}, ["realizations_axis", "None"]),
    ],
)
def test_bad_data_are_refused(changes, words):
    with pytest.raises(InputError) as error:
        bad(**changes)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i, t, m: ((i, t, m), {"epochs": 0}), "`epochs` is 0"),
        (lambda i, t, m: ((i, t, m), {"learning_rate": -1}), "`learning_rate`"),
        (lambda i, t, m: ((i, t[:, :-1], m), {}), "same shape"),
        (lambda i, t, m: ((i, t, m.astype(float)), {}), "must be bool"),
        (lambda i, t, m: ((i, t, np.ones_like(m)), {}), "none is left"),
        (lambda i, t, m: ((i * np.nan, t, m), {}), "NaN"),
        (lambda i, t, m: ((np.full_like(i, 3), t, m), {}), "input data are constant"),
        (lambda i, t, m: ((i, np.full_like(t, 3), m), {}), "target data are constant"),
        (lambda i, t, m: ((i + 1j, t, m), {}), "complex"),
        (lambda i, t, m: ((i * 1e-320, t, m), {}), "span only"),
        (lambda i, t, m: ((i, t, m), {"lower_limit": 1j}), "real"),
        (lambda i, t, m: ((i, t, m), {"lower_limit": "x"}), "lower_limit"),
        (lambda i, t, m: ((i, t, m), {"lower_limit": np.zeros(7)}), "(7,)"),
        (lambda i, t, m: ((i, t, m), {"lower_limit": np.nan}), "NaN"),
        (lambda i, t, m: ((i, t, m), {"optimizer": "adamant"}), "'adam', 'sgd'"),
    ],
)
def test_bad_training_calls_are_refused_before_any_training(change, words):
    n2n = denoiser()
    before = {k: v.clone() for k, v in n2n.model.state_dict().items()}
    arrays, options = change(*n2n.prepare_data(noisy((4, 60))))
    with pytest.raises(InputError) as error:
        n2n.train(*arrays, **({"epochs": 3} | options))
    assert words in str(error.value)
    assert all(torch.equal(v, before[k]) for k, v in n2n.model.state_dict().items())


def test_networks_whose_output_is_of_another_kind_are_refused():
    n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_channels_out=2, n_layers=2), verbose=False)
    with pytest.raises(InputError, match="must be equal"):
        n2n.prepare_data(noisy((4, 60)))


def test_a_training_that_fails_changes_neither_scaling_nor_limit():
    n2n = denoiser()
    inp, tgt, mask = n2n.prepare_data(noisy((4, 60)))
    n2n.train(inp, tgt, mask, epochs=2)
    before = n2n.infer(inp), n2n.data_scale_bias
    with pytest.raises(InputError, match="constant"):
        n2n.train(inp * 0, tgt, mask, epochs=2, lower_limit=100)
    np.testing.assert_array_equal(n2n.infer(inp), before[0])
    assert n2n.data_scale_bias == before[1]


def test_each_training_computes_the_scaling_anew_unless_it_was_given():
    n2n = denoiser()
    inp, tgt, mask = n2n.prepare_data(noisy((4, 60)))
    n2n.train(inp, tgt, mask, epochs=1)
    first = n2n.data_scale_bias
    n2n.train(1000 * inp, 1000 * tgt, mask, epochs=1)
    assert n2n.data_scale_bias.scale_inp == pytest.approx(first.scale_inp / 1000)
    given = denoiser(data_scale_bias=first)
    given.train(1000 * inp, 1000 * tgt, mask, epochs=1)
    assert given.data_scale_bias is first


def test_the_target_of_large_float32_values_keeps_its_precision():
    data = (2.0**24 + np.arange(240).reshape(4, 60) % 7 * 2).astype(np.float32)
    _, tgt, _ = denoiser().prepare_data(data)
    exact = np.stack([np.delete(data.astype(float), i, axis=0).mean(axis=0) for i in range(4)])
    assert tgt.dtype == np.float32
    np.testing.assert_allclose(tgt, exact, atol=2)  # one step of float32 there


def test_a_training_can_be_cancelled_from_outside():
    n2n = denoiser()
    data = n2n.prepare_data(noisy((4, 60)))
    losses = n2n.train(*data, epochs=50, observers=[CancelWhen(lambda: True)])
    assert len(losses.records) == 1
    assert losses.stopped == "cancelled"


def test_a_network_that_returns_nan_is_not_believed():
    class Broken(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) if self.training else super().forward(x) * float("nan")

    n2n = ad.N2N(Broken(1, 1, 3, padding=1), seed=0, verbose=False)
    data = n2n.prepare_data(noisy((4, 12, 14)))
    n2n.train(*data, epochs=2)
    with pytest.raises(TrainingError, match="NaN or infinity"):
        n2n.infer(data[0])


def test_data_out_of_reach_of_the_scaling_are_refused():
    n2n = denoiser()
    inp, tgt, mask = n2n.prepare_data(noisy((4, 60)))
    n2n.train(inp, tgt, mask, epochs=1)
    with pytest.raises(InputError, match="same unit"):
        n2n.infer(inp * 1e45)


@pytest.mark.parametrize("init_params", [5, {"n_dims": "1"}, {"n_channels_in": 0}])
def test_odd_init_params_are_refused(init_params):
    network = nn.Conv1d(1, 1, 3, padding=1)
    network.init_params = init_params
    with pytest.raises(InputError, match=r"n_dims|n_channels"):
        ad.N2N(network)


def test_a_network_of_ones_own_in_1d_says_so_in_its_init_params():
    network = nn.Conv1d(1, 1, 3, padding=1)
    network.init_params = {"n_dims": 1}
    n2n = ad.N2N(network, seed=0, verbose=False)
    data = n2n.prepare_data(noisy((4, 60)))
    n2n.train(*data, epochs=2)
    assert n2n.infer(data[0]).shape == (60,)


def test_a_channel_axis_that_is_not_there_cannot_be_moved():
    n2n = denoiser()
    data = n2n.prepare_data(noisy((4, 60)))
    n2n.train(*data, epochs=1)
    with pytest.raises(InputError, match="no channel axis"):
        n2n.infer(data[0], channel_axis_dst=0)


def test_inference_before_training_is_refused():
    with pytest.raises(InputError, match="call `train`"):
        denoiser().infer(noisy((4, 60)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "vgg"}, "dncnn"),
        ({"batch_size": 0}, "batch_size"),
        ({"augmentation": "shear"}, "flip"),
        ({"augmentation": 3}, "augmentation"),
        ({"reg_val": -1.0}, "reg_val"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"augmentation": AugmentationFlip}, "augmentation"),
        ({"reg_val": "x"}, "reg_val"),
        ({"reg_val": float("inf")}, "reg_val"),
        ({"data_scale_bias": "x"}, "data_scale_bias"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"device": "gpu"}, "choose cpu"),
        ({"device": 3.5}, "choose cpu"),
        ({"save_epochs_dir": 7}, "save_epochs_dir"),
        ({"save_every": 0}, "save_every"),
        ({"patch_size": 0}, "size"),
        ({"model": 3}, "save_epochs_dir"),
    ],
)
def test_bad_settings_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        ad.N2N(**({"model": small_model()} | options))


def test_a_varying_lower_limit_cannot_follow_flips():
    n2n = ad.N2N(small_model(2), augmentation="flip", verbose=False)
    with pytest.raises(InputError, match="augmentation"):
        n2n.train(*n2n.prepare_data(noisy((4, 12, 14))), epochs=1, lower_limit=np.ones((12, 14)))
