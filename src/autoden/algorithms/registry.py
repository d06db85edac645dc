"""Which algorithms there are. Nothing here imports torch until one of them is used.

A new algorithm is its own module and one line in `ALGORITHMS`: it then is a verb of the command
line, its models are saved and loaded, and the tests of all algorithms cover it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser


@dataclass(frozen=True)
class Algorithm:
    """An algorithm that trains a network.

    Attributes
    ----------
    name : str
        Its name on the command line and in files.
    denoiser : str
        Where its class is, as ``"module:class"``.
    summary : str
        What it does, in a line.
    n_dims : tuple of int
        Which dimensions its networks may have.
    """

    name: str
    denoiser: str
    summary: str
    n_dims: tuple[int, ...] = (1, 2, 3)

    def load(self) -> type[Denoiser]:
        """Import the class.

        Examples
        --------
        >>> ALGORITHMS["n2n"].load().__name__
        'N2N'
        """
        module, name = self.denoiser.split(":")
        denoiser: type[Denoiser] = getattr(import_module(module), name)
        return denoiser


_ALL = (
    Algorithm(
        "n2n",
        "autoden.algorithms.noise2noise:N2N",
        "Noise2Noise: repeated measurements, each predicted from the others.",
    ),
    Algorithm(
        "n2v",
        "autoden.algorithms.noise2void:N2V",
        "Noise2Void: single measurements, hidden pixels predicted from their surroundings.",
    ),
    Algorithm(
        "dip",
        "autoden.algorithms.deep_image_prior:DIP",
        "Deep Image Prior: one measurement, fitted from random numbers and stopped in time.",
    ),
    Algorithm(
        "supervised",
        "autoden.algorithms.supervised:Supervised",
        "Supervised: noisy measurements, of which clean counterparts are known.",
    ),
    Algorithm(
        "n2i",
        "autoden.algorithms.noise2inverse:N2I",
        "Noise2Inverse: tomograms, each reconstructed from some of the angles predicted from the"
        " others.",
        n_dims=(2,),
    ),
    Algorithm(
        "zsn2n",
        "autoden.algorithms.zero_shot_noise2noise:ZSN2N",
        "Zero-Shot Noise2Noise: single measurements, each half of the neighbours predicted from the"
        " other.",
    ),
    Algorithm(
        "nb2nb",
        "autoden.algorithms.neighbor2neighbor:Nb2Nb",
        "Neighbor2Neighbor: single measurements, neighbours predicted from each other.",
    ),
    Algorithm(
        "blindspot",
        "autoden.algorithms.blind_spot_posterior:BlindSpot",
        "Blind-spot network: single measurements, surroundings and noisy values combined.",
    ),
    Algorithm(
        "r2r",
        "autoden.algorithms.recorrupted:R2R",
        "Recorrupted-to-Recorrupted: single measurements with noise of a known kind.",
    ),
)

ALGORITHMS: dict[str, Algorithm] = {algorithm.name: algorithm for algorithm in _ALL}
