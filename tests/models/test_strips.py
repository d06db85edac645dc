"""Layers applied strip by strip give what they give for the whole."""

import pytest
import torch
from torch import Tensor, nn

from autoden.models.blocks import same_conv
from autoden.models.narrow import strips
from autoden.models.narrow.chain import Chain
from autoden.models.narrow.strips import in_strips
from autoden.models.padding import Pad
from autoden.models.params import NetworkParamsDnCNN, NetworkParamsUNet


@pytest.fixture(autouse=True)
def strips_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 1)
    monkeypatch.setattr(strips, "OF_A_STRIP", 1)


def layers(n_dims: int, pad_mode: str) -> Chain:
    torch.manual_seed(0)
    norm = (nn.BatchNorm2d, nn.BatchNorm3d)[n_dims - 2](3)
    nn.init.uniform_(norm.running_mean)
    first = Chain(*same_conv(2, 3, n_dims, pad_mode=pad_mode), norm, nn.LeakyReLU(0.2))
    return Chain(first, *same_conv(3, 2, n_dims, dilation=2, pad_mode=pad_mode)).eval()


def image(n_dims: int, n_samples: int = 2) -> Tensor:
    shape = (n_samples, 2, 61, 7, 5)[: n_dims + 2]
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("pad_mode", ["replicate", "reflect", "zeros"])
def test_strips_are_the_whole(n_dims, pad_mode) -> None:
    chain, x, sizes = layers(n_dims, pad_mode), image(n_dims), []

    def compute(part: Tensor) -> Tensor:
        sizes.append(part.shape[2])
        return nn.Sequential(*chain)(part)

    found = in_strips(chain, x, compute)
    torch.testing.assert_close(found, compute(x), rtol=1e-5, atol=1e-6)
    assert len(sizes) > 3
    assert max(sizes[:-1]) < 40


@torch.inference_mode()
@pytest.mark.parametrize("params", [NetworkParamsUNet(n_features=4), NetworkParamsDnCNN(4, 4)])
def test_networks_are_the_same_in_strips(params, monkeypatch) -> None:
    network = params.get_model("cpu", 0).eval()
    x = torch.randn(1, params.n_channels_in, 80, 33, generator=torch.Generator().manual_seed(1))
    found = network(x)
    monkeypatch.setattr(strips, "LARGE", x.numel() * 1000)
    torch.testing.assert_close(found, network(x), rtol=1e-5, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize(
    "chain",
    [
        Chain(nn.Conv2d(2, 2, 3)),  # its output is smaller
        Chain(nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(2, 2, 3, padding=1)),  # would act twice
        Chain(nn.Conv2d(2, 2, 3, padding=1), Pad(1, "reflect")),
        Chain(nn.Conv2d(2, 2, 3, padding=(1, 0))),
        Chain(nn.Conv2d(2, 2, 3, padding="same")),
        Chain(nn.Conv2d(2, 2, 3, padding=1, stride=2)),
        Chain(nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular")),
        Chain(Pad(1, "circular"), nn.Conv2d(2, 2, 3)),
        Chain(Pad(1, "reflect"), nn.LeakyReLU()),
        Chain(nn.BatchNorm2d(2)),  # takes statistics of the whole batch
        Chain(nn.AvgPool2d(2)),
    ],
    ids=str,
)
def test_what_does_not_fit_into_strips_is_left_whole(chain) -> None:
    assert in_strips(chain, image(2), chain) is None


class Gated(nn.Sequential):
    """Scales by the mean of the whole image, which no strip knows."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * x.mean((2, 3), keepdim=True)


@torch.no_grad()
def test_sequences_with_a_forward_of_their_own_and_hooks_are_left_whole() -> None:
    chain = Chain(Gated(nn.LeakyReLU(0.2)))
    assert in_strips(chain, image(2), chain) is None
    chain = layers(2, "reflect")
    chain[0][1].register_forward_hook(lambda *given: None)
    assert in_strips(chain, image(2), chain) is None


def test_small_images_and_training_are_left_whole(monkeypatch) -> None:
    chain, x = layers(2, "reflect"), image(2)
    assert in_strips(chain, x, chain) is None  # gradients are wanted
    with torch.no_grad():
        assert in_strips(chain, x[:, :, :30], chain) is None  # no two strips
        monkeypatch.setattr(strips, "LARGE", x.numel() + 1)
        assert in_strips(chain, x, chain) is None
