"""HDF5 and NeXus: any dataset of numbers, with what the file says of its axes and itself.

Read is NXdata, PyMca's spectra with their calibration, the maps of the APS, and any dataset by its
path; written is NXdata. ``tree.py`` follows links, ``layout.py`` chooses the dataset,
``axes.py`` names its axes, ``values.py`` checks and reads, ``metadata.py`` keeps the
rest.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import NAME, describe, restore
from autoden.io.files import FilePath, check_source
from autoden.io.hdf5.axes import AxisFinder
from autoden.io.hdf5.layout import Choice, choose, uncertainties_of
from autoden.io.hdf5.metadata import (
    KEPT,
    UNCERTAINTIES,
    metadata_of,
    read_note,
    write_kept,
    write_note,
)
from autoden.io.hdf5.tree import find, opened
from autoden.io.hdf5.values import check_dataset, read_numbers, whole
from autoden.signals import Axis, LazyArray, Signal
from autoden.signals.lazy import Bounds, blocks

_PLOT, _DATA = "/entry/data", "data"
_ERRORS = f"{_DATA}_errors"
_WRITTEN = frozenset("?bBhHiIlLqQefdFD")
_SPECTRAL = ("energy", "wavelength", "channel")
_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9_]")  # of NeXus


def read(path: FilePath, *, dataset: str | None = None, lazy: bool = False) -> Signal:
    """Read a dataset of numbers.

    Parameters
    ----------
    path : path-like
        An HDF5 file.
    dataset : str or None
        Path of a dataset in it, or of a group that has one. None: what the file shows by default
        (NeXus), its only spectra (PyMca, maps of the APS), or its only dataset.
    lazy : bool
        Whether the numbers stay in the file until they are indexed or converted.

    Returns
    -------
    Signal
        Shape and dtype as in the file, in the byte order of the machine. Axes with their names,
        units and positions as NXdata or dimension scales give them; energies where PyMca's
        ``calibration`` is. ``metadata`` has "live_time" and its like, "uncertainties" (where they
        are in the file), "hdf5" (attributes and small values by their paths) and "assumed". Axes
        and metadata are as they were if autoden wrote the file.

    Raises
    ------
    InputError
        A damaged file, no such dataset, several that could be meant (the message lists them),
        links in circles or to other files, no numbers, more of them than the file can hold or the
        memory takes, or a compression that is not known.
    """
    source = check_source(path)
    name, n_bytes = str(source), source.stat().st_size
    if dataset is not None and not isinstance(dataset, str):
        raise InputError(f"{name}: dataset is {dataset!r}: give a path such as '/entry/data'.")
    with opened(source) as file:
        choice = choose(file, dataset)
        item, at = choice.dataset.item, choice.dataset.path
        label = name if dataset is None else f"{name}::{at}"
        unwritten = check_dataset(item, f"{name}::{at}", n_bytes)
        if lazy:
            numbers: Any = LazyArray(
                item.shape,
                item.dtype.newbyteorder("="),
                partial(_read_part, source, at, item.shape, n_bytes),
            )
        else:
            numbers = read_numbers(item, whole(item.shape), label)
        own = read_note(file, name) if at == f"{_PLOT}/{_DATA}" else None
        if own is not None and tuple(own["shape"]) == item.shape:
            return _own(file, choice, own, numbers, label, n_bytes)
        return _interpret(file, choice, numbers, label, unwritten, n_bytes)


def write(path: FilePath, signal: Signal, *, sigma: NDArray[np.float64] | None = None) -> None:
    """Write a signal as NXdata; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        Any shape; bool, integers, float of 16 to 64 bits, or complex. Numbers that are still in
        another file are copied part by part.
    sigma : ndarray or None
        Standard deviation of each number, same shape.

    Raises
    ------
    InputError
        Other floats, or metadata of an extraordinary size.
    """
    if signal.dtype.char not in _WRITTEN:
        raise InputError(
            f"HDF5 files of autoden do not hold {signal.dtype}: write an .npz file, or convert it "
            "to float64."
        )
    with _saying_why(), h5py.File(Path(path), "w") as file:
        file.attrs.update({"NX_class": "NXroot", "default": "entry", "creator": NAME})
        entry = file.create_group("entry")
        entry.attrs.update({"NX_class": "NXentry", "default": "data"})
        plot = file.create_group(_PLOT)
        plot.attrs.update({"NX_class": "NXdata", "signal": _DATA})
        dataset = plot.create_dataset(_DATA, signal.shape, signal.dtype)
        for bounds in blocks(signal.shape, signal.dtype.itemsize):
            dataset[bounds] = signal.data[bounds]
        interpretation = _interpretation(signal)
        if interpretation:
            dataset.attrs["interpretation"] = interpretation
        if sigma is not None:
            plot.create_dataset(_ERRORS, data=sigma)
        stored = _write_axes(plot, signal)
        description = describe(signal)
        for index, each in enumerate(description["axes"]):
            if stored[index] != ".":
                each |= {"values": None, "stored": stored[index]}
        if str(description["metadata"].get(UNCERTAINTIES)).startswith("/"):
            del description["metadata"][UNCERTAINTIES]  # they are those of another file
        write_note(file, description)
        write_kept(file, signal.metadata.get(KEPT), dataset)


@contextmanager
def _saying_why() -> Iterator[None]:
    """Pass on why the system could not write, without the lines that HDF5 adds."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = re.search(r"errno = (\d+)", str(error))
        if number is None:
            raise
        code = int(number[1])
        raise OSError(code, os.strerror(code)) from error


def _read_part(
    source: Path, at: str, shape: tuple[int, ...], n_bytes: int, bounds: Bounds
) -> NDArray[Any]:
    """Read a part of a dataset, long after the file was looked at."""
    with opened(check_source(source), texts=False) as file:
        node = find(file, at)
        if node is None or not node.is_dataset or node.item.shape != shape:
            raise InputError(f"{source}::{at} has changed since it was opened: read it again.")
        return read_numbers(node.item, bounds, f"{source}::{at}")


def _own(
    file: Any, choice: Choice, own: dict[str, Any], numbers: Any, label: str, n_bytes: int
) -> Signal:
    """Restore a signal that autoden wrote."""
    for axis in own["axes"]:
        node = find(file, str(axis["stored"]), _PLOT) if axis.get("stored") else None
        if node is not None:
            check_dataset(node.item, node.path, n_bytes)
            axis["values"] = read_numbers(node.item, whole(node.item.shape), node.path)
    uncertainties = uncertainties_of(file, choice)
    if uncertainties is not None:
        own["metadata"][UNCERTAINTIES] = uncertainties.path
    return restore(own, numbers, label)


def _interpret(
    file: Any, choice: Choice, numbers: Any, label: str, unwritten: list[str], n_bytes: int
) -> Signal:
    """Say what the numbers of another program are."""
    finder = AxisFinder(file, choice, n_bytes)
    axes = finder.find_axes()
    metadata = metadata_of(file, finder)
    told = {"source": label, "dataset": choice.dataset.path}
    return Signal(numbers, axes, {**metadata, **told, "assumed": [*unwritten, *finder.assumed]})


def _interpretation(signal: Signal) -> str:
    """Say in the words of NeXus how the numbers are to be drawn."""
    names = [axis.name for axis in signal.axes]
    if names and names[-1] in _SPECTRAL:
        return "spectrum"
    return "image" if names[-2:] == ["y", "x"] else ""


def _write_axes(plot: Any, signal: Signal) -> list[str]:
    """Write the positions of axes; return what each is called in the file, "." for none."""
    called: list[str] = []
    for index, axis in enumerate(signal.axes):
        called.append("." if axis.values is None else _name_in_file(axis, index, plot))
        if axis.values is None:
            continue
        dataset = plot.create_dataset(called[-1], data=axis.values)
        plot.attrs[f"{called[-1]}_indices"] = index
        dataset.attrs["long_name"] = f"{axis.name} ({axis.unit})" if axis.unit else axis.name
        if axis.unit:
            dataset.attrs["units"] = axis.unit
    if called:
        plot.attrs["axes"] = np.array(called, dtype=h5py.string_dtype())
    return called


def _name_in_file(axis: Axis, index: int, plot: Any) -> str:
    """Return the name of an axis as NeXus allows it, and nobody else has it."""
    name = _NOT_A_NAME.sub("_", axis.name)
    return (
        f"axis_{index}"
        if name in plot or name in (_ERRORS, "signal") or name != axis.name
        else name
    )
