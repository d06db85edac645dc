"""What a model file says about its tensors: one JSON text of this schema, and of no other.

Every value is checked for its type, and unknown keys are refused. Whether the network exists and
can have these parameters is not known here.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from autoden.signals.scaling import DataScaleBias


def _finite(value: Any) -> Any:
    """Return plain values if all their numbers are finite; JSON's NaN is no JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    inside = value.values() if isinstance(value, dict) else value
    if isinstance(inside, str) or not hasattr(inside, "__iter__"):
        return value
    for part in inside:
        _finite(part)
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Plain = Annotated[JsonValue, AfterValidator(_finite)]
Channels = Annotated[int, Field(ge=1)]


class Record(BaseModel):
    """A part of the text: types as declared, nothing more, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NetworkRecord(Record):
    """Which network the weights are of.

    Attributes
    ----------
    name : str
        Its name in `autoden.models.NETWORKS`.
    params : dict
        Its parameters, by name.
    """

    name: Name
    params: dict[Name, Plain]


class DenoiserRecord(Record):
    """What a denoiser needs besides its network.

    Attributes
    ----------
    algorithm : str
        Its name in the table of algorithms.
    n_dims : {1, 2, 3}
        Dimensions of the signal.
    n_channels_in, n_channels_out : int
        Channels of the input and of the output.
    axes : str, optional
        Letters of the axes of one measurement, in order, such as "CYX"; "X" for a spectrum's.
    scaling : DataScaleBias, optional
        From data units to the network's.
    settings : dict
        How it was trained: any plain values.
    arrays : tuple of str
        Names of the arrays that the file holds for it, such as "lower_limit".
    """

    algorithm: Name
    n_dims: Literal[1, 2, 3]
    n_channels_in: Channels = 1
    n_channels_out: Channels = 1
    axes: Annotated[str, StringConstraints(pattern=r"^[RSCZYXE]{1,7}$")] | None = None
    scaling: DataScaleBias | None = None
    settings: dict[Name, Plain] = Field(default_factory=dict)
    arrays: tuple[Name, ...] = ()


class FileRecord(Record):
    """What every file says; a kind of file gives `format` its one value.

    Attributes
    ----------
    format, format_version : str, int
        What the file is; a later version may mean something else and is refused.
    versions : dict
        Versions of the packages that wrote it.
    sha256 : str
        Digest of all tensors; empty until they are written.
    """

    format: str
    format_version: Literal[1] = 1
    versions: dict[Name, Name] = Field(default_factory=dict)
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""


class ModelRecord(FileRecord):
    """All that a model file says, beside what every file says.

    Attributes
    ----------
    network : NetworkRecord
        The network.
    epoch : int
        When in its training the weights were taken.
    optimizer : optional
        State of the optimiser, as `autoden.models.trees.split_tensors` takes it apart.
    denoiser : DenoiserRecord, optional
        The denoiser, if the file is of one.
    """

    format: Literal["autoden-model"] = "autoden-model"
    network: NetworkRecord
    epoch: Annotated[int, Field(ge=0, lt=2**63)] = 0
    optimizer: Plain = None
    denoiser: DenoiserRecord | None = None
