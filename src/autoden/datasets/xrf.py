"""Simulated X-ray fluorescence spectra with a known truth: what shines, then what is counted.

A sample is told by the photons that each element sends to the detector, a beam by what of it is
scattered there; `autoden.datasets.detector` turns both into expected counts per channel, and the
counts of each exposure are Poisson distributed around them. All randomness comes from one seed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from autoden.datasets.detector import Detector, Floats
from autoden.datasets.lines import element_lines
from autoden.errors import InputError

ELECTRON_REST_ENERGY: Final = 511.0  # keV
_MOST_COUNTS: Final = 1e15  # in a channel; every whole number below it is a float

BRASS_AND_ZIRCON: Final[Mapping[str, float]] = MappingProxyType(
    {
        "Si": 6.0,
        "Ar": 25.0,  # of the air
        "Ca": 185.0,
        "Ti": 5.0,
        "Fe": 85.0,
        "Ni": 10.0,
        "Cu": 6050.0,
        "Zn": 9650.0,
        "Hf": 30.0,  # always with zirconium
        "Sr": 70.0,
        "Y": 80.0,
        "Zr": 12100.0,
        "Mo": 1000.0,
    }
)
"""Photons of each element at the detector, per exposure of relative dose 1."""


class XRFSpectra(NamedTuple):
    """Simulated exposures and what they are noisy copies of.

    Attributes
    ----------
    counts : ndarray of int64, shape (n_exposures, n_channels)
        Counts of each exposure.
    energies_keV : ndarray of float64, shape (n_channels,)
        Centres of the channels, in keV.
    truth : ndarray of float64, shape (n_channels,)
        Expected counts of an exposure, without noise.
    """

    counts: NDArray[np.int64]
    energies_keV: Floats  # noqa: N815 - the symbol of the unit is keV
    truth: Floats


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

    energy_keV: float = 22.163  # noqa: N815
    voltage_kV: float = 40.0  # noqa: N815
    angle_deg: float = 90.0
    elastic: float = 1400.0
    compton: float = 3000.0
    doppler_keV: float = 0.15  # noqa: N815
    continuum: float = 950.0
    filter_keV: float = 12.0  # noqa: N815

    def __post_init__(self) -> None:
        """Refuse settings that no beam can have."""
        for name in ("energy_keV", "voltage_kV"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(
                    f"`{name}` is {getattr(self, name)}; give a finite number above 0."
                )
        for name in ("elastic", "compton", "doppler_keV", "continuum", "filter_keV"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise InputError(
                    f"`{name}` is {getattr(self, name)}; give a finite number, 0 or more."
                )
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


SILVER_TUBE: Final = Beam()
DRIFT_DETECTOR: Final = Detector()


def xrf_spectra(
    n_exposures: int = 32,
    *,
    n_channels: int = 4095,
    exposure: float = 1.0,
    composition: Mapping[str, float] = BRASS_AND_ZIRCON,
    depth: float = 4.0,
    beam: Beam = SILVER_TUBE,
    detector: Detector = DRIFT_DETECTOR,
    seed: int = 0,
) -> XRFSpectra:
    """Simulate repeated X-ray fluorescence exposures of one spot.

    By default they resemble 0.1 s exposures of brass with zircon: about 23,000 counts each, most
    channels empty, the strongest line at 200 counts per channel.

    Parameters
    ----------
    n_exposures : int
        Number of exposures, at least 1.
    n_channels : int
        Number of channels, at least 1. More channels reach further; the first ones stay the same.
    exposure : float
        Exposure time in units of the default; the expected counts are proportional to it.
    composition : mapping of str to float
        Photons of each element that reach the detector in an exposure of 1, in all its lines; the
        elements are those of `autoden.datasets.LINES`.
    depth : float
        Thickness of the sample in attenuation lengths at 10 keV; 0 for a thin sample. A thick
        sample swallows more of the softer lines of an element: the line at E keeps
        ``(1 - exp(-depth x)) / x`` with ``x = (10 keV / E_beam)^3 + (10 keV / E)^3``, and the
        element as a whole keeps its photons.
    beam : Beam
        Scattered radiation.
    detector : Detector
        Energy scale, resolution, efficiency, tails, escape, pile-up.
    seed : int
        Seed of the random numbers. The same seed gives the same counts; the truth does not depend
        on it.

    Returns
    -------
    XRFSpectra
        The counts, the energies and the truth.

    Raises
    ------
    InputError
        If an argument is no number or out of its range, an element is not in the table, or so many
        photons come that most of them pile up or are too many to count.

    Examples
    --------
    >>> import autoden as ad
    >>> spectra = ad.datasets.xrf_spectra(4, seed=1)
    >>> spectra.counts.shape, spectra.counts.dtype
    ((4, 4095), dtype('int64'))
    >>> peak = int(spectra.truth.argmax())
    >>> print(f"{spectra.energies_keV[peak]:.2f} keV")
    8.63 keV

    One element alone, in a thin sample and without scattered radiation:

    >>> dark = ad.datasets.Beam(elastic=0, compton=0, continuum=0)
    >>> iron = ad.datasets.xrf_spectra(1, composition={"Fe": 1000}, depth=0, beam=dark)
    >>> print(f"{iron.energies_keV[iron.truth.argmax()]:.2f} keV")
    6.40 keV
    """
    _check(n_exposures, n_channels, exposure, composition, depth, seed)
    expected = _expected(n_channels, composition, depth, beam, detector)
    most = _MOST_COUNTS / max(float(expected.max()), 1.0)
    if exposure > most:
        raise InputError(
            f"`exposure` (={exposure:g}) gives too many counts to simulate: give {most:.1e} at "
            f"most, so that no channel expects more than {_MOST_COUNTS:g}."
        )
    truth = exposure * expected
    rng = np.random.default_rng(seed)
    counts = rng.poisson(truth, size=(n_exposures, n_channels)).astype(np.int64, copy=False)
    return XRFSpectra(counts, detector.energies(n_channels), truth)


def _expected(
    n_channels: int,
    composition: Mapping[str, float],
    depth: float,
    beam: Beam,
    detector: Detector,
) -> Floats:
    """Give the expected counts per channel of an exposure of 1, (n_channels,)."""
    shining = [_fluorescence(*item, depth, beam.energy_keV) for item in composition.items()]
    scattered_energy, scattered, broadening = beam.scattered()
    energy = np.concatenate([at for at, _ in shining] + [scattered_energy])
    photons = np.concatenate([amount for _, amount in shining] + [scattered])
    width = np.concatenate([np.zeros(len(energy) - len(broadening)), broadening])

    counts = detector.respond(energy, photons, width, n_channels)
    channels = detector.energies(n_channels)
    counts += beam.bremsstrahlung(channels) * detector.efficiency(channels) * detector.channel_keV

    grid = np.linspace(0, beam.voltage_kV, 4001)
    n_continuum = float(np.trapezoid(beam.bremsstrahlung(grid) * detector.efficiency(grid), grid))
    n_counts = float(np.sum(photons * detector.efficiency(energy))) + n_continuum
    return detector.discriminate(detector.with_pile_up(counts, n_counts))


def _fluorescence(
    symbol: str,
    photons: float,
    depth: float,
    beam_keV: float,  # noqa: N803
) -> tuple[Floats, Floats]:
    """Give the energies in keV of an element's lines and the photons in each."""
    lines = element_lines(symbol)
    if not (_is_finite(photons) and photons >= 0):
        raise InputError(
            f"`composition` gives {symbol} {photons!r} photons: give a finite number, 0 or more."
        )
    energy = np.array([line.energy_keV for line in lines])
    share = np.array([line.fraction for line in lines])
    if depth > 0:
        lengths = (10 / beam_keV) ** 3 + (10 / energy) ** 3
        share = share * -np.expm1(-depth * lengths) / lengths
    return energy, photons * share / share.sum()


def _check(
    n_exposures: int,
    n_channels: int,
    exposure: float,
    composition: Mapping[str, float],
    depth: float,
    seed: int,
) -> None:
    """Refuse settings that no measurement can have."""
    for name, number, smallest in (
        ("n_exposures", n_exposures, 1),
        ("n_channels", n_channels, 1),
        ("seed", seed, 0),
    ):
        is_whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not is_whole or number < smallest:
            raise InputError(f"`{name}` is {number!r}: give a whole number, {smallest} or more.")
    if not (_is_finite(exposure) and exposure > 0):
        raise InputError(
            f"`exposure` is {exposure!r}: give a finite number above 0, 1 for the default dose."
        )
    if not isinstance(composition, Mapping):
        raise InputError(
            f"`composition` is {composition!r:.60}: give photons by element, such as {{'Fe': 100}}."
        )
    if not (_is_finite(depth) and depth >= 0):
        raise InputError(f"`depth` is {depth!r}: give a finite number, 0 for a thin sample.")


def _is_finite(value: object) -> TypeGuard[float]:
    """Tell whether a value is a real number, no bool, NaN or infinity."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the floats
        return False
