"""The small frozen objects that methods are made of, as plain values and back, by name.

A new noise model or kind of units is one line here; filters are found in their own registry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from autoden.auto.files.trained_records import PartRecord
from autoden.auto.images.single import SingleUnknown
from autoden.auto.learning.units import CountUnits, LevelUnits, Units
from autoden.baselines.baseline import Baseline
from autoden.baselines.registry import BASELINES
from autoden.errors import InputError
from autoden.noise.gaussian import Gaussian
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import Unknown

Kinds = Mapping[str, type[Any]]

NOISES: Final[Kinds] = MappingProxyType(
    {
        "poisson": Poisson,
        "gaussian": Gaussian,
        "unknown": Unknown,
        "unknown of one image": SingleUnknown,
    }
)
UNITS: Final[Kinds] = MappingProxyType({"counts": CountUnits, "level": LevelUnits})

LONGEST: Final = 2**16
"""Filters larger than those for measurements of so many elements along each axis are refused."""


def part_of(value: object, kinds: Kinds) -> PartRecord:
    """Take a small object apart.

    Examples
    --------
    >>> part_of(Poisson(gain=2.5), NOISES)
    PartRecord(kind='poisson', values={'gain': 2.5})
    """
    name = next(name for name, kind in kinds.items() if kind is type(value))
    plain = TypeAdapter(type(value)).dump_python(value, mode="json", fallback=lambda v: v.item())
    return PartRecord(kind=name, values=plain)


def filter_part(value: Baseline) -> PartRecord:
    """Take a filter apart."""
    return part_of(value, {value.name: type(value)})


def noise_of(record: PartRecord) -> NoiseModel:
    """Put a noise model together."""
    return cast(NoiseModel, _whole(record, NOISES, "noise model"))


def units_from(record: PartRecord) -> Units:
    """Put units together.

    Raises
    ------
    InputError
        As for all parts, or units that are not above 0.
    """
    units = _whole(record, UNITS, "kind of units")
    size = units.unit if isinstance(units, CountUnits) else units.sigma
    if not size > 0:
        raise InputError(f"its units are {units}: they have to be above 0.")
    return cast(Units, units)


def filter_of(record: PartRecord, n_dims: int) -> Baseline:
    """Put a filter together.

    Raises
    ------
    InputError
        There is no such filter for so many dimensions, or its parameters lie beyond those that
        are ever tried, and might ask for any amount of work.
    """
    if record.kind not in BASELINES:
        raise InputError(f"it has the filter {record.kind!r:.100}: known are {[*BASELINES]}.")
    family = BASELINES[record.kind]
    if n_dims not in family.n_dims:
        raise InputError(f"its filter {record.kind!r} is not for {n_dims}D measurements.")
    tried = family.candidates((LONGEST,) * n_dims)
    found: Baseline = _whole(record, {record.kind: family.load()}, "filter")
    for each in fields(cast(Any, found)):
        numbers = list(_numbers(getattr(found, each.name)))
        limits = [abs(n) for other in tried for n in _numbers(getattr(other, each.name))]
        if numbers and max(map(abs, numbers)) > max(limits, default=0):
            raise InputError(
                f"its filter {record.kind!r} has {each.name} {record.values[each.name]!r:.100}: "
                f"at most {max(limits, default=0):g} is ever used."
            )
    return found


def _whole(record: PartRecord, kinds: Kinds, what: str) -> Any:
    """Put an object together from exactly its fields, each of exactly its type."""
    if record.kind not in kinds:
        raise InputError(f"it has the {what} {record.kind!r:.100}: known are {[*kinds]}.")
    kind = kinds[record.kind]
    names = [each.name for each in fields(kind)]
    if set(record.values) != set(names):
        raise InputError(
            f"its {what} {record.kind!r} has {[*record.values]!r:.200}: it takes {names}."
        )
    try:
        return TypeAdapter(kind).validate_json(json.dumps(record.values), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"its {what} {record.kind!r} is none, {where}: {first['msg']}.") from error


def _numbers(value: Any) -> Iterator[float]:
    """Give the numbers in a value, however deep."""
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _numbers(tuple(getattr(value, each.name) for each in fields(value)))
