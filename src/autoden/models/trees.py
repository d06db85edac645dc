"""Nested state, as an optimiser's, taken apart into plain values and a list of tensors, and back.

What is plain survives JSON: numbers, texts, truth values, None and lists of them. Mappings, tuples
and tensors become mappings with one key that says what they were. Anything else is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autoden.errors import InputError


def split_tensors(tree: Any) -> tuple[Any, list[Tensor]]:
    """Take nested state apart.

    Parameters
    ----------
    tree : Any
        Mappings (keys are texts or whole numbers), lists and tuples of tensors, finite numbers,
        texts, truth values and None. A `torch.device` becomes its name.

    Returns
    -------
    plain : Any
        The same without the tensors, as JSON can hold it.
    tensors : list of Tensor
        The tensors, themselves.

    Raises
    ------
    InputError
        Something else is in it, or NaN or infinity.

    Examples
    --------
    >>> import torch
    >>> plain, tensors = split_tensors({"lr": 0.1, "state": {0: (torch.zeros(2), None)}})
    >>> plain
    {'map': [['lr', 0.1], ['state', {'map': [[0, {'tuple': [{'tensor': 0}, None]}]]}]]}
    >>> join_tensors(plain, tensors)
    {'lr': 0.1, 'state': {0: (tensor([0., 0.]), None)}}
    """
    tensors: list[Tensor] = []
    return _split(tree, tensors), tensors


def _split(tree: Any, tensors: list[Tensor]) -> Any:
    match tree:
        case Tensor():
            tensors.append(tree)
            return {"tensor": len(tensors) - 1}
        case Mapping():
            return {"map": [[_key(key), _split(value, tensors)] for key, value in tree.items()]}
        case tuple():
            return {"tuple": [_split(value, tensors) for value in tree]}
        case list():
            return [_split(value, tensors) for value in tree]
        case None | bool() | str():
            return tree
        case torch.device():
            return str(tree)
        case int() | np.integer():
            return int(tree)
        case float() | np.floating() if math.isfinite(tree):
            return float(tree)
    raise InputError(
        f"It holds {_shown(tree)}: only tensors, finite numbers, texts, truth values, None, and "
        "lists and mappings of them can be kept."
    )


def _key(key: Any) -> str | int:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return key
    raise InputError(f"It has the key {_shown(key)}: only texts and whole numbers can be kept.")


def _shown(value: Any) -> str:
    is_simple = isinstance(value, float | complex | bytes | type)
    return f"{value!r:.80}" if is_simple else f"an object of type {type(value).__name__}"


def join_tensors(plain: Any, tensors: Sequence[Tensor]) -> Any:
    """Put nested state together again: the inverse of `split_tensors`.

    Raises
    ------
    InputError
        It was not `split_tensors` that made them, or not for one another.
    """
    left = dict(enumerate(tensors))
    tree = _join(plain, left)
    if left:
        raise InputError(f"It does not say where {len(left)} of its {len(tensors)} tensors belong.")
    return tree


def _join(plain: Any, left: dict[int, Tensor]) -> Any:
    match plain:
        case {"tensor": int(index), **rest} if not rest and index in left:
            return left.pop(index)
        case {"tuple": list(values), **rest} if not rest:
            return tuple(_join(value, left) for value in values)
        case {"map": list(items), **rest} if not rest and all(map(_is_item, items)):
            return {key: _join(value, left) for key, value in items}
        case list():
            return [_join(value, left) for value in plain]
        case None | bool() | str() | int() | float():
            return plain
    raise InputError(f"It holds {plain!r:.80}, which stands for nothing known.")


def _is_item(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and type(item[0]) in (str, int)
