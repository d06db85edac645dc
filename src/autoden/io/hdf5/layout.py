"""Which dataset of an HDF5 file is meant, when only the file is given.

Files say it in several ways: NeXus by ``default`` and ``signal``; PyMca by datasets called
``channels`` and ``calibration`` beside the spectra; the maps of the APS by the group ``MAPS``. One
dataset that stands out is taken; several are an error that lists them. What runs along the axes is
``axes.py``.
"""

import re
from dataclasses import dataclass
from typing import Any

from autoden.errors import InputError
from autoden.io.hdf5.tree import Node, children, find, say_nodes, walk
from autoden.io.hdf5.values import is_numeric, text_attribute

_MAX_DEFAULTS = 10  # that lead from one group to the next
_MAPS = re.compile(r"/MAPS(_RAW)?(/Spectra|/Detector)?/(mca_arr|data_[a-z]|spectra)", re.IGNORECASE)
_OF_PYMCA = ("channels", "calibration")
_INFO = "info"  # the group beside the spectra that has them in other files
_ERRORS = ("errors", "{}_errors", "{}_error", "uncertainties")


@dataclass(frozen=True)
class Choice:
    """A dataset, and what stands around it.

    Attributes
    ----------
    dataset : Node
        The numbers.
    plot : Node or None
        The NXdata group that names its axes.
    """

    dataset: Node
    plot: Node | None = None


def choose(file: Any, wanted: str | None) -> Choice:
    """Find the dataset that is meant.

    Parameters
    ----------
    file : h5py.File
        The open file.
    wanted : str or None
        Path of a dataset, or of a group that has one. None: the one that the file is about.

    Raises
    ------
    InputError
        No such path, or several datasets that could be meant: the message lists them.
    """
    start = find(file, wanted or "/")
    if start is None:
        listed = say_nodes(_numeric(Node(file["/"], "/"))) or "none"
        raise InputError(f"there is no {wanted!r} in it; its datasets are {listed}")
    if start.is_dataset:
        return Choice(start, plot_around(file, start))
    found = _by_default(file, start) or _standing_out(file, start)
    if found is not None:
        return found
    nodes = _numeric(start)
    if not nodes:
        raise InputError(f"{start.path} holds no dataset of numbers")
    if len(nodes) == 1:
        return Choice(nodes[0], plot_around(file, nodes[0]))
    raise _several(nodes, start)


def plot_around(file: Any, dataset: Node) -> Node | None:
    """Return the NXdata group that a dataset is in, if its axes are those of the dataset."""
    group = find(file, dataset.folder)
    plotted = None if group is None else plotted_in(file, group)
    if plotted is None or plotted.item.shape != dataset.item.shape:
        return None
    return group


def plotted_in(file: Any, group: Node) -> Node | None:
    """Return the dataset that an NXdata group is about, None if the group is no such one."""
    name = text_attribute(group.item, "signal")
    if not name and text_attribute(group.item, "NX_class") == "NXdata":
        old = [n.name for n in children(group) if n.is_dataset and "signal" in n.item.attrs]
        name = old[0] if len(old) == 1 else ""
    node = find(file, name, group.path) if name else None
    return node if node is not None and node.is_dataset and is_numeric(node.item) else None


def beside(file: Any, dataset: Node, name: str) -> Node | None:
    """Return a dataset that stands beside the numbers, or in ``info`` beside them."""
    for path in (name, f"{_INFO}/{name}"):
        node = find(file, path, dataset.folder)
        if node is not None and node.is_dataset:
            return node
    return None


def is_of_maps(dataset: Node) -> bool:
    """Tell whether spectra are a map of the APS, whose first axis is the energy."""
    return _MAPS.fullmatch(dataset.path) is not None and len(dataset.item.shape) == 3


def uncertainties_of(file: Any, choice: Choice) -> Node | None:
    """Return the dataset with the standard deviation of each number, None if there is none."""
    if choice.plot is None:
        return None
    said = text_attribute(choice.plot.item, "uncertainties")
    names = [said] if said else []
    names += [pattern.format(choice.dataset.name) for pattern in _ERRORS]
    for name in names:
        node = find(file, name, choice.plot.path)
        if node is not None and node.is_dataset and node.path != choice.dataset.path:
            return node if node.item.shape == choice.dataset.item.shape else None
    return None


def _by_default(file: Any, start: Node) -> Choice | None:
    """Follow what NeXus says is to be shown."""
    group = start
    for _ in range(_MAX_DEFAULTS):
        dataset = plotted_in(file, group)
        if dataset is not None:
            return Choice(dataset, group)
        name = text_attribute(group.item, "default")
        following = find(file, name, group.path) if name else None
        if following is None:
            return None
        if following.is_dataset:
            return Choice(following, plot_around(file, following))
        group = following
    raise InputError(f"the defaults at {start.path} lead in a circle")


def _standing_out(file: Any, start: Node) -> Choice | None:
    """Find the one dataset that some group says is its spectra or images."""
    found: dict[str, Choice] = {}
    for node in walk(start):
        if node.is_dataset:
            if is_numeric(node.item) and (is_of_maps(node) or _is_of_pymca(file, node)):
                found.setdefault(node.path, Choice(node, plot_around(file, node)))
            continue
        dataset = plotted_in(file, node)
        if dataset is not None:
            found[dataset.path] = Choice(dataset, node)
    if len(found) > 1:
        raise _several([choice.dataset for choice in found.values()], start)
    return next(iter(found.values()), None)


def _is_of_pymca(file: Any, node: Node) -> bool:
    """Tell whether numbers are spectra beside which channels or a calibration stand."""
    if node.name in _OF_PYMCA or node.folder.endswith(f"/{_INFO}"):
        return False
    is_alike = node.name in ("data", "counts", "spectrum")
    return is_alike and any(beside(file, node, name) is not None for name in _OF_PYMCA)


def _numeric(start: Node) -> list[Node]:
    """List the datasets that could be meant: rows of numbers only where there is nothing more."""
    nodes = [n for n in walk(start) if n.is_dataset and is_numeric(n.item) and n.item.shape]
    arrays = [node for node in nodes if len(node.item.shape) > 1]
    return arrays or nodes


def _several(nodes: list[Node], start: Node) -> InputError:
    where = "it" if start.path == "/" else start.path
    return InputError(
        f"{where} holds several datasets, {say_nodes(nodes)}: choose one, as in "
        f"file.h5::{nodes[0].path}"
    )
