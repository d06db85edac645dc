"""Where the elements shine: energies and relative intensities of characteristic X-ray lines.

Facts from public X-ray data tables, rounded to 1 eV: K lines up to molybdenum, L lines of four
heavy elements. Left out are lines below 2 % of their family (for K: below 0.1 %), satellites,
and the L lines of the elements that are here with their K lines. No physics of detection here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from autoden.errors import InputError


class Line(NamedTuple):
    """One characteristic line of an element.

    Attributes
    ----------
    name : str
        Siegbahn name: ``Ka1``, ``Kb1`` (with Kb3), ``La1``, ...
    energy_keV : float
        Energy of the photon, in keV.
    fraction : float
        Share of the photons of the element's family that this line carries; the shares of one
        element add up to 1 (within rounding).
    """

    name: str
    energy_keV: float
    fraction: float


LINES: Final[Mapping[str, tuple[Line, ...]]] = MappingProxyType(
    {
        "Si": (
            Line("Ka1", 1.740, 0.6472),
            Line("Ka2", 1.739, 0.3258),
            Line("Kb1", 1.836, 0.0270),
        ),
        "S": (
            Line("Ka1", 2.308, 0.6256),
            Line("Ka2", 2.307, 0.3162),
            Line("Kb1", 2.464, 0.0582),
        ),
        "Cl": (
            Line("Ka1", 2.622, 0.6147),
            Line("Ka2", 2.621, 0.3106),
            Line("Kb1", 2.816, 0.0747),
        ),
        "Ar": (
            Line("Ka1", 2.957, 0.6033),
            Line("Ka2", 2.955, 0.3042),
            Line("Kb1", 3.190, 0.0925),
        ),
        "K": (
            Line("Ka1", 3.314, 0.5953),
            Line("Ka2", 3.311, 0.3011),
            Line("Kb1", 3.590, 0.1036),
        ),
        "Ca": (
            Line("Ka1", 3.692, 0.5900),
            Line("Ka2", 3.688, 0.2984),
            Line("Kb1", 4.013, 0.1116),
        ),
        "Ti": (
            Line("Ka1", 4.511, 0.5869),
            Line("Ka2", 4.505, 0.2980),
            Line("Kb1", 4.932, 0.1151),
        ),
        "Cr": (
            Line("Ka1", 5.415, 0.5870),
            Line("Ka2", 5.405, 0.2990),
            Line("Kb1", 5.947, 0.1140),
        ),
        "Mn": (
            Line("Ka1", 5.899, 0.5841),
            Line("Ka2", 5.888, 0.2978),
            Line("Kb1", 6.490, 0.1181),
        ),
        "Fe": (
            Line("Ka1", 6.404, 0.5836),
            Line("Ka2", 6.391, 0.2980),
            Line("Kb1", 7.058, 0.1184),
        ),
        "Co": (
            Line("Ka1", 6.930, 0.5829),
            Line("Ka2", 6.915, 0.2981),
            Line("Kb1", 7.649, 0.1190),
        ),
        "Ni": (
            Line("Ka1", 7.478, 0.5825),
            Line("Ka2", 7.461, 0.2981),
            Line("Kb1", 8.265, 0.1194),
        ),
        "Cu": (
            Line("Ka1", 8.048, 0.5829),
            Line("Ka2", 8.028, 0.2991),
            Line("Kb1", 8.905, 0.1180),
        ),
        "Zn": (
            Line("Ka1", 8.639, 0.5810),
            Line("Ka2", 8.616, 0.2986),
            Line("Kb1", 9.572, 0.1204),
        ),
        "As": (
            Line("Ka1", 10.544, 0.5730),
            Line("Ka2", 10.508, 0.2953),
            Line("Kb1", 11.724, 0.1270),
            Line("Kb2", 11.864, 0.0047),
        ),
        "Br": (
            Line("Ka1", 11.924, 0.5659),
            Line("Ka2", 11.878, 0.2932),
            Line("Kb1", 13.290, 0.1310),
            Line("Kb2", 13.469, 0.0099),
        ),
        "Sr": (
            Line("Ka1", 14.165, 0.5581),
            Line("Ka2", 14.098, 0.2905),
            Line("Kb1", 15.832, 0.1342),
            Line("Kb2", 16.085, 0.0172),
        ),
        "Y": (
            Line("Ka1", 14.958, 0.5555),
            Line("Ka2", 14.883, 0.2897),
            Line("Kb1", 16.734, 0.1362),
            Line("Kb2", 17.013, 0.0186),
        ),
        "Zr": (
            Line("Ka1", 15.775, 0.5535),
            Line("Ka2", 15.691, 0.2891),
            Line("Kb1", 17.662, 0.1377),
            Line("Kb2", 17.969, 0.0197),
        ),
        "Mo": (
            Line("Ka1", 17.479, 0.5496),
            Line("Ka2", 17.374, 0.2882),
            Line("Kb1", 19.601, 0.1409),
            Line("Kb2", 19.965, 0.0213),
        ),
        "Hf": (
            Line("Ll", 6.960, 0.0194),
            Line("La1", 7.899, 0.3833),
            Line("La2", 7.844, 0.0434),
            Line("Lb1", 9.023, 0.2775),
            Line("Lb2", 9.347, 0.0666),
            Line("Lb3", 9.163, 0.0784),
            Line("Lb4", 8.905, 0.0608),
            Line("Lg1", 10.516, 0.0505),
            Line("Lg3", 10.890, 0.0201),
        ),
        "W": (
            Line("Ll", 7.387, 0.0202),
            Line("La1", 8.398, 0.3881),
            Line("La2", 8.335, 0.0440),
            Line("Lb1", 9.672, 0.2978),
            Line("Lb2", 9.961, 0.0689),
            Line("Lb3", 9.819, 0.0610),
            Line("Lb4", 9.525, 0.0487),
            Line("Lg1", 11.285, 0.0554),
            Line("Lg3", 11.675, 0.0159),
        ),
        "Au": (
            Line("Ll", 8.494, 0.0244),
            Line("La1", 9.713, 0.4364),
            Line("La2", 9.628, 0.0495),
            Line("Lb1", 11.443, 0.2736),
            Line("Lb2", 11.585, 0.0815),
            Line("Lb3", 11.610, 0.0376),
            Line("Lb4", 11.205, 0.0326),
            Line("Lg1", 13.382, 0.0540),
            Line("Lg3", 13.807, 0.0103),
        ),
        "Pb": (
            Line("Ll", 9.184, 0.0255),
            Line("La1", 10.551, 0.4347),
            Line("La2", 10.450, 0.0494),
            Line("Lb1", 12.614, 0.2771),
            Line("Lb2", 12.622, 0.0837),
            Line("Lb3", 12.794, 0.0332),
            Line("Lb4", 12.307, 0.0304),
            Line("Lg1", 14.765, 0.0566),
            Line("Lg3", 15.216, 0.0093),
        ),
    }
)
"""Lines of each element by its symbol.

K lines: energies and radiative rates are those of the free atom. L lines: intensities for
excitation by photons of 25 keV, which is well above the L edges.
"""


def element_lines(symbol: str) -> tuple[Line, ...]:
    """Give the lines of one element.

    Parameters
    ----------
    symbol : str
        Symbol of the element, such as ``"Cu"``.

    Returns
    -------
    tuple of Line
        Its lines, with energies in keV.

    Raises
    ------
    InputError
        If the table does not hold the element.

    Examples
    --------
    >>> from autoden.datasets import element_lines
    >>> [(line.name, line.energy_keV) for line in element_lines("Cu")]
    [('Ka1', 8.048), ('Ka2', 8.028), ('Kb1', 8.905)]
    """
    if symbol not in LINES:
        raise InputError(
            f"There are no lines for the element {symbol!r}; use one of {', '.join(LINES)}."
        )
    return LINES[symbol]
