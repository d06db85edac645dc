"""Finding things in an HDF5 file without being led astray.

Links are followed by hand: those within the file a bounded number of times, those to other files
never. Groups may contain themselves; each object is visited once. What the objects mean is
decided in ``layout.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from autoden.errors import InputError
from autoden.io.foreign import parsing
from autoden.io.hdf5.heaps import check_heaps

MAX_OBJECTS = 20_000
"""How many groups and datasets are looked at before somebody has to say which one is meant."""
_MAX_LINKS = 32  # followed for one path
_MAX_LISTED = 12


@dataclass(frozen=True)
class Node:
    """A group or dataset, and the path that leads to it without links.

    Attributes
    ----------
    item : h5py.Group or h5py.Dataset
        The object in the open file.
    path : str
        Absolute: "/entry/data".
    """

    item: Any
    path: str

    @property
    def is_dataset(self) -> bool:
        """Whether it is a dataset rather than a group."""
        return isinstance(self.item, h5py.Dataset)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Path of the group that it was found in."""
        return self.path.rpartition("/")[0] or "/"


@contextmanager
def opened(source: Path, *, texts: bool = True) -> Iterator[Any]:
    """Open an HDF5 file for reading, and turn whatever goes wrong with it into an `InputError`.

    Parameters
    ----------
    source : Path
        The file.
    texts : bool
        Whether texts are going to be read, which have to be checked first.

    Yields
    ------
    h5py.File
        Closed at the end of the body.
    """
    with parsing(str(source), "an HDF5 file"):
        if texts:
            check_heaps(source)
        with h5py.File(source, "r", locking=False) as file:
            yield file


def find(file: Any, path: str, start: str = "/") -> Node | None:
    """Follow a path.

    Parameters
    ----------
    file : h5py.File
        The open file.
    path : str
        Relative to `start`, or absolute.
    start : str
        Path of a group.

    Returns
    -------
    Node or None
        None: there is no such object.

    Raises
    ------
    InputError
        Links in a circle, or one to another file.
    """
    pending = [*_parts(path)[::-1], *([] if path.startswith("/") else _parts(start)[::-1])]
    at, place, n_links = file["/"], list[str](), 0
    while pending:
        part = pending.pop()
        if not isinstance(at, h5py.Group):
            return None
        link = _link(at, part)
        if isinstance(link, h5py.SoftLink):
            n_links += 1
            if n_links > _MAX_LINKS:
                raise InputError(f"the links at {path!r} lead in a circle")
            pending += _parts(link.path)[::-1]
            if link.path.startswith("/"):
                at, place = file["/"], []
        elif isinstance(link, h5py.ExternalLink):
            raise InputError(
                f"/{'/'.join([*place, part])} is a link to another file, which is never followed: "
                f"give {link.filename}::{link.path} itself"
            )
        elif isinstance(link, h5py.HardLink):
            at, place = at[part], [*place, part]
        else:
            return None
    known = isinstance(at, h5py.Group | h5py.Dataset)
    return Node(at, f"/{'/'.join(place)}") if known else None


def children(node: Node) -> Iterator[Node]:
    """Yield what is in a group itself, links left out; nothing for a dataset."""
    if node.is_dataset:
        return
    for name in node.item:
        if isinstance(_link(node.item, name), h5py.HardLink):
            item = node.item[name]
            if isinstance(item, h5py.Group | h5py.Dataset):
                yield Node(item, f"{node.path.rstrip('/')}/{name}")


def walk(start: Node) -> Iterator[Node]:
    """Yield what is in a group and in those below it, each object once.

    Raises
    ------
    InputError
        More than `MAX_OBJECTS`.
    """
    seen = {_identity(start)}
    pending = [children(start)]
    while pending:
        node = next(pending[-1], None)
        if node is None:
            pending.pop()
            continue
        identity = _identity(node)
        if identity in seen:
            continue
        seen.add(identity)
        if len(seen) > MAX_OBJECTS:
            raise InputError(
                f"{start.path} holds more than {MAX_OBJECTS} groups and datasets: say which one "
                "is meant, as in file.h5::/entry/data"
            )
        yield node
        pending.append(children(node))


def say_nodes(nodes: list[Node]) -> str:
    """List datasets with their shapes: '/a/counts (4 x 9 int64), /a/other (3 float32)'."""
    listed = [
        f"{node.path} ({' x '.join(map(str, node.item.shape)) or 'one number'} {node.item.dtype})"
        for node in nodes[:_MAX_LISTED]
    ]
    more = len(nodes) - _MAX_LISTED
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _link(group: Any, name: str) -> Any:
    try:
        return group.get(name, getlink=True)
    except KeyError:
        return None


def _identity(node: Node) -> int:
    address: int = h5py.h5o.get_info(node.item.id).addr
    return address
