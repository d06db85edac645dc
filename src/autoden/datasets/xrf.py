"""Simulated X-ray fluorescence spectra with a known truth: what shines, then what is counted.

A sample is told by the photons that each element sends to the detector, a beam by what of it is
scattered there; `autoden.datasets.detector` turns both into expected counts per channel, and the
counts of each exposure are Poisson distributed around them. All randomness comes from one seed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoden.checks import number, whole_number
from autoden.datasets.beam import Beam
from autoden.datasets.detector import Detector, Floats
from autoden.datasets.lines import element_lines
from autoden.errors import InputError

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
    energies_keV: Floats
    truth: Floats


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
    whole_number("n_exposures", n_exposures)
    whole_number("n_channels", n_channels)
    whole_number("seed", seed, at_least=0)
    number("exposure", exposure, above=0)
    number("depth", depth, at_least=0)
    if not isinstance(composition, Mapping):
        raise InputError(
            f"`composition` is {composition!r:.60}: give photons by element, such as {{'Fe': 100}}."
        )
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
    beam_keV: float,
) -> tuple[Floats, Floats]:
    """Give the energies in keV of an element's lines and the photons in each."""
    lines = element_lines(symbol)
    number(f"composition[{symbol!r}]", photons, at_least=0)
    energy = np.array([line.energy_keV for line in lines])
    share = np.array([line.fraction for line in lines])
    if depth > 0:
        lengths = (10 / beam_keV) ** 3 + (10 / energy) ** 3
        share = share * -np.expm1(-depth * lengths) / lengths
    return energy, photons * share / share.sum()
