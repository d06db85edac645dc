"""A trained method as a file: safetensors for its weights, one checked JSON text for all else.

A kind of method is a record in `trained_records`, a function here that makes it of a method, and
one that makes a method of it. What is read is checked before memory is taken for anything, and
nothing in a file can run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from autoden.auto.files.parts import (
    NOISES,
    UNITS,
    filter_of,
    filter_part,
    noise_of,
    part_of,
    units_from,
)
from autoden.auto.files.trained_records import (
    AxisRecord,
    FilterRecord,
    ImageMixtureRecord,
    MethodRecord,
    RateNetworkRecord,
    SetupRecord,
    SourcesRecord,
    SpectrumMixtureRecord,
    TrainedRecord,
)
from autoden.auto.images.members import ImageMembers
from autoden.auto.images.shelf import Shelf
from autoden.auto.learning.method import Filter, Method
from autoden.auto.learning.mixture import Mixture
from autoden.auto.learning.rate_network import RateNetwork, Stabilised
from autoden.auto.learning.units import CountUnits
from autoden.auto.setup import Setup
from autoden.auto.spectra.members import SpectrumMembers
from autoden.auto.trained import Trained
from autoden.auto.verdicts.noise_again import levels_of
from autoden.errors import InputError
from autoden.io.files import FilePath
from autoden.models.dncnn import DnCNN
from autoden.models.kernel_mixture import KernelMixture
from autoden.models.model_files import SavedModel
from autoden.models.records import NetworkRecord
from autoden.models.registry import class_name
from autoden.models.saved_state import check_finite, open_saved_state
from autoden.models.tensor_files import read_tensors, write_tensors
from autoden.models.trees import join_tensors, split_tensors
from autoden.noise.model import NoiseModel
from autoden.signals import Axis

POSITIONS: Final = "axis"

Weights = Sequence[Mapping[str, Tensor]]
"""Those of each network."""


@dataclass(frozen=True, eq=False)
class Around:
    """What a method is put together for."""

    noise: NoiseModel
    setup: Setup


def write_trained(
    path: FilePath, trained: Trained, setup: Setup, *, overwrite: bool = False
) -> Path:
    """Write a trained method, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file.
    trained : Trained
        The method.
    setup : Setup
        The kind of measurement that it is for.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"`path` is {path!r}: give a file's name, such as 'method.safetensors'.")
    method, networks = _record_of(trained.method)
    tensors = {
        f"network.{i}.{name}": weight
        for i, network in enumerate(networks)
        for name, weight in SavedModel.of(network).weights.items()
    }
    axis = setup.axis
    if axis is not None and axis.values is not None:
        tensors[POSITIONS] = torch.from_numpy(np.array(axis.values, dtype=np.float64))
    try:
        record = TrainedRecord(
            versions={package: version(package) for package in ("autoden", "torch")},
            setup=_setup_record(setup),
            noise=part_of(trained.noise, NOISES),
            method=method,
            candidates=trained.candidates,
            n_replicas=trained.n_replicas,
            seed=trained.seed,
            settings=dict(trained.settings),
            level_error=float(trained.level_error),
            levels=levels_of(trained),
        )
    except ValidationError as error:
        raise InputError(f"{path}: the method cannot be saved ({error}).") from error
    write_tensors(path, tensors, record, overwrite=overwrite)
    return Path(path)


def read_trained(path: FilePath) -> tuple[Trained, Setup]:
    """Read what `write_trained` wrote, trusting nothing.

    Returns
    -------
    trained : Trained
        The method; its estimates are those of the one that was written, to the last bit on the
        same machine.
    setup : Setup
        The kind of measurement that it is for.

    Raises
    ------
    InputError
        No such file, or not one of a method, or not intact, or with parts that do not exist or
        do not fit.
    """
    tensors, record = read_tensors(path, TrainedRecord)
    try:
        setup = _setup_of(record.setup, tensors.pop(POSITIONS, None))
        noise = noise_of(record.noise)
        weights = _weights_of(tensors)
        method = _METHODS[type(record.method)](record.method, Around(noise, setup), weights)
        if sum(candidate.chosen for candidate in record.candidates) != 1:
            raise InputError("not exactly one of its candidates is chosen.")
    except InputError as error:
        raise InputError(
            f"{path} is not as autoden writes it: {error} Choose another file, or a version of "
            "autoden as new as the one that wrote it."
        ) from error
    trained = Trained(
        method,
        noise,
        record.candidates,
        record.n_replicas,
        record.seed,
        dict(record.settings),
        (),
        record.level_error,
        record.levels,
    )
    return trained, setup


def _record_of(method: Method) -> tuple[MethodRecord, Sequence[nn.Module]]:
    """Describe a method, and give its networks."""
    if isinstance(method, Filter):
        return FilterRecord(filter=filter_part(method.baseline)), ()
    if isinstance(method, RateNetwork):
        network = method.network.network
        units = part_of(method.units, UNITS)
        return RateNetworkRecord(units=units, network=_network_record(network)), (network,)
    if not isinstance(method, Mixture):
        raise InputError(f"a {type(method).__name__} cannot be saved.")
    members, networks = method.members, method.networks
    common: dict[str, Any] = {
        "units": part_of(members.units, UNITS),
        "network": _network_record(networks[0]),
        "n_networks": len(networks),
    }
    if isinstance(members, ImageMembers):
        common["filters"] = tuple(filter_part(each) for each in members.filters)
        return ImageMixtureRecord(learning=members.learning, **common), networks
    if not isinstance(members, SpectrumMembers):
        raise InputError(f"a mixture of {type(members).__name__} cannot be saved.")
    common["filters"] = tuple(filter_part(each) for each in members.filters)
    first, last = members.widths
    record = SpectrumMixtureRecord(
        widths=(float(first), float(last)),
        reference=members.reference,
        sources=_sources_of(members),
        **common,
    )
    return record, networks


def _filter(record: FilterRecord, around: Around, weights: Weights) -> Method:
    _check_number(weights, 0)
    return Filter(filter_of(record.filter, around.setup.n_dims), around.noise)


def _rate_network(record: RateNetworkRecord, around: Around, weights: Weights) -> Method:
    _check_number(weights, 1)
    units = units_from(record.units)
    network = _network(record.network, weights[0], DnCNN, around.setup.n_dims)
    return RateNetwork(Stabilised(network, isinstance(units, CountUnits)).eval(), units)


def _spectrum_mixture(record: SpectrumMixtureRecord, around: Around, weights: Weights) -> Method:
    setup = around.setup
    if not all(0 < width <= setup.n_channels for width in record.widths) or setup.n_dims != 1:
        raise InputError(f"it has lines of {record.widths} channels of {setup.n_channels}.")
    members = SpectrumMembers(
        around.noise,
        units_from(record.units),
        record.widths,
        tuple(filter_of(each, 1) for each in record.filters),
        record.reference,
    )
    if _sources_of(members) != record.sources:
        raise InputError("it mixes sources that this version does not make.")
    return _mixture(record, members, 1, weights)


def _image_mixture(record: ImageMixtureRecord, around: Around, weights: Weights) -> Method:
    n_dims = around.setup.n_dims
    if n_dims == 1:
        raise InputError("it mixes filters of images, and is for spectra.")
    members = ImageMembers(
        around.noise,
        units_from(record.units),
        n_dims,
        tuple(filter_of(each, n_dims) for each in record.filters),
        record.learning,
        Shelf(around.noise),
    )
    return _mixture(record, members, n_dims, weights)


def _mixture(
    record: SpectrumMixtureRecord | ImageMixtureRecord,
    members: SpectrumMembers | ImageMembers,
    n_dims: int,
    weights: Weights,
) -> Mixture:
    _check_number(weights, record.n_networks)
    networks = [_network(record.network, each, KernelMixture, n_dims) for each in weights]
    n_estimates = record.network.params.get("n_channels_estimates")
    stabilise = record.network.params.get("stabilise")
    if (n_estimates, stabilise) != (members.n_estimates, members.units.stabilise):
        raise InputError(
            f"its network is for {n_estimates} estimates, stabilised by {stabilise}, its members "
            f"are {members.n_estimates}, by {members.units.stabilise}."
        )
    return Mixture(members, tuple(networks))  # type: ignore[arg-type]  # `_network` checked it


_METHODS: Final[Mapping[type[Any], Callable[[Any, Around, Weights], Method]]] = {
    FilterRecord: _filter,
    RateNetworkRecord: _rate_network,
    SpectrumMixtureRecord: _spectrum_mixture,
    ImageMixtureRecord: _image_mixture,
}


def _network_record(network: nn.Module) -> NetworkRecord:
    params = SavedModel.of(network).params
    plain, _ = split_tensors(dict(vars(params)))
    return NetworkRecord(name=class_name(type(params)), params=dict(plain["map"]))


def _network(
    record: NetworkRecord, weights: Mapping[str, Tensor], kind: type[nn.Module], n_dims: int
) -> nn.Module:
    """Build a network of one channel, if that is what was described and its weights fit."""
    params, own = open_saved_state(
        {
            "model_class": record.name,
            "init_params": {name: join_tensors(each, []) for name, each in record.params.items()},
            "state_dict": weights,
        }
    )
    if params.network_class() is not kind:
        raise InputError(f"its network is a {record.name}: a {kind.__name__} was expected.")
    shape = (params.n_dims, params.n_channels_in, params.n_channels_out)
    if shape != (n_dims, 1, 1):
        raise InputError(f"its network has (dimensions, channels in, out) {shape}.")
    return SavedModel(params, own).get_model("cpu").eval()


def _sources_of(members: SpectrumMembers) -> tuple[SourcesRecord, ...]:
    return tuple(
        SourcesRecord(
            widths=(float(source.widths[0]), float(source.widths[1])),
            iterations=tuple(source.iterations),
        )
        for source in members.sources
    )


def _setup_record(setup: Setup) -> SetupRecord:
    axis = None
    if setup.axis is not None:
        has_values = setup.axis.values is not None
        axis = AxisRecord(name=setup.axis.name, unit=setup.axis.unit, has_values=has_values)
    n_dims = cast("Literal[1, 2, 3]", setup.n_dims)
    return SetupRecord(n_dims=n_dims, n_channels=setup.n_channels, axis=axis)


def _setup_of(record: SetupRecord, positions: Tensor | None) -> Setup:
    axis = record.axis
    if (axis is None) != (record.n_dims > 1):
        raise InputError("its axis is not that of spectra, or missing.")
    if (axis is not None and axis.has_values) != (positions is not None):
        raise InputError("the positions of its axis are missing, or of no axis.")
    if axis is None:
        return Setup(record.n_dims, record.n_channels)
    if positions is None:
        return Setup(record.n_dims, record.n_channels, Axis(axis.name, axis.unit))
    check_finite(POSITIONS, positions)
    if positions.dtype != torch.float64 or positions.shape != (record.n_channels,):
        raise InputError(
            f"the positions of its axis are {tuple(positions.shape)} of {positions.dtype}."
        )
    found = Axis(axis.name, axis.unit, positions.numpy())
    return Setup(record.n_dims, record.n_channels, found)


def _weights_of(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Sort the weights by their networks, which are numbered from 0."""
    networks: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        what, _, rest = name.partition(".")
        number, _, own = rest.partition(".")
        if what != "network" or not own:
            raise InputError(f"it holds {name!r:.100}, which belongs to nothing known.")
        networks.setdefault(number, {})[own] = tensor
    if set(networks) != {str(i) for i in range(len(networks))}:
        raise InputError(f"its networks are numbered {sorted(networks)!r:.100}.")
    return [networks[str(i)] for i in range(len(networks))]


def _check_number(weights: Weights, expected: int) -> None:
    if len(weights) != expected:
        raise InputError(f"it has the weights of {len(weights)} networks, not of {expected}.")
