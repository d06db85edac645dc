"""Labels of axes as people write them in headers: "Energy (keV)", and back.

Only the text is dealt with; whether a label is believed is decided in ``table_layout.py``.
"""

_BRACKETS = {")": "(", "]": "["}
CORNER_SEPARATOR = " \\ "  # "y (mm) \ energy (keV)": first what runs down, then what runs across


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
    """Write name and unit so that `parse_label` finds them again.

    Examples
    --------
    >>> format_label("energy", "keV"), format_label("y", "")
    ('energy (keV)', 'y ()')
    """
    return f"{name} ({unit})"
