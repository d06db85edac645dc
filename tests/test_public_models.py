"""What code written for auto-denoise 3.0 expects of networks and of their files."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import autoden as ad
from autoden.errors import InputError

config, io = ad.models.config, ad.models.io
RECORDS = {
    "dncnn": ad.NetworkParamsDnCNN,
    "unet": ad.NetworkParamsUNet,
    "msd": ad.NetworkParamsMSD,
    "resnet": ad.NetworkParamsResnet,
}
CLASSES = {
    "dncnn": ad.models.dncnn.DnCNN,
    "unet": ad.models.unet.UNet,
    "msd": ad.models.msd.MSDnet,
    "resnet": ad.models.resnet.Resnet,
}
SIZES = {1: (17,), 2: (12, 15), 3: (8, 9, 7)}


def small(seed=None):
    return ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6).get_model("cpu", seed)


# Networks


@pytest.mark.parametrize(
    ("name", "params", "count"),
    [
        ("unet", {}, 489_601),
        ("unet", {"n_dims": 1}, 194_497),
        ("unet", {"n_features": 8, "n_dims": 3}, 86_641),
        ("unet", {"n_levels": 2, "n_features": 8, "n_channels_skip": 4}, 7365),
        ("unet", {"n_features": 8, "bilinear": False}, 42_177),
        ("dncnn", {}, 667_136),
        ("dncnn", {"n_dims": 1, "n_features": 4, "n_layers": 6}, 256),
        ("msd", {}, 752),
        ("msd", {"use_dilations": False}, 752),
        ("resnet", {}, 89_944),
    ],
)
def test_a_network_has_as_many_parameters_as_in_auto_denoise(name, params, count):
    network = RECORDS[name](**params).get_model()
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == count


@pytest.mark.parametrize("n_dims", SIZES)
@pytest.mark.parametrize("name", RECORDS)
def test_a_network_keeps_the_size_and_maps_the_channels(name, n_dims):
    network = RECORDS[name](n_channels_in=2, n_channels_out=3, n_features=4, n_dims=n_dims)
    assert network.get_model("cpu")(torch.zeros(2, 2, *SIZES[n_dims])).shape == (
        2, 3, *SIZES[n_dims],
    )  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_a_seed_makes_the_weights_repeat_without_touching_global_state(name):
    state = torch.get_rng_state()
    first, again, other = (RECORDS[name]().get_model("cpu", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    x = torch.randn(1, 1, 16, 16)
    assert torch.equal(first.eval()(x), again.eval()(x))
    assert not torch.equal(first(x), other.eval()(x))


def test_dncnn_is_convolution_batch_norm_leaky_relu_and_a_last_convolution_alone():
    network = ad.NetworkParamsDnCNN(n_layers=4, n_features=4).get_model()
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU)
    found = [module for module in network.modules() if isinstance(module, kinds)]
    assert [type(module) for module in found] == [*kinds * 3, nn.Conv2d]
    assert all(module.bias is None for module in found[:-1] if isinstance(module, nn.Conv2d))
    assert {m.negative_slope for m in found if isinstance(m, nn.LeakyReLU)} == {0.2}


def test_features_of_a_unet_double_per_level_but_the_last():
    network = ad.NetworkParamsUNet(n_levels=4, n_features=3).get_model()
    widths = {m.out_channels for m in network.modules() if isinstance(m, nn.Conv2d)}
    assert max(widths) == 3 * 2**3
    assert {3, 6, 12, 24} <= widths


@pytest.mark.parametrize("use_dilations", [True, False])
def test_an_msd_network_dilates_or_pools(use_dilations):
    network = ad.NetworkParamsMSD(n_layers=6, use_dilations=use_dilations).get_model("cpu")
    dilations = [m.dilation[0] for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert dilations[:6] == ([1, 2, 3] * 2 if use_dilations else [1] * 6)
    # Either way it sees further than six convolutions of 3 pixels do.
    x = torch.zeros(1, 1, 1, 61, requires_grad=True)
    network.eval()(x)[..., 30].sum().backward()
    assert x.grad.squeeze().nonzero().min() < 30 - 6


@pytest.mark.parametrize("name", ["unet", "msd"])
def test_the_latent_features_are_returned_if_asked(name):
    network = RECORDS[name]().get_model("cpu").eval()
    x = torch.randn(1, 1, 16, 16)
    output, latent = network(x, return_latent=True)
    assert torch.equal(output, network(x))
    assert latent.numel() > 1


@pytest.mark.parametrize("name", CLASSES)
def test_the_class_of_a_network_serves_directly(name):
    size = {"n_levels": 2} if name == "unet" else {"n_layers": 3}
    network = CLASSES[name](1, 1, n_features=8, **size)
    recorded = RECORDS[name](n_features=8, **size).get_model("cpu")
    assert type(recorded) is CLASSES[name]
    assert isinstance(network, config.SerializableModel)
    network.load_state_dict(recorded.state_dict())
    rebuilt = CLASSES[name](**network.init_params)
    assert rebuilt.state_dict().keys() == network.state_dict().keys()


# Made from names, records and states


def test_create_network_takes_whatever_describes_one(tmp_path):
    network = small()
    state = {
        "model_class": "DnCNN",
        "init_params": network.init_params,
        "state_dict": network.state_dict(),
    }
    x = torch.randn(1, 1, 20)
    for made in (
        config.create_network(network),
        config.create_network(state),
        config.create_network("dncnn", network.init_params, network.state_dict(), "cpu"),
        config.create_network(
            ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6),
            state_dict=network.state_dict(),
            device="cpu",
        ),
    ):
        assert torch.equal(made.cpu().eval()(x), network.eval()(x))


@pytest.mark.parametrize(
    ("name", "kind", "decay"),
    [
        ("adam", torch.optim.AdamW, 1e-2),
        ("sgd", torch.optim.SGD, 1e-2),
        ("rmsprop", torch.optim.RMSprop, 1e-2),
        ("lbfgs", torch.optim.LBFGS, None),
    ],
)
def test_optimizers_by_name(name, kind, decay):
    optimizer = config.create_optimizer(small(), name)
    assert type(optimizer) is kind
    assert optimizer.defaults["lr"] == 1e-3
    assert optimizer.defaults.get("weight_decay") == decay


def test_an_optimizer_goes_on_from_its_state():
    network = small()
    optimizer = config.create_optimizer(network, "adam", 1e-2, 0.0)
    network(torch.randn(2, 1, 20)).sum().backward()
    optimizer.step()
    again = config.create_optimizer(network, "adam", 1e-2, 0.0, optimizer.state_dict())
    first, second = (next(iter(o.state.values()))["exp_avg"] for o in (optimizer, again))
    assert torch.equal(first, second)


# Files


def test_a_pt_file_is_a_mapping_that_torch_reads_without_running_code(tmp_path):
    network = small()
    optimizer = config.create_optimizer(network)
    io.save_model(tmp_path / "network.pt", network, optimizer.state_dict(), 7)
    state = torch.load(tmp_path / "network.pt", weights_only=True)
    assert set(state) == {"model_class", "init_params", "epoch", "state_dict", "optimizer"}
    assert (state["model_class"], state["epoch"]) == ("DnCNN", 7)
    assert state["init_params"]["n_layers"] == 6
    for name, weights in network.state_dict().items():
        assert torch.equal(state["state_dict"][name], weights)


@pytest.mark.parametrize("name", ["network", "network.safetensors"])
def test_any_other_file_is_safetensors(name, tmp_path):
    network = small()
    io.save_model(tmp_path / name, network, epoch_num=3)
    stored = load_file(tmp_path / name)
    assert sum(tensor.numel() for tensor in stored.values()) >= 256
    assert io.load_model(tmp_path / name)["epoch"] == 3


@pytest.mark.parametrize("name", ["network", "network.safetensors", "network.pt"])
def test_what_is_saved_is_loaded(name, tmp_path):
    network, optimizer = small(), torch.optim.AdamW([nn.Parameter(torch.ones(2))])
    io.save_model(tmp_path / name, network, optimizer.state_dict(), 5)
    state = io.load_model(tmp_path / name)
    assert state["optimizer"]["param_groups"][0]["lr"] == 1e-3
    again = config.create_network(state)
    x = torch.randn(1, 1, 20)
    assert torch.equal(again.cpu().eval()(x), network.eval()(x))


def test_the_states_of_a_training_have_their_names(tmp_path):
    io.save_model_state(tmp_path, 4, small())
    io.save_model_state(tmp_path, 4, small(), is_best=True)
    names = {file.name for file in (tmp_path / "weights").iterdir()}
    assert names == {"weights.pt", "weights_epoch_4.pt"}
    assert io.load_model_state(tmp_path)["epoch"] == io.load_model_state(tmp_path, 4)["epoch"] == 4
    with pytest.raises(InputError, match="4"):
        io.load_model_state(tmp_path, 3)


def test_parameters_and_gradients_as_arrays():
    utils, network, other = ad.models.param_utils, small(seed=1), small(seed=2)
    assert utils.get_num_parameters(network) == 256
    values, info = utils.get_parameters(network)
    assert values.shape == (256,)
    utils.set_parameters(other, values, info)
    for ours, theirs in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    network(torch.randn(2, 1, 20)).sum().backward()
    first = next(network.parameters())
    first.grad[0] = torch.nan
    utils.fix_invalid_gradient_values(network)
    gradients, _ = utils.get_gradients(network)
    assert gradients.shape == (256,)
    assert np.isfinite(gradients).all()
    np.testing.assert_array_equal(gradients[: first.numel()], first.grad.flatten())
