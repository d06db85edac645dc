"""What the exciting beam sends to the detector besides fluorescence: scattered lines and continuum.

What the detector makes of it is told in `autoden.datasets.detector`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from autoden.checks import number
from autoden.datasets.detector import Floats
from autoden.errors import InputError

ELECTRON_REST_ENERGY: Final = 511.0  # keV


@dataclass(frozen=True)
class Beam:
    """What the exciting beam sends to the detector, per exposure of relative dose 1.

    Attributes
    ----------
    energy_keV : float
        Energy of the exciting line, in keV: K alpha of a silver tube unless told otherwise, which
        lies beyond the last of 4095 channels of 5 eV.
    voltage_kV : float
        Voltage of the tube, where its bremsstrahlung ends.
    angle_deg : float
        Scattering angle between beam and detector, in degrees.
    elastic, compton : float
        Photons scattered with the energy kept (Rayleigh), and with energy lost (Compton).
    doppler_keV : float
        Standard deviation of the Compton peak from the motion of the electrons, in keV.
    continuum : float
        Photons of scattered bremsstrahlung, over all energies.
    filter_keV : float
        Energy at which the filter of the tube passes 1/e of the bremsstrahlung, in keV.
    """

    energy_keV: float = 22.163
    voltage_kV: float = 40.0
    angle_deg: float = 90.0
    elastic: float = 1400.0
    compton: float = 3000.0
    doppler_keV: float = 0.15
    continuum: float = 950.0
    filter_keV: float = 12.0

    def __post_init__(self) -> None:
        """Refuse settings that no beam can have."""
        for name in ("energy_keV", "voltage_kV"):
            number(name, getattr(self, name), above=0)
        for name in ("elastic", "compton", "doppler_keV", "continuum", "filter_keV"):
            number(name, getattr(self, name), at_least=0)
        number("angle_deg", self.angle_deg)
        if self.filter_keV > self.voltage_kV:
            raise InputError(
                f"`filter_keV` (={self.filter_keV}) is above `voltage_kV` (={self.voltage_kV}), so "
                "that nothing passes the filter; give a smaller value."
            )

    def scattered(self) -> tuple[Floats, Floats, Floats]:
        """Give energies (keV), photons and extra widths (keV) of the two scattered lines.

        Compton (1923): ``E' = E / (1 + (E / 511 keV) (1 - cos angle))``.
        """
        turn = 1 - np.cos(np.deg2rad(self.angle_deg))
        shifted = self.energy_keV / (1 + self.energy_keV / ELECTRON_REST_ENERGY * turn)
        return (
            np.array([self.energy_keV, shifted]),
            np.array([self.elastic, self.compton]),
            np.array([0.0, self.doppler_keV]),
        )

    def bremsstrahlung(self, energy: Floats) -> Floats:
        """Give the photons per keV of scattered bremsstrahlung at `energy` in keV.

        Kramers (1923), ``(V - E) / E``, behind a filter with cubic absorption,
        ``exp(-(filter / E)^3)``; both scaled so that the integral is `continuum`.
        """

        def shape(at: Floats) -> Floats:
            at = np.maximum(at, 1e-2)
            kramers = np.maximum(self.voltage_kV - at, 0) / at
            return np.asarray(kramers * np.exp(-((self.filter_keV / at) ** 3)))

        grid = np.linspace(0, self.voltage_kV, 4001)
        return self.continuum * shape(energy) / float(np.trapezoid(shape(grid), grid))
