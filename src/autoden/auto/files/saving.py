r"""The back door of ``denoise``: an estimate and its uncertainty, in one file or in two.

Tables hold both, as rows or as columns, whichever the measured table had; .npz, HDF5 and zarr hold
the uncertainty as a second array; for all other formats it goes to a second file,
``out.sigma.npy`` next to ``out.npy``. How a format is written, the room ``io`` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.spectra.measurement import Measurement
from autoden.errors import InputError
from autoden.io.files import FilePath
from autoden.io.positions import position_label
from autoden.io.registry import check_writable, format_of, writing
from autoden.io.table_layout import BARE_COLUMN, BARE_COLUMNS, COLUMNS
from autoden.signals import Axis, Signal
from autoden.signals.values import check_finite, check_numeric

ESTIMATE, SIGMA = "estimate", "sigma"
"""What the two arrays are called in files."""

_TABLE = ".csv"
_OF_READING = ("assumed", "source", "layout", "table")  # metadata that say how a file was read
AnyMeasurement = Measurement | ImageMeasurement

_KEPT_STYLE = ("delimiter", "whole_positions")  # of a measured table
_IN_COLUMNS = (COLUMNS, BARE_COLUMN, BARE_COLUMNS)


def save_estimate(
    path: FilePath,
    estimate: ArrayLike,
    uncertainty: ArrayLike,
    measurement: AnyMeasurement,
    *,
    overwrite: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> tuple[Path, ...]:
    r"""Write an estimate and its uncertainty, both or neither.

    Parameters
    ----------
    path : path-like
        The file; its suffix says which format it gets. A .csv, .tsv or .txt table gets the rows or
        columns "estimate" and "sigma", for samples "estimate 0", ..., "sigma 0", ...; an .npz file
        the arrays "data" and "sigma", HDF5 and zarr likewise; other formats a second file
        ``NAME.sigma.SUFFIX``.
    estimate, uncertainty : array_like
        Of the shape ``measurement.shape``, in the units of the measurement; finite.
    measurement : Measurement
        What was denoised. Its files are never written to.
    overwrite : bool
        Whether files that are there may be replaced.
    metadata : mapping or None
        Method and settings: text, numbers, true or false, and lists and mappings of them.
        Formats that cannot hold them have a second file for them, ``out.csv.autoden.json``.

    Returns
    -------
    tuple of Path
        The files written, without those that hold what their format cannot.

    Raises
    ------
    InputError
        A file that is there and `overwrite` is False, or that was measured; another shape; what
        the format cannot hold.

    Examples
    --------
    >>> import tempfile
    >>> from autoden.auto.spectra.measurement import read_measurement
    >>> energy = Axis("energy", "keV", np.arange(8.0))
    >>> measured = read_measurement(Signal(np.arange(8), (energy,)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (file,) = save_estimate(f"{folder}/out.csv", np.ones(8), np.zeros(8), measured)
    ...     print(file.read_text())
    quantity \ energy (keV),0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0
    estimate,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0
    sigma,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0
    """
    values = _real(estimate, measurement, ESTIMATE)
    sigma = _real(uncertainty, measurement, SIGMA)
    files = _files(as_path(path), values, sigma, measurement, metadata or {})
    _check_not_measured(files, measurement)
    with ExitStack() as stack:
        temporaries = [
            stack.enter_context(writing(target, overwrite=overwrite)) for target in files
        ]
        for (target, signal), temporary in zip(files.items(), temporaries, strict=True):
            file_format = format_of(target)
            more = {SIGMA: sigma} if file_format.holds_sigma else {}
            file_format.write_into(temporary, target, signal, **more)
    return tuple(files)


def check_saving(path: FilePath, measurement: AnyMeasurement, *, overwrite: bool = False) -> None:
    """Check, before a long computation, that an estimate could be saved.

    Parameters
    ----------
    path, measurement, overwrite
        As in `save_estimate`.

    Raises
    ------
    InputError
        As `save_estimate` would raise it.
    """
    zeros = np.zeros(measurement.shape)
    files = _files(as_path(path), zeros, zeros, measurement, {})
    _check_not_measured(files, measurement)
    for target, signal in files.items():
        check_writable(target, signal, overwrite=overwrite)


def as_path(path: FilePath) -> Path:
    """Give a name as a path, or raise if it is none."""
    if not isinstance(path, str | PathLike) or not str(path):
        raise InputError(f"`path` is {path!r}: give the name of a file.")
    return Path(path).expanduser()


def sigma_path(path: FilePath) -> Path:
    """Return where the uncertainty goes if a format holds a single array.

    Examples
    --------
    >>> sigma_path("out.npy").name
    'out.sigma.npy'
    """
    given = Path(path)
    return given.with_name(f"{given.stem}.{SIGMA}{given.suffix}")


def _files(
    path: Path,
    estimate: NDArray[np.float64],
    sigma: NDArray[np.float64],
    measurement: AnyMeasurement,
    metadata: Mapping[str, Any],
) -> dict[Path, Signal]:
    """Say what goes into which file."""
    kept = {key: each for key, each in measurement.metadata.items() if key not in _OF_READING}
    if measurement.sources:
        kept["measured"] = [str(source) for source in measurement.sources]
    kept |= metadata
    if _TABLE in format_of(path).suffixes:
        if isinstance(measurement, ImageMeasurement):
            raise InputError(
                f"{path.name} is a table, which has no room for images: save them as .tif, .npy, "
                ".npz or another format of images."
            )
        table = _table(estimate, sigma, measurement)
        return {path: table.with_data(table.data, metadata=kept)}
    estimated = measurement.signal_of(estimate)
    files = {path: Signal(estimate, estimated.axes, {**kept, "quantity": ESTIMATE})}
    if not format_of(path).holds_sigma:
        files[sigma_path(path)] = Signal(sigma, estimated.axes, {**kept, "quantity": SIGMA})
    return files


def _table(
    estimate: NDArray[np.float64], sigma: NDArray[np.float64], measurement: Measurement
) -> Signal:
    """Put both into one table, in columns if the measured table was in columns."""
    data = np.concatenate([measurement.by_sample(estimate), measurement.by_sample(sigma)])
    names = [ESTIMATE, SIGMA]
    if measurement.sample_axis is not None:
        names = [f"{name} {index}" for name in names for index in range(measurement.n_samples)]
    measured = measurement.metadata.get("table")
    style: dict[str, Any] = {}
    if isinstance(measured, Mapping):
        style = {key: measured[key] for key in _KEPT_STYLE if key in measured}
    axis = measurement.axis
    if measurement.metadata.get("layout") not in _IN_COLUMNS:
        return Signal(data, (Axis("quantity"), axis), {"table": {**style, "row_names": names}})
    if axis.values is None:  # a first column there has to be
        axis, style = (
            Axis(axis.name, axis.unit, np.arange(data.shape[1], dtype=np.float64)),
            {"whole_positions": True},
        )
    style |= {"column_names": names, "header_cell": position_label(axis)}
    rows = Axis("spectrum" if axis.name == "repeat" else "repeat")  # as such a table is read
    return Signal(data, (rows, axis), {"layout": COLUMNS, "table": style})


def _real(array: ArrayLike, measurement: AnyMeasurement, name: str) -> NDArray[np.float64]:
    values = check_numeric(array, name)
    if not isinstance(measurement, ImageMeasurement):  # in images NaN says: not measured
        values = check_finite(values, name)
    if values.shape != measurement.shape or values.dtype.kind == "c":
        raise InputError(
            f"`{name}` is {values.dtype} of shape {values.shape}: give real numbers of shape "
            f"{measurement.shape}, as the measurement has."
        )
    return values.astype(np.float64)


def _check_not_measured(files: Mapping[Path, Signal], measurement: AnyMeasurement) -> None:
    for target in files:
        if target.exists() and any(
            source.exists() and target.samefile(source)
            for source in (*measurement.sources, *measurement.protected)
        ):
            raise InputError(
                f"{target}: the estimate would replace the measurement: choose another name."
            )
