"""What looks plausible and would give a wrong result without a word: refused, or told."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import autoden as ad
from autoden.algorithms.denoiser import DataScaleBias
from autoden.errors import InputError


@pytest.fixture
def images():
    return np.random.default_rng(0).poisson(20.0, (3, 16, 20)).astype(float)


def small(**options):
    return ad.NetworkParamsDnCNN(n_features=4, n_layers=3, **options)


def trained(kind, images, *, lower_limit=None, epochs=2, **options):
    denoiser = kind(small(), seed=0, verbose=False, **options)
    prepared = denoiser.prepare_data(images)
    denoiser.train(*prepared, epochs=epochs, lower_limit=lower_limit)
    return denoiser, prepared


def test_a_given_scaling_leaves_the_random_input_of_a_prior_as_it_is(images):
    scaling = DataScaleBias(0.05, 0.05, 0.05, 1.0, 1.0, 1.0)
    dip, (noise, tgt, _) = trained(ad.DIP, images, data_scale_bias=scaling, epochs=150)
    assert dip.data_scale_bias.scale_inp == 1
    assert dip.infer(noise).std() > 0.3 * tgt.mean(axis=0).std()  # it was fitted to this input


@pytest.mark.parametrize("shape", [(3, 1, 20), (3, 10, 10), (1, 1)])
def test_a_limit_that_varies_fits_no_other_size(images, shape):
    n2n, _ = trained(ad.N2N, images, lower_limit=np.full((16, 20), 5.0))
    with pytest.raises(InputError, match="lower_limit"):
        n2n.infer(np.random.default_rng(0).poisson(20.0, shape))


def test_complex_data_have_no_lower_limit():
    data = np.random.default_rng(0).normal(size=(3, 16, 16)) * (1 + 1j)
    n2n = ad.N2N(small(n_channels_in=2, n_channels_out=2), seed=0, verbose=False)
    n2n.train(*n2n.prepare_data(data), epochs=1, lower_limit=0.0)
    with pytest.raises(InputError, match="complex"):
        n2n.infer(data)


@pytest.mark.parametrize("augmentation", ["rot90", "rot45", "rot_any"])
def test_a_mask_along_one_axis_is_not_turned(images, augmentation):
    n2v = ad.N2V(small(), augmentation=augmentation, verbose=False)
    with pytest.raises(InputError, match="rotation"):
        n2v.train(*n2v.prepare_data(images), epochs=1, mask_shape=(1, 5))


def test_masks_that_are_blocks_are_warned_of(images):
    n2v = ad.N2V(small(), seed=0, verbose=False)
    with pytest.warns(UserWarning, match="blocks"):
        n2v.train(*n2v.prepare_data(images), epochs=1, mask_shape=3)


@pytest.mark.parametrize(
    ("constructor", "training"),
    [({"batch_size": 1}, {}), ({"augmentation": "flip"}, {}), ({}, {"optimizer": "lbfgs"})],
)
def test_the_variance_rule_watches_one_output_per_epoch(images, constructor, training):
    dip = ad.DIP(small(), verbose=False, **constructor)
    with pytest.raises(InputError, match="variance"):
        dip.train(*dip.prepare_data(images), epochs=1, stopping="variance", **training)


@pytest.mark.parametrize(
    ("operator", "words"),
    [
        (lambda image: image + 5.0, "linear"),
        (lambda image: image.square(), "linear"),
        (lambda image: torch.tensor(np.asarray(image)), "failed"),
        (lambda image: image[:1], "shape"),
    ],
)
def test_degradations_that_are_none_are_refused(images, operator, words):
    dip = ad.DIP(small(), operator=operator, verbose=False)
    with pytest.raises(InputError, match=words):
        dip.train(*dip.prepare_data(images[0]), epochs=1)


def test_a_loaded_prior_asks_for_its_operator_again(images, tmp_path):
    def blur(image):
        return functional.avg_pool2d(image, 3, stride=1, padding=1)

    dip, prepared = trained(ad.DIP, images, operator=blur)
    dip.save(tmp_path / "dip.safetensors")
    loaded = ad.load(tmp_path / "dip.safetensors", verbose=False)
    np.testing.assert_array_equal(loaded.infer(prepared[0]), dip.infer(prepared[0]))
    with pytest.raises(InputError, match="operator"):
        loaded.train(*prepared, epochs=1)
    loaded.operator = blur
    loaded.train(*prepared, epochs=1)


def test_the_limit_of_a_prior_has_the_shape_of_its_estimate(images):
    rgb = np.stack([images[0]] * 3)
    model = ad.NetworkParamsUNet(n_features=4, n_levels=1, n_channels_in=8, n_channels_out=3)
    for shape, fits in (((3, 1, 1), True), ((8, 1, 1), False), ((16, 20), True)):
        dip = ad.DIP(model, seed=0, verbose=False)
        prepared = dip.prepare_data(rgb, channel_axis=0)
        if fits:
            dip.train(*prepared, epochs=1, lower_limit=np.zeros(shape))
        else:
            with pytest.raises(InputError, match="lower_limit"):
                dip.train(*prepared, epochs=1, lower_limit=np.zeros(shape))


def test_views_of_arrays_are_taken(images):
    n2n = ad.N2N(small(), seed=0, verbose=False)
    inp, tgt, mask = n2n.prepare_data(images[:, ::-1, ::2])
    n2n.train(inp[:, ::-1], tgt[:, ::-1], mask[:, ::-1], epochs=1)
    n2n.infer(inp[..., ::-1])


def test_a_network_of_other_dimensions_says_what_to_set(images):
    n2n = ad.N2N(torch.nn.Conv3d(1, 1, 3, padding=1), verbose=False)
    with pytest.raises(InputError, match="init_params"):
        n2n.train(*n2n.prepare_data(images), epochs=1)


def test_data_of_one_element_per_level_say_so():
    n2n = ad.N2N(ad.NetworkParamsUNet(n_features=4), batch_size=1, verbose=False)
    data = np.random.default_rng(0).normal(size=(4, 1, 1))
    with pytest.raises(InputError, match="one element"):
        n2n.train(*n2n.prepare_data(data, num_tst_ratio=0), epochs=1)


@pytest.mark.parametrize("reg_val", ["tv", torch.nn.Identity(), True])
def test_a_penalty_is_a_number_or_a_regularizer(reg_val):
    with pytest.raises(InputError, match="LossRegularizer"):
        ad.N2N(small(), reg_val=reg_val)


@pytest.mark.parametrize("observers", [3, len])
def test_observers_are_a_list(images, observers):
    n2n = ad.N2N(small(), verbose=False)
    with pytest.raises(InputError, match="observers"):
        n2n.train(*n2n.prepare_data(images), epochs=1, observers=observers)


def test_average_splits_is_true_or_false(images):
    n2n, (inp, _, _) = trained(ad.N2N, images)
    with pytest.raises(InputError, match="average_splits"):
        n2n.infer(inp, average_splits="no")
