"""Labels of axes as people write them in headers: "Energy (keV)", and back.

Only the text is dealt with; whether a label is believed is decided in ``table_layout.py``.
"""

import re
from collections.abc import Sequence

_BRACKETS = {")": "(", "]": "["}
CORNER_SEPARATOR = " \\ "  # "y (mm) \ energy (keV)": first what runs down, then what runs across

POSITION_NAMES = ("energy", "channel", "wavelength")  # a lone label of these names the header

# Words of a label and units that make the first column of named columns the positions.
_POSITION_WORDS = frozenset(
    {
        "energy", "energies", "channel", "channels", "ch", "bin", "bins", "index", "position",
        "positions", "wavelength", "wavelengths", "lambda", "wavenumber", "wavenumbers", "raman",
        "shift", "frequency", "time", "mass", "angle", "theta", "2theta", "q", "kev", "ev", "mev",
        "nm",
    }
)  # fmt: skip
_POSITION_UNITS = frozenset(
    {
        "kev", "ev", "mev", "nm", "um", "µm", "pm", "å", "cm-1", "cm^-1", "1/cm", "cm⁻¹",
        "hz", "khz", "mhz", "ghz", "thz", "°", "deg",
    }
)  # fmt: skip

_WHOLE = re.compile(r"\d+")
_LAST_PART = re.compile(r"[\s_.-]+[a-z#]$|#$")  # of a label in lower case, # for its digits


def parse_label(text: str) -> tuple[str, str | None]:
    r"""Split a label into a name and a unit.

    Parameters
    ----------
    text : str
        What stands in the header.

    Returns
    -------
    name : str
        In lower case, without the unit.
    unit : str or None
        As written; None when the label has no brackets.

    Examples
    --------
    >>> parse_label("Energy (keV)"), parse_label("energy [eV]"), parse_label("Energy")
    (('energy', 'keV'), ('energy', 'eV'), ('energy', None))
    >>> parse_label("rate (counts/(s mm))"), parse_label("y ()")
    (('rate', 'counts/(s mm)'), ('y', ''))
    """
    text = text.strip()
    opening = _BRACKETS.get(text[-1:])
    if opening is None:
        return text.lower(), None
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] == text[-1]) - (text[index] == opening)
        if depth == 0:
            name, unit = text[:index].strip(), text[index + 1 : -1].strip()
            return (name.lower(), unit) if name else (text.lower(), None)
    return text.lower(), None


def format_label(name: str, unit: str) -> str:
    """Write name and unit so that `parse_label` finds them again, be it that there is no unit.

    Examples
    --------
    >>> format_label("energy", "keV"), format_label("y", "")
    ('energy (keV)', 'y ()')
    """
    return f"{name} ({unit})"


def row_label(name: str, unit: str) -> str:
    """Write name and unit of what runs down; the name alone where there is no unit.

    Examples
    --------
    >>> row_label("y", "mm"), row_label("y", ""), row_label("time (a)", "")
    ('y (mm)', 'y', 'time (a) ()')
    """
    is_plain = not unit and parse_label(name) == (name, None)
    return name if is_plain else format_label(name, unit)


def split_corner(cell: str) -> tuple[str, str]:
    r"""Split the first cell of a header into the labels of the rows and of the header.

    Examples
    --------
    >>> split_corner("y (mm) \\ energy (keV)"), split_corner("Energy [eV]"), split_corner("index")
    (('y (mm)', 'energy (keV)'), ('', 'Energy [eV]'), ('index', ''))
    """
    if CORNER_SEPARATOR in cell:
        rows, _, header = cell.partition(CORNER_SEPARATOR)
        return rows.strip(), header.strip()
    return ("", cell) if parse_label(cell)[0] in POSITION_NAMES else (cell, "")


def names_positions(label: str) -> bool:
    """Tell whether the label of a column says that it holds the positions of the channels.

    Examples
    --------
    >>> [names_positions(label) for label in ("E (keV)", "Raman shift", "keV", "counts", "")]
    [True, True, True, False, False]
    """
    name, unit = parse_label(label)
    words = re.findall(r"[a-z0-9]+", name)
    return (unit or "").lower() in _POSITION_UNITS or not _POSITION_WORDS.isdisjoint(words)


def named_alike(labels: Sequence[str]) -> bool:
    """Tell whether labels differ in numbers or a last letter only; not if the first has a unit.

    Examples
    --------
    >>> named_alike(["s1", "s2"]), named_alike(["spectrum a", "spectrum b"])
    (True, True)
    >>> named_alike(["energy", "s1"]), named_alike(["a", "b"])
    (False, False)
    """
    if (parse_label(labels[0])[1] or "").lower() in _POSITION_UNITS:
        return False
    stems = {_LAST_PART.sub("", _WHOLE.sub("#", parse_label(label)[0])) for label in labels}
    return len(stems) == 1 and stems != {""}
