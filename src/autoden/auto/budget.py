"""What each budget buys: how many networks, how long they train, how many replicas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

BudgetName = Literal["fast", "balanced", "best"]


@dataclass(frozen=True)
class Budget:
    """How much work to do.

    Attributes
    ----------
    n_splits : int
        Splits of each measurement on which methods are tuned and trained.
    n_tuning_splits : int
        Of these, how many tune the classical filters and check the stated error.
    epochs : int
        Passes of each network through them.
    n_networks : int
        Networks whose outputs are averaged, if a network is chosen.
    n_replicas : int
        Simulated measurements from which the uncertainty is found.
    with_dncnn : bool
        Whether an ordinary network is a candidate too.
    patch : int or None
        Elements along each axis of an image that a step of the training sees, and as many in all
        of a volume; None: all.
    region : int or None
        Elements of an image, or of a volume, on which methods are tuned, trained and compared at
        most; the rest is only denoised. None: all.
    """

    n_splits: int
    n_tuning_splits: int
    epochs: int
    n_networks: int
    n_replicas: int
    with_dncnn: bool
    patch: int | None = None
    region: int | None = None


BUDGETS: Final[Mapping[str, Budget]] = MappingProxyType(
    {
        "fast": Budget(16, 4, 24, 1, 8, with_dncnn=False),
        "balanced": Budget(32, 8, 25, 3, 16, with_dncnn=True),
        "best": Budget(64, 16, 20, 8, 32, with_dncnn=True),
    }
)
"""For spectra; on two cores one of 4096 channels takes about 3, 8 and 20 seconds."""

IMAGE_BUDGETS: Final[Mapping[str, Budget]] = MappingProxyType(
    {
        "fast": Budget(3, 1, 60, 1, 2, with_dncnn=False, patch=64, region=128**2),
        "balanced": Budget(4, 2, 160, 2, 3, with_dncnn=False, patch=64, region=256**2),
        "best": Budget(12, 3, 100, 4, 8, with_dncnn=False, patch=64, region=384**2),
    }
)
"""For images and volumes, by name."""
