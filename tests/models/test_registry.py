"""Networks of the user's own, known by name."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import autoden as ad
from autoden.errors import InputError
from autoden.models import NETWORKS, create_network, register
from autoden.models.io import load_model, save_model
from autoden.models.registry import describe, describe_network


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    """Whatever a test registers is forgotten afterwards."""
    before = dict(NETWORKS)
    yield
    NETWORKS.clear()
    NETWORKS.update(before)


def define(**options: object) -> type[nn.Module]:
    @register(**options)
    class Wide(nn.Module):
        """A single wide layer."""

        def __init__(
            self,
            n_dims: int,
            n_features: int = 8,
            widths: tuple[int, ...] = (3, 5),
            *,
            scale: float = 1.0,
            device: str | None = None,
        ) -> None:
            super().__init__()
            self.scale = scale
            conv = {1: nn.Conv1d, 2: nn.Conv2d}[n_dims]
            self.layers = nn.Sequential(
                conv(1, n_features, widths[0], padding="same", device=device),
                conv(n_features, 1, widths[1], padding="same", device=device),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.scale * self.layers(x)

    return Wide


def test_name_builds_the_network_with_defaults_and_without() -> None:
    cls = define()
    network = create_network("wide", {"n_dims": 1, "widths": (1, 7)}, device="cpu", seed=0)
    assert type(network) is cls
    expected = {"n_dims": 1, "n_features": 8, "widths": (1, 7), "scale": 1.0}
    assert network.init_params == expected
    assert NETWORKS["wide"](1, widths=(1, 7)).get_model("cpu").init_params == expected
    assert cls(1, 8, widths=(1, 7)).init_params == expected
    assert isinstance(network, ad.models.SerializableModel)
    assert inspect.signature(cls).parameters["n_features"].default == 8
    assert cls.__doc__ == "A single wide layer."


@pytest.mark.parametrize("options", [{}, {"name": "Broad"}])
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_own_networks_are_saved_and_loaded(tmp_path: Path, options: dict, suffix: str) -> None:
    cls = define(**options)
    network = cls(2, widths=(3, 1), scale=0.5)
    file = tmp_path / f"wide.{suffix}"
    save_model(file, network)
    copy = create_network(load_model(file), device="cpu")
    assert type(copy) is cls
    assert copy.init_params == network.init_params
    x = torch.randn(2, 1, 6, 7)
    assert torch.equal(copy(x), network(x))
    name = options.get("name", "wide").lower()
    assert describe_network(network) == (name, NETWORKS[name](**network.init_params))


def test_file_of_a_network_that_is_not_defined_here_says_so(tmp_path: Path) -> None:
    network = define()(1)
    save_model(tmp_path / "wide.pt", network)
    del NETWORKS["wide"]
    with pytest.raises(InputError, match=r"wide.pt.*no network called 'Wide'.*models.register"):
        load_model(tmp_path / "wide.pt")


def test_class_defined_again_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    old, new = define(), define(name="wider")
    assert old is not new
    assert "wide" not in NETWORKS
    assert type(create_network("wider", {"n_dims": 1}, device="cpu")) is new
    save_model(tmp_path / "old.pt", old(1))  # networks of the earlier class are not lost
    assert type(create_network(load_model(tmp_path / "old.pt"), device="cpu")) is new


@pytest.mark.parametrize("name", ["unet", "UNet", "msdnet", "MSD"])
def test_names_of_other_networks_are_taken(name: str) -> None:
    with pytest.raises(InputError, match=rf"The name {name!r} is taken"):
        register(type("Mine", (nn.Module,), {"__init__": lambda self: None}), name=name)
    with pytest.raises(InputError, match=rf"The name {name!r} is taken"):
        register(type(name, (nn.Module,), {"__init__": lambda self: None}))


@pytest.mark.parametrize("name", ["", "a-b", "../a", "a b"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"`name` is .*: give letters"):
        define(name=name)


@pytest.mark.parametrize("thing", ["wide", 3, dict, nn.Linear(1, 1)], ids=str)
def test_only_classes_of_networks_are_registered(thing: object) -> None:
    with pytest.raises(InputError, match=r"cannot be registered: give a subclass"):
        register(thing)


def test_parameters_without_a_name_are_refused() -> None:
    with pytest.raises(InputError, match=r"takes `\*widths: int`, which a file cannot"):

        @register
        class Anonymous(nn.Module):
            def __init__(self, *widths: int) -> None:
                super().__init__()


def test_subclass_that_is_not_registered_cannot_be_saved(tmp_path: Path) -> None:
    class Other(define()):
        pass

    with pytest.raises(InputError, match=r"is a Other, which a file cannot name.*register"):
        save_model(tmp_path / "other.pt", Other(1))
    with pytest.raises(InputError, match=r"is a Linear, which a file cannot name.*'dncnn'"):
        save_model(tmp_path / "other.pt", nn.Linear(1, 1))
    assert not any(tmp_path.iterdir())


def test_network_built_before_its_class_was_registered_is_explained(tmp_path: Path) -> None:
    class Late(nn.Module):
        def __init__(self, n_dims: int = 1) -> None:
            super().__init__()

    early = Late()
    register(Late)
    with pytest.raises(InputError, match=r"Late has no `init_params`: build it anew"):
        save_model(tmp_path / "late.pt", early)


def test_parameters_that_are_not_plain_are_named(tmp_path: Path) -> None:
    @register
    class Activated(nn.Module):
        def __init__(self, activation: type[nn.Module] = nn.ReLU) -> None:
            super().__init__()
            self.layers = activation()

    for suffix in ("pt", "safetensors"):
        with pytest.raises(InputError, match=r"holds <class 'torch.nn.*ReLU'>: only tensors"):
            save_model(tmp_path / f"a.{suffix}", Activated())


def test_parameters_not_given_or_unknown_are_named() -> None:
    define()
    with pytest.raises(InputError, match=r"parameters of wide are \{\}.*'n_dims'"):
        describe("wide", {})
    with pytest.raises(InputError, match=r"a parameter of wide.*'depth': choose one of 'n_dims'"):
        describe("wide", {"n_dims": 1, "depth": 3})


def test_network_that_needs_values_while_it_is_built_is_saved_too(tmp_path: Path) -> None:
    @register
    class Whitened(nn.Module):
        def __init__(self, n_features: int = 3) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.eye(n_features))
            self.gain = float(self.weight.detach().sum())

    save_model(tmp_path / "w.safetensors", Whitened(4))
    assert create_network(load_model(tmp_path / "w.safetensors"), device="cpu").gain == 4.0


def test_list_as_default_is_each_networks_own() -> None:
    @register
    class Listed(nn.Module):
        def __init__(self, widths: list[int] = [1, 2]) -> None:  # noqa: B006
            super().__init__()
            self.widths = widths

    first, second = (create_network("listed", device="cpu") for _ in range(2))
    first.widths.append(3)
    assert second.widths == [1, 2]
