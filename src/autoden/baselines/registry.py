"""Which classical filters there are: the table of their families.

A new family is its own module and one line in `_ALL`: the automatic choice then tries it, and the
tests of all families cover it. The modules are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from autoden.checks import choice
from autoden.errors import InputError

if TYPE_CHECKING:
    from autoden.baselines.baseline import Baseline


@dataclass(frozen=True)
class Family:
    """A kind of filter, of which each member has its own parameters.

    Attributes
    ----------
    name : str
        What users call it.
    baseline : str
        Where its class is, as ``"module:class"``.
    summary : str
        What it does, in a line.
    n_dims : tuple of int
        How many dimensions its measurements may have.
    not_automatic : tuple of int
        Those of them where it exists but seldom pays: it is tried only where it is named.
    """

    name: str
    baseline: str
    summary: str
    n_dims: tuple[int, ...] = (1, 2, 3)
    not_automatic: tuple[int, ...] = ()

    def load(self) -> type[Baseline]:
        """Import the class."""
        module, name = self.baseline.split(":")
        baseline: type[Baseline] = getattr(import_module(module), name)
        return baseline

    def candidates(self, shape: Sequence[int]) -> tuple[Baseline, ...]:
        """List the members to choose from for measurements of shape S.

        They span narrow and wide structures at any sampling; no data are looked at.

        Raises
        ------
        InputError
            The family has no filters of so many dimensions.

        Examples
        --------
        >>> members = BASELINES["gaussian"].candidates((4096,))
        >>> members[0].describe(), members[-1].describe()
        ('Gaussian, sigma 0.5', 'Gaussian, sigma 510')
        """
        if len(shape) not in self.n_dims:
            names = families(len(shape), named=True)
            fitting = ", ".join(map(repr, names)) or "none"
            raise InputError(
                f"the family {self.name!r} is for {_say(self.n_dims)}, the data have shape "
                f"{tuple(shape)}: choose one of {fitting}."
            )
        return self.load().grid(shape)


_ALL = (
    Family("mean", "autoden.baselines.mean:Mean", "the mean of the exposures, unchanged"),
    Family(
        "gaussian",
        "autoden.baselines.gaussian:GaussianFilter",
        "average of the neighbours, weighted by a Gaussian",
    ),
    Family(
        "savitzky-golay",
        "autoden.baselines.savitzky_golay:SavitzkyGolay",
        "polynomial that fits best within a moving window",
        n_dims=(1,),
    ),
    Family(
        "whittaker",
        "autoden.baselines.whittaker:Whittaker",
        "penalised likelihood: smoothest rate that agrees with the values",
        n_dims=(1,),
    ),
    Family(
        "wavelets",
        "autoden.baselines.wavelets:WaveletShrinkage",
        "wavelet coefficients below the noise removed, at unit variance",
        not_automatic=(3,),
    ),
    Family(
        "total-variation",
        "autoden.baselines.total_variation:TotalVariation",
        "flattest image that is near enough to the values",
        not_automatic=(1,),
    ),
    Family(
        "non-local-means",
        "autoden.baselines.non_local_means:NonLocalMeans",
        "average of elements whose surroundings look alike",
        n_dims=(2, 3),
    ),
    Family(
        "nl-ridge",
        "autoden.baselines.nl_ridge:NLRidge",
        "similar patches, each estimated as the best combination of all of them",
        not_automatic=(1,),
    ),
)

BASELINES: Final[Mapping[str, Family]] = MappingProxyType({family.name: family for family in _ALL})
"""The families by name, from the simplest to the most elaborate."""


def families(n_dims: int, *, named: bool = False) -> tuple[str, ...]:
    """Name the families that have filters of this many dimensions.

    Parameters
    ----------
    n_dims : int
        Of the measurements.
    named : bool
        Also those that are not tried automatically, since they seldom pay there.

    Examples
    --------
    >>> families(2)
    ('mean', 'gaussian', 'wavelets', 'total-variation', 'non-local-means', 'nl-ridge')
    """
    return tuple(
        family.name
        for family in _ALL
        if n_dims in family.n_dims and (named or n_dims not in family.not_automatic)
    )


def family(name: str) -> Family:
    """Find a family by its name, or raise and list those there are."""
    return BASELINES[choice("family", name, BASELINES)]


def _say(n_dims: Sequence[int]) -> str:
    return ", ".join(f"{n}D" for n in n_dims) + " measurements"
