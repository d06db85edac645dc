"""Denoisers that were trained before: loading them, and checking that they are for the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoden.cli.sources import Sources
from autoden.errors import InputError
from autoden.signals.values import say_number

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser

PREPARATION = "prepare_data"
"""Entry of the settings of a saved denoiser: how its measurements were prepared."""


def load(path: Path, **options: Any) -> tuple[str, Denoiser]:
    """Load a denoiser; give its algorithm's name, too.

    Raises
    ------
    InputError
        The file is none of a denoiser, or not intact.
    """
    from autoden.algorithms.registry import ALGORITHMS
    from autoden.algorithms.saving import load as load_denoiser

    denoiser = load_denoiser(path, **options)
    names = (name for name, algorithm in ALGORITHMS.items() if algorithm.load() is type(denoiser))
    return next(names), denoiser


def check_channels(sources: Sources, denoiser: Denoiser, path: Path) -> None:
    """Refuse data of another number of channels than a denoiser was trained on."""
    channels = [("takes", denoiser.n_channels_in, sources.n_channels_in)]
    if sources.knows_wanted:
        channels.append(("returns", denoiser.n_channels_out, sources.n_channels_out))
    for which, n_trained, n_given in channels:
        if n_given != n_trained:
            raise InputError(
                f"{path} {which} {say_number(n_trained, 'channel')}, but the data have {n_given} "
                f"(a complex number counts as two): {sources.measurement}. Give data of the kind "
                "that it was trained on, or say which axis holds channels with --channel-axis."
            )
