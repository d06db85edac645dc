"""What code written for auto-denoise 3.0 gives to the constructors of the denoisers.

What it gives to their methods is in ``test_public_training.py``.
"""

import logging

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

import autoden as ad
from autoden.algorithms.denoiser import (
    DataScaleBias,
    Denoiser,
    compute_scaling_selfsupervised,
    compute_scaling_supervised,
)
from autoden.errors import InputError
from small_images import CLEAN, EVERY_DENOISER, KEYS, make, measure, small, trained, weights_of

# Tutorials: written as they are written for auto-denoise


def test_tutorial_of_repeated_images():
    net = ad.NetworkParamsUNet(n_features=16).get_model()
    n2n = ad.N2N(model=net, reg_val=ad.losses.LossTV(1e-7, reduction="mean"))
    n2n_data = n2n.prepare_data(measure(4), num_tst_ratio=0.2)
    losses = n2n.train(*n2n_data, epochs=2)
    assert set(losses) == KEYS
    assert n2n.infer(n2n_data[0]).shape == (20, 24)
    assert n2n.infer(n2n_data[0], average_splits=False).shape == (4, 20, 24)


def test_tutorial_of_single_images():
    n2v = ad.N2V(model=ad.NetworkParamsUNet(n_features=16), reg_val=1e-7)
    inp, tst_inds = n2v.prepare_data(measure(4), num_tst_ratio=0.25)
    n2v.train(inp, tst_inds, epochs=2, mask_shape=[1, 3])
    assert n2v.infer(inp).shape == (4, 20, 24)


def test_tutorial_of_the_deep_image_prior():
    net = ad.NetworkParamsUNet(n_features=16).get_model(device="cpu")
    dip = ad.DIP(model=net, reg_val=ad.losses.LossTV(1e-7, reduction="mean"), device="cpu")
    dip_data = dip.prepare_data(measure(), num_tst_ratio=0.2)
    dip.train(*dip_data, epochs=2)
    assert dip.infer(dip_data[0]).shape == (20, 24)


def test_tutorial_of_supervised_training(tmp_path):
    sup = ad.Supervised(model=ad.NetworkParamsUNet(n_features=16), reg_val=None)
    sup_data = sup.prepare_data(measure(4), np.stack([CLEAN] * 4), num_tst_ratio=0.25)
    sup.train(*sup_data, epochs=2, restarts=1)
    denoised = sup.infer(sup_data[0])
    assert denoised.shape == (4, 20, 24)
    ad.models.io.save_model(tmp_path / "unet.pt", sup.model)
    state = ad.models.io.load_model(tmp_path / "unet.pt")
    again = ad.Supervised(model=state, data_scale_bias=sup.data_scale_bias)
    np.testing.assert_allclose(again.infer(sup_data[0]), denoised, rtol=1e-5)


# Constructor


@pytest.mark.parametrize("denoiser", [*EVERY_DENOISER, Denoiser])
def test_the_constructor_takes_its_arguments_by_position(denoiser, tmp_path):
    scaling, penalty = DataScaleBias(scale_inp=0.5), ad.losses.LossTV(1e-3)
    made = denoiser(small(), scaling, penalty, "cpu", 2, "flip", tmp_path, False, 7)
    assert made.data_scale_bias is scaling
    assert (made.device.type, made.batch_size, made.verbose, made.seed) == ("cpu", 2, False, 7)
    by_name = denoiser(
        model=small(), data_scale_bias=scaling, reg_val=penalty, device="cpu", batch_size=2,
        augmentation="flip", save_epochs_dir=tmp_path, verbose=False, seed=7,
    )  # fmt: skip
    assert torch.equal(weights_of(by_name.model), weights_of(made.model))


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_without_a_device_the_gpu_is_used_if_there_is_one(denoiser):
    assert denoiser("dncnn").device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_a_seed_repeats_a_run_and_leaves_global_state_alone(denoiser):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, data, _ = trained(denoiser)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    torch.manual_seed(1)
    again, data_again, _ = trained(denoiser)
    for one, other in zip(data, data_again, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first.infer(data[0]), again.infer(data[0]))


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_without_a_seed_the_global_state_decides(denoiser):
    results = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        made, data, _ = trained(denoiser, options={"seed": None})
        results.append(made.infer(data[0]))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
@pytest.mark.parametrize("verbose", [True, False])
def test_verbose_logs_one_closing_line(denoiser, verbose, caplog, capfd):
    caplog.set_level(logging.INFO, logger="autoden")
    trained(denoiser, options={"verbose": verbose})
    assert len(caplog.records) == verbose
    assert capfd.readouterr().out == ""


def test_the_losses_draw_themselves():
    losses = trained(ad.N2N)[2]
    assert isinstance(losses.plot(), Figure)
    assert losses._repr_png_().startswith(b"\x89PNG")


# The model


@pytest.mark.parametrize(
    ("name", "of_class"),
    [("unet", "UNet"), ("dncnn", "DnCNN"), ("msd", "MSDnet"), ("resnet", "Resnet")],
)
def test_a_model_may_be_a_name(name, of_class):
    assert type(ad.N2N(name).model).__name__ == of_class


@pytest.mark.parametrize(
    "kind", [ad.NetworkParamsUNet, ad.NetworkParamsDnCNN, ad.NetworkParamsMSD,
             ad.NetworkParamsResnet],
)  # fmt: skip
def test_a_model_may_be_its_parameters(kind):
    assert ad.N2N(kind(n_dims=1)).n_dims == 1


def test_a_model_may_be_a_network():
    network = small().get_model(device="cpu")
    assert ad.N2N(network, device="cpu").model is network


def test_a_model_may_be_a_saved_state(tmp_path):
    network = small().get_model()
    ad.models.io.save_model(tmp_path / "network", network)
    n2n = ad.N2N(ad.models.io.load_model(tmp_path / "network"))
    assert torch.equal(weights_of(n2n.model), weights_of(network))


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_a_model_may_be_an_epoch_that_was_saved(denoiser, tmp_path):
    options = {"save_epochs_dir": tmp_path}
    made, data, _ = trained(denoiser, epochs=3, options=options)
    names = sorted(file.name for file in (tmp_path / "weights").iterdir())
    assert names == ["weights.pt", *(f"weights_epoch_{n}.pt" for n in range(3))]
    state = ad.models.io.load_model_state(tmp_path, 1)
    second = make(denoiser, 1, save_epochs_dir=tmp_path, data_scale_bias=made.data_scale_bias)
    assert torch.equal(weights_of(second.model), weights_of(ad.models.config.create_network(state)))
    best = make(denoiser, ad.models.io.load_model_state(tmp_path),
                data_scale_bias=made.data_scale_bias)  # fmt: skip
    np.testing.assert_array_equal(best.infer(data[0]), made.infer(data[0]))


def test_fewer_epochs_are_saved_if_asked(tmp_path):
    trained(ad.N2N, epochs=5, options={"save_epochs_dir": tmp_path, "save_every": 2})
    numbers = {file.stem for file in (tmp_path / "weights").iterdir()} - {"weights"}
    assert 2 <= len(numbers) <= 3


def test_a_plain_module_counts_as_two_dimensional_with_one_channel():
    n2n, _, losses = trained(ad.N2N, nn.Conv2d(1, 1, 3, padding=1))
    assert (n2n.n_dims, n2n.n_channels_in, n2n.n_channels_out) == (2, 1, 1)
    assert np.isfinite(losses["loss_tst"]).all()


# Penalty and augmentation


@pytest.mark.parametrize("denoiser", EVERY_DENOISER)
def test_a_number_for_a_penalty_is_the_weight_of_total_variation(denoiser):
    losses = [
        trained(denoiser, options={"reg_val": reg_val})[2]
        for reg_val in (0.5, ad.losses.LossTV(0.5), None)
    ]
    for key in KEYS:
        np.testing.assert_array_equal(losses[0][key], losses[1][key])
    assert (losses[0]["loss_trn"] > losses[0]["loss_trn_data"]).all()
    np.testing.assert_array_equal(losses[2]["loss_trn"], losses[2]["loss_trn_data"])


@pytest.mark.parametrize(
    "augmentation",
    [
        "flip",
        "rot90",
        "rot45",
        "rot_any",
        ["flip", "rot90"],
        ad.algorithms.datasets.AugmentationFlip(),
        [ad.algorithms.datasets.AugmentationGaussianNoise(0.1), "flip"],
    ],
)
@pytest.mark.parametrize("denoiser", [ad.N2N, ad.Supervised])
def test_augmentations_by_name_object_or_list(denoiser, augmentation):
    losses = trained(denoiser, options={"augmentation": augmentation})[2]
    assert np.isfinite(losses["loss_trn"]).all()


def test_no_other_augmentation_is_known():
    with pytest.raises(InputError, match=r"flip.*rot90.*rot45.*rot_any"):
        make(ad.N2N, augmentation="mirror")


def test_flipping_one_dimensional_data_is_obeyed_with_a_warning():
    data = measure(4)[:, 10]
    results = []
    for augmentation in (None, "flip"):
        if augmentation is None:
            n2n = make(ad.N2N, small(n_dims=1))
        else:
            with pytest.warns(UserWarning, match="one-dimensional"):
                n2n = make(ad.N2N, small(n_dims=1), augmentation=augmentation)
        prepared = n2n.prepare_data(data)
        n2n.train(*prepared, epochs=8, learning_rate=1e-2)
        results.append(n2n.infer(prepared[0]))
    assert not np.array_equal(*results)


# Scaling, and denoisers of one's own


def trimmed(values):
    """Percentiles and trimmed mean, as the formula says."""
    low, high = np.percentile(values, (0.1, 99.9))
    return 1 / (high - low), values[(values >= low) & (values <= high)].mean() / (high - low)


def test_the_scaling_of_noisy_data():
    noisy = measure(4) * 3.0 + 7.0
    noisy[0, 0, 0] = 1e9  # a hot pixel does not count
    scale, bias = trimmed(noisy)
    found = compute_scaling_selfsupervised(noisy)
    assert (found.scale_inp, found.bias_inp) == pytest.approx((scale, bias))
    assert found == DataScaleBias(*[found.scale_inp] * 3, *[found.bias_inp] * 3)


def test_the_scaling_of_noisy_and_clean_data():
    noisy, clean = measure(4), CLEAN * 100
    found = compute_scaling_supervised(noisy, clean)
    assert (found.scale_inp, found.bias_inp) == pytest.approx(trimmed(noisy))
    assert (found.scale_tgt, found.bias_tgt) == pytest.approx(trimmed(clean))
    assert (found.scale_out, found.bias_out) == (found.scale_tgt, found.bias_tgt)


def test_the_scaling_is_a_factor_and_a_subtraction():
    """Through a network that does nothing, a value goes by x * scale - bias, and back."""
    network = nn.Identity()
    scaling = DataScaleBias(scale_inp=2.0, bias_inp=3.0, scale_out=4.0, bias_out=5.0)
    denoised = make(ad.Supervised, network, data_scale_bias=scaling).infer(measure(2))
    np.testing.assert_allclose(denoised, ((measure(2) * 2.0 - 3.0) + 5.0) / 4.0, rtol=1e-6)


def test_denoiser_is_there_to_be_subclassed():
    class Halved(Denoiser):
        def train(self, inp):
            self.data_scale_bias = compute_scaling_selfsupervised(inp)

        def infer(self, inp, channel_axis_dst=None):
            return super().infer(inp, channel_axis_dst) / 2

    halved = Halved(nn.Identity(), verbose=False)
    halved.train(measure(3))
    np.testing.assert_allclose(halved.infer(measure(3)), measure(3) / 2, rtol=1e-5, atol=1e-5)
