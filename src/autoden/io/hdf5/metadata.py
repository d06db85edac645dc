"""What else stands in an HDF5 file: attributes and small datasets, as plain values and back.

They are kept in ``metadata["hdf5"]`` by their paths: "/entry/title" is a dataset,
"/entry/sample@name" an attribute, and "@units" an attribute of the numbers themselves. What a
signal written by autoden says of itself is a text in ``/entry/autoden``.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import h5py

from autoden.io.description import NAME, from_text, to_text
from autoden.io.hdf5.axes import AxisFinder
from autoden.io.hdf5.heaps import texts_fit
from autoden.io.hdf5.layout import beside, uncertainties_of
from autoden.io.hdf5.tree import Node, children, find, walk
from autoden.io.hdf5.values import (
    attributes,
    check_dataset,
    is_numeric,
    plain_to_hdf5,
    read_numbers,
    small_value,
    whole,
)

KEPT = "hdf5"
"""Where in the metadata of a signal the values by path are."""
UNCERTAINTIES = "uncertainties"
"""Where in the metadata is said which dataset has the standard deviations."""
NOTE = f"/entry/{NAME}"
_MAX_KEPT = 2000
_MAX_LIVE_TIMES = 2**16
_TIMES = ("live_time", "elapsed_time", "preset_time")
_OF_STRUCTURE = {"default", "signal", "axes", "uncertainties", "creator", "auxiliary_signals"}
_OF_LIBRARY = {
    "DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "interpretation", "HDF5_Version",
    "h5py_version", "file_name", "file_time",
}  # fmt: skip


def metadata_of(file: Any, finder: AxisFinder) -> dict[str, Any]:
    """Read what belongs to a dataset: the attributes around it, and small values in its entry.

    Parameters
    ----------
    file : h5py.File
        The open file.
    finder : AxisFinder
        The dataset, whose axes were found.

    Returns
    -------
    dict
        "live_time", "elapsed_time", "preset_time" if they stand beside the numbers,
        "uncertainties" (the path of the dataset that has them), and "hdf5".
    """
    dataset = finder.choice.dataset
    metadata: dict[str, Any] = {}
    for name in _TIMES:
        node = beside(file, dataset, name)
        value = None if node is None else _times(node, finder)
        if value is not None:
            metadata[name] = value
    kept = {f"@{name}": value for name, value in attributes(dataset.item).items()}
    root = Node(file["/"], "/")
    kept |= _attributes_at(root)
    entry = find(file, dataset.path.split("/")[1]) or root
    nodes: Iterator[Node]
    if entry.is_dataset:  # of a file without groups
        entry, nodes = root, (node for node in children(root) if node.is_dataset)
    else:
        kept |= _attributes_at(entry)
        nodes = walk(entry)
    for node in nodes:
        if len(kept) > _MAX_KEPT:
            finder.assumed.append(f"more than {_MAX_KEPT} values of {entry.path} were left out")
            break
        if node.path != dataset.path and node.path not in finder.used:
            kept |= _values_at(node)
    errors = uncertainties_of(file, finder.choice)
    if errors is not None:
        metadata[UNCERTAINTIES] = errors.path
        kept = {path: value for path, value in kept.items() if not path.startswith(errors.path)}
    kept = {path: value for path, value in kept.items() if not _is_structure(path)}
    return metadata | ({KEPT: kept} if kept else {})


def write_kept(file: Any, kept: Any, dataset: Any) -> None:
    """Write back what was read beside other numbers, where nothing else stands.

    Parameters
    ----------
    file : h5py.File
        Open for writing, with the numbers in it.
    kept : object
        What ``metadata["hdf5"]`` holds.
    dataset : h5py.Dataset
        The numbers.
    """
    if not isinstance(kept, Mapping):
        return
    for path, plain in kept.items():
        value = plain_to_hdf5(plain)
        where, at, name = path.rpartition("@")
        if value is None or not path.startswith(("/", "@")):
            continue
        with suppress(
            TypeError, ValueError, OSError, RuntimeError
        ):  # the text in the note has it all the same
            if not at:
                if path not in file:
                    file.create_dataset(path, data=value)
                continue
            item = file.require_group(where) if where and where not in file else file[where or "/"]
            item = item if where else dataset
            if name not in item.attrs:
                item.attrs[name] = value


def write_note(file: Any, description: dict[str, Any]) -> None:
    """Write what autoden says of a signal."""
    note = file.create_group(NOTE)
    note.attrs["NX_class"] = "NXnote"
    note["type"] = "application/json"
    note["data"] = to_text(description)


def read_note(file: Any, source: str) -> dict[str, Any] | None:
    """Read what autoden said of a signal; None if the file is not its own.

    Raises
    ------
    InputError, ValueError, TypeError
        It is broken.
    """
    node = find(file, f"{NOTE}/data")
    if node is None or not node.is_dataset or node.item.shape != ():
        return None
    if h5py.check_string_dtype(node.item.dtype) is None or not texts_fit(node.item):
        return None
    return from_text(node.item[()].decode("ascii"), source)


def _attributes_at(node: Node) -> dict[str, Any]:
    return {f"{node.path}@{name}": value for name, value in attributes(node.item).items()}


def _values_at(node: Node) -> dict[str, Any]:
    """Read the attributes of an object, and its value if it is a small dataset."""
    found = _attributes_at(node)
    value = small_value(node.item) if node.is_dataset else None
    return found if value is None else {**found, node.path: value}


def _is_structure(path: str) -> bool:
    """Tell whether a path says how a file is built, which is said anew when one is written."""
    if path == NOTE or path.startswith((f"{NOTE}/", f"{NOTE}@")):
        return True
    name = path.rpartition("@")[2] if "@" in path else ""
    return name in _OF_STRUCTURE | _OF_LIBRARY or name.endswith("_indices")


def _times(node: Node, finder: AxisFinder) -> Any:
    """Read live times: one number, or one for each spectrum if these are not too many."""
    if not is_numeric(node.item):
        return None
    if node.item.size > _MAX_LIVE_TIMES:
        finder.assumed.append(f"{node.path} has {node.item.size} values, which were left out")
        return None
    check_dataset(node.item, node.path, finder.file_bytes)
    values = read_numbers(node.item, whole(node.item.shape), node.path)
    if values.dtype.kind == "c":
        return None
    return values.item() if values.size == 1 else values.tolist()
