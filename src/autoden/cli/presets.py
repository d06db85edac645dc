"""What a verb does where its user does not say: which network, how large, how long.

The library asks for all of that; a command line should do something sensible with one file. Small
networks suit spectra, whose number of values is small; images need more. Nothing here is torch.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from cyclopts import Parameter

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.options import NETWORK
from autoden.models.params import NETWORKS, NetworkParams
from autoden.models.registry import describe

SPACES = {1: ("spectrum", "spectra"), 2: ("image", "images"), 3: ("volume", "volumes")}
"""What data of so many dimensions are called: one, several."""


@dataclass(frozen=True)
class Preset:
    """A network and a training.

    Attributes
    ----------
    network : NetworkParams
        Of the size that suits it; for one channel.
    training : mapping
        What `train` is given, by name.
    making : mapping
        What the constructor of the denoiser is given, by name.
    """

    network: str
    sizes: Mapping[str, int]
    training: Mapping[str, Any] = field(default_factory=dict)
    making: Mapping[str, Any] = field(default_factory=dict)


Presets = Mapping[int, Preset]
"""One for each number of dimensions."""

BY_DIMENSIONS: Presets = {
    1: Preset("dncnn", {"n_features": 4, "n_layers": 6}, {"epochs": 10_000, "learning_rate": 1e-2}),
    2: Preset("unet", {"n_features": 16}, {"epochs": 500, "learning_rate": 3e-3}),
    3: Preset("unet", {"n_features": 8}, {"epochs": 500, "learning_rate": 1e-3}),
}
"""What suits spectra, images and volumes."""

_WINDOWS = {1: {}, 2: {"patch_size": 128}, 3: {"patch_size": 32}}
"""Steps on windows cost the same for small and large images."""

_PRIOR = {"epochs": 1_000, "learning_rate": 1e-2}
_SHORT = {"epochs": 500, "learning_rate": 3e-3}


def _for_all(network: str, sizes: Mapping[str, int], training: Mapping[str, Any]) -> Presets:
    """Take one network and training for spectra, images and volumes, on windows of the latter."""
    return {n_dims: Preset(network, sizes, training, _WINDOWS[n_dims]) for n_dims in SPACES}


BY_ALGORITHM: dict[str, Presets] = {
    "dip": {n_dims: replace(preset, training=_PRIOR) for n_dims, preset in BY_DIMENSIONS.items()},
    "zsn2n": _for_all("plain", {"n_features": 48, "n_layers": 3}, _SHORT),
    "nb2nb": _for_all("plain", {"n_features": 32, "n_layers": 6}, _SHORT),
    "r2r": _for_all("plain", {"n_features": 32, "n_layers": 6}, _SHORT),
    "blindspot": _for_all("blind_spot", {"n_features": 24, "n_layers": 5}, _SHORT),
}
"""What suits an algorithm better."""

ALWAYS = {"seed": 0, "restarts": 1}
"""Other defaults than the library's: a run repeats, and its learning rate falls."""

BY_DATA = tuple(BY_DIMENSIONS[1].training)
"""Options whose default depends on the data."""


@Parameter(name="*", group=NETWORK)
@dataclass(frozen=True)
class NetworkChoice:
    """Which network to train.

    Attributes
    ----------
    model
        The network; by default what suits the data, see below.
    features
        How many features it has.
    layers
        How many layers it has, or how many levels (unet).
    """

    model: Annotated[str | None, Parameter(choices=tuple(NETWORKS))] = None
    features: int | None = None
    layers: Annotated[int | None, Parameter(alias="--levels")] = None

    def params(
        self, n_dims: int, n_channels_in: int, n_channels_out: int, algorithm: str | None = None
    ) -> NetworkParams:
        """Give the parameters of the network for data of a kind, and for an algorithm.

        Raises
        ------
        InputError
            A size that no network can have, or that this one does not know.
        """
        preset = preset_of(algorithm, n_dims)
        model = self.model or preset.network
        sizes = dict(preset.sizes) if model == preset.network else {}
        known = inspect.signature(NETWORKS[model]).parameters
        depth = "n_levels" if "n_levels" in known else "n_layers"
        given = {"n_features": self.features, depth: self.layers}
        sizes |= {name: size for name, size in given.items() if size is not None}
        channels = {"n_channels_in": n_channels_in, "n_channels_out": n_channels_out}
        return describe(model, {"n_dims": n_dims, **channels, **sizes})


def choice_of(params: NetworkParams) -> dict[str, Any]:
    """Say a network by the names of the options that choose it.

    Examples
    --------
    >>> choice_of(NetworkChoice(layers=2).params(2, 1, 1))
    {'model': 'unet', 'features': 16, 'layers': 2}
    """
    depth = getattr(params, "n_levels", getattr(params, "n_layers", None))
    model = next((name for name, kind in NETWORKS.items() if type(params) is kind), None)
    return {"model": model, "features": getattr(params, "n_features", None), "layers": depth}


def preset_of(algorithm: str | None, n_dims: int) -> Preset:
    """Give what an algorithm does where nothing is said, for data of so many dimensions.

    Examples
    --------
    >>> preset_of("n2n", 1).training["epochs"], preset_of("dip", 2).training["epochs"]
    (10000, 1000)
    >>> preset_of("zsn2n", 2).network, preset_of("zsn2n", 2).making
    ('plain', {'patch_size': 128})
    """
    return BY_ALGORITHM.get(algorithm or "", BY_DIMENSIONS)[n_dims]


def say_presets(algorithm: str) -> str:
    """Say what a verb does where nothing is said, for its help."""
    parts = []
    for n_dims in ALGORITHMS[algorithm].n_dims:
        preset = preset_of(algorithm, n_dims)
        sizes = " and ".join(f"{n} {name[2:]}" for name, n in preset.sizes.items())
        training = {**preset.training, **preset.making}
        trained = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in training.items())
        parts.append(f"{SPACES[n_dims][1]}: {preset.network} with {sizes}, {trained}")
    return f"Where not given, for {'; for '.join(parts)}."
