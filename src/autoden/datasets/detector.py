"""What a silicon drift detector makes of photons of known energies: expected counts per channel.

Each line becomes a Gaussian peak, an exponential tail, a flat shelf and an escape peak, each
integrated over the channels (differences of distribution functions, never samples of a density),
so that no count is lost or made up. Where the photons come from is not said here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.special import log_ndtr, ndtr

from autoden.checks import number
from autoden.errors import InputError

Floats = NDArray[np.float64]

SILICON_K_ALPHA: Final = 1.740  # keV, carried away by an escaping photon
SILICON_K_EDGE: Final = 1.839  # keV


@dataclass(frozen=True)
class Detector:
    """An energy-dispersive silicon detector and its pulse processing.

    Attributes
    ----------
    channel_keV : float
        Width of a channel, in keV.
    first_channel_keV : float
        Centre of the first channel, in keV.
    noise_eV : float
        Electronic noise as a full width at half maximum, in eV.
    fano : float
        Fano factor of silicon.
    pair_energy_eV : float
        Energy to make one electron-hole pair in silicon, in eV.
    tail_fraction, tail_keV : float
        Share of a line's counts in its exponential low-energy tail, and the decay length of the
        tail in keV.
    shelf_fraction : float
        Share of a line's counts spread evenly between zero and the line.
    escape_scale : float
        Factor on the calculated escape fraction; 0 switches the escape peaks off.
    window_um, crystal_um : float
        Thickness of the beryllium window and of the silicon crystal, in micrometres; an infinite
        crystal stops every photon.
    pile_up : float
        Resolving time over exposure time (no unit): the share by which two given photons of one
        exposure arrive too close together and are counted as one.
    threshold_keV, threshold_width_keV : float
        Energy below which the discriminator drops the pulses, and the standard deviation of this
        limit, in keV.
    """

    channel_keV: float = 0.00501
    first_channel_keV: float = -0.02
    noise_eV: float = 105.0
    fano: float = 0.115
    pair_energy_eV: float = 3.65
    tail_fraction: float = 0.05
    tail_keV: float = 0.25
    shelf_fraction: float = 0.01
    escape_scale: float = 1.0
    window_um: float = 8.0
    crystal_um: float = 450.0
    pile_up: float = 7e-7
    threshold_keV: float = 1.12
    threshold_width_keV: float = 0.04

    def __post_init__(self) -> None:
        """Refuse settings that no detector can have."""
        for name in ("channel_keV", "noise_eV", "tail_keV", "threshold_width_keV"):
            number(name, getattr(self, name), above=0)
        for name in (
            "fano", "pair_energy_eV", "tail_fraction", "shelf_fraction", "escape_scale",
            "window_um", "pile_up",
        ):  # fmt: skip
            number(name, getattr(self, name), at_least=0)
        for name in ("first_channel_keV", "threshold_keV"):
            number(name, getattr(self, name))
        if self.crystal_um != float("inf"):
            number("crystal_um", self.crystal_um, at_least=0)
        if self.tail_fraction + self.shelf_fraction > 1:
            raise InputError(
                f"`tail_fraction` (={self.tail_fraction}) and `shelf_fraction` "
                f"(={self.shelf_fraction}) leave nothing for the peak; their sum may be 1 at most."
            )

    def energies(self, n_channels: int) -> Floats:
        """Give the centres of the channels, (n_channels,) float64 in keV."""
        return self.first_channel_keV + self.channel_keV * np.arange(n_channels, dtype=np.float64)

    def fwhm(self, energy: Floats) -> Floats:
        """Give the full width at half maximum in keV of lines at `energy` in keV.

        ``FWHM^2 = noise^2 + 5.545 fano pair_energy energy``, where 5.545 is ``8 ln 2``: the
        electronic noise and the statistics of the electron-hole pairs (Fano 1947).
        """
        pairs = (
            8 * float(np.log(2)) * self.fano * (self.pair_energy_eV / 1000) * np.maximum(energy, 0)
        )
        return np.sqrt(np.asarray((self.noise_eV / 1000) ** 2 + pairs, dtype=np.float64))

    def efficiency(self, energy: Floats) -> Floats:
        """Give the share of photons of `energy` in keV that reach the crystal and stop in it.

        Absorption follows a cubic law through the tabulated coefficients at 2 keV (beryllium
        window) and at 10 keV (silicon crystal); the photoelectric part only.
        """
        energy = np.maximum(energy, 1e-3)
        through_window = np.exp(-0.01372 * self.window_um * (2 / energy) ** 3)
        stopped = -np.expm1(-0.007725 * self.crystal_um * (10 / energy) ** 3)
        return np.asarray(through_window * stopped)

    def escape_fraction(self, energy: Floats) -> Floats:
        """Give the share of photons of `energy` in keV whose silicon K photon escapes.

        Reed and Ware (1972): ``0.5 w (1 - 1/r) [1 - (m/M) ln(1 + M/m)]`` with the fluorescence
        yield w = 0.050, the edge jump r = 10.4 and the absorption coefficients of silicon for its
        own K photons (m) and for the incoming ones (M).
        """
        above = energy > SILICON_K_EDGE
        ratio = 359.0 / (33.15 * (10 / np.where(above, energy, 10.0)) ** 2.93)  # m/M
        share = 0.5 * 0.050 * (1 - 1 / 10.4) * (1 - ratio * np.log1p(1 / ratio))
        return np.where(above, self.escape_scale * share, 0.0)

    def respond(self, energy: Floats, photons: Floats, width: Floats, n_channels: int) -> Floats:
        """Give the expected counts per channel of a few lines, before pile-up and threshold.

        Parameters
        ----------
        energy : ndarray of float64, shape (n_lines,)
            Energies in keV.
        photons : ndarray of float64, shape (n_lines,)
            Photons that arrive at the window.
        width : ndarray of float64, shape (n_lines,)
            Standard deviation in keV that the line has before it is detected (Doppler broadening
            of Compton scatter); 0 for a sharp line.
        n_channels : int
            Number of channels.

        Returns
        -------
        ndarray of float64, shape (n_channels,)
            Expected counts per channel.
        """
        edges = self.energies(n_channels + 1) - self.channel_keV / 2
        counts = photons * self.efficiency(energy)
        escaping = self.escape_fraction(energy)
        peak = 1 - escaping - self.tail_fraction - self.shelf_fraction
        total = np.zeros(n_channels + 1)
        for line in range(len(energy)):  # one at a time: a handful of (n_channels,) arrays
            centre = float(energy[line])
            sigma = float(np.hypot(self._sigma(centre), width[line]))
            escape_centre = centre - SILICON_K_ALPHA
            escape_sigma = float(np.hypot(self._sigma(escape_centre), width[line]))
            total += counts[line] * (
                peak[line] * _peak_cdf(edges, centre, sigma)
                + self.tail_fraction * _tail_cdf(edges, centre, sigma, self.tail_keV)
                + self.shelf_fraction * _shelf_cdf(edges, centre, sigma)
                + escaping[line] * _peak_cdf(edges, escape_centre, escape_sigma)
            )
        return np.diff(total)

    def _sigma(self, energy: float) -> float:
        """Give the standard deviation in keV of a line at `energy` in keV."""
        return float(self.fwhm(np.asarray(energy))) / float(np.sqrt(8 * np.log(2)))

    def with_pile_up(self, counts: Floats, n_counts: float) -> Floats:
        """Merge the pulses that arrive too close together.

        Two pulses that the electronics cannot tell apart are lost at their own energies and
        counted once at the sum (pairs only): ``s (1 - 2 p n) + p (s * s)`` with the spectrum s, its
        total n, the resolving time over the exposure time p, and ``*`` the convolution.

        Parameters
        ----------
        counts : ndarray of float64, shape (n_channels,)
            Expected counts per channel without pile-up, s.
        n_counts : float
            All counts, also those beyond the last channel, n.

        Returns
        -------
        ndarray of float64, shape (n_channels,)
            Expected counts per channel with pile-up.

        Raises
        ------
        InputError
            If half of the counts or more are lost to pile-up.
        """
        lost = 2 * self.pile_up * n_counts
        if lost > 0.5:
            raise InputError(
                f"{lost:.0%} of the {n_counts:.3g} counts of an exposure of 1 pile up at `pile_up` "
                f"{self.pile_up:g}, and only pairs are known here; give fewer photons or a smaller "
                "`pile_up`."
            )
        zero = -round(self.first_channel_keV / self.channel_keV)  # the channel of zero energy
        pairs = np.maximum(fftconvolve(counts, counts), 0)  # channel i + j holds i with j
        pairs = np.pad(pairs, (max(0, -zero), 0))[max(0, zero) :]
        merged = np.zeros_like(counts)
        merged[: len(pairs)] = pairs[: len(counts)]
        return (1 - lost) * counts + self.pile_up * merged

    def discriminate(self, counts: Floats) -> Floats:
        """Drop the counts below the threshold; (n_channels,) float64 in and out."""
        above = (self.energies(len(counts)) - self.threshold_keV) / self.threshold_width_keV
        return np.asarray(counts * ndtr(above))


def _peak_cdf(edges: Floats, centre: float, sigma: float) -> Floats:
    """Distribution function of a Gaussian line at `edges`; all in keV."""
    return np.asarray(ndtr((edges - centre) / sigma))


def _tail_cdf(edges: Floats, centre: float, sigma: float, decay: float) -> Floats:
    """Distribution function of a line that loses an exponential energy, then is blurred."""
    z = (edges - centre) / sigma
    exponent = (edges - centre) / decay + 0.5 * (sigma / decay) ** 2
    return np.asarray(ndtr(z) + np.exp(exponent + log_ndtr(-z - sigma / decay)))


def _shelf_cdf(edges: Floats, centre: float, sigma: float) -> Floats:
    """Distribution function of an even spread between zero and the line, then blurred."""

    def integral(z: Floats) -> Floats:  # of the normal distribution function
        return np.asarray(z * ndtr(z) + np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))

    return (integral(edges / sigma) - integral((edges - centre) / sigma)) * (sigma / centre)
