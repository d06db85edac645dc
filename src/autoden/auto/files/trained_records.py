"""What the file of a trained method says: one JSON text of this schema, and of no other.

Types and ranges are checked here; whether the parts exist and fit one another is `trained_files`'
business.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoden.auto.learning.mixture import Learning
from autoden.auto.learning.selection import Candidate
from autoden.auto.verdicts.noise_again import NoiseLevels
from autoden.models.records import FileRecord, Name, NetworkRecord, Plain, Record

MOST_FILTERS, MOST_NETWORKS, MOST_CANDIDATES, MOST_REPLICAS = 64, 64, 64, 10_000

Count = Annotated[int, Field(ge=1, lt=2**31)]
Text = Annotated[str, Field(max_length=1000)]


class PartRecord(Record):
    """A small object: a noise model, units, a filter.

    Attributes
    ----------
    kind : str
        Its name in its table.
    values : dict
        All its fields, by name.
    """

    kind: Name
    values: dict[Name, Plain]


class SourcesRecord(Record):
    """Non-negative sources, as `autoden.transforms.richardson_lucy.RichardsonLucy` has them."""

    widths: tuple[float, float]
    iterations: tuple[Count, ...]


Filters = Annotated[tuple[PartRecord, ...], Field(max_length=MOST_FILTERS)]


class FilterRecord(Record):
    """A classical filter."""

    kind: Literal["filter"] = "filter"
    filter: PartRecord


class RateNetworkRecord(Record):
    """An ordinary network; its weights are in the tensors."""

    kind: Literal["rate network"] = "rate network"
    units: PartRecord
    network: NetworkRecord


class SpectrumMixtureRecord(Record):
    """A mixture of filters and sources of spectra, by networks of one kind."""

    kind: Literal["mixture of spectra"] = "mixture of spectra"
    units: PartRecord
    filters: Filters
    widths: tuple[float, float]
    reference: Annotated[int, Field(ge=0, lt=MOST_FILTERS)]
    sources: Annotated[tuple[SourcesRecord, ...], Field(max_length=MOST_FILTERS)]
    network: NetworkRecord
    n_networks: Annotated[int, Field(ge=1, le=MOST_NETWORKS)]


class ImageMixtureRecord(Record):
    """A mixture of filters of images or volumes, by networks of one kind."""

    kind: Literal["mixture of images"] = "mixture of images"
    units: PartRecord
    filters: Filters
    learning: Learning
    network: NetworkRecord
    n_networks: Annotated[int, Field(ge=1, le=MOST_NETWORKS)]


MethodRecord = Annotated[
    FilterRecord | RateNetworkRecord | SpectrumMixtureRecord | ImageMixtureRecord,
    Field(discriminator="kind"),
]


class AxisRecord(Record):
    """What runs along spectra; its positions are in the tensors, if it has any."""

    name: Name
    unit: Text
    has_values: bool


class SetupRecord(Record):
    """The kind of measurement, as `autoden.auto.setup.Setup` has it."""

    n_dims: Literal[1, 2, 3]
    n_channels: Count
    axis: AxisRecord | None


class TrainedRecord(FileRecord):
    """All that the file of a trained method says, as `autoden.auto.trained.Trained` has it."""

    format: Literal["autoden-method"] = "autoden-method"
    setup: SetupRecord
    noise: PartRecord
    method: MethodRecord
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1, max_length=MOST_CANDIDATES)]
    n_replicas: Annotated[int, Field(ge=2, le=MOST_REPLICAS)]
    seed: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None
    settings: dict[Name, Plain]
    level_error: Annotated[float, Field(ge=0)]
    levels: NoiseLevels
