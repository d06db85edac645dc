"""The commands ``autoden train n2n`` ...: each trains a model for ``autoden infer``, and saves it.

They are the verbs of the algorithms, but for what becomes of the trained network.
"""

from __future__ import annotations

from collections.abc import Callable

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.algorithm import make_verb
from autoden.cli.destinations import ModelDestination


def __getattr__(name: str) -> Callable[..., int]:
    """Make the command for the algorithm of that name, when it is used."""
    if name not in ALGORITHMS:
        raise AttributeError(f"there is no algorithm {name!r}")
    return make_verb(ALGORITHMS[name], ModelDestination)
