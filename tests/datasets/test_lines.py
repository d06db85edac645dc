"""The table of lines: complete, ordered, and in line with Moseley's law."""

import numpy as np
import pytest

from autoden.datasets import LINES, element_lines
from autoden.errors import InputError

ATOMIC_NUMBERS = {
    "Si": 14, "S": 16, "Cl": 17, "Ar": 18, "K": 19, "Ca": 20, "Ti": 22, "Cr": 24, "Mn": 25,
    "Fe": 26, "Co": 27, "Ni": 28, "Cu": 29, "Zn": 30, "As": 33, "Br": 35, "Sr": 38, "Y": 39,
    "Zr": 40, "Mo": 42, "Hf": 72, "W": 74, "Au": 79, "Pb": 82,
}  # fmt: skip


def test_the_table_holds_the_elements_that_are_tested() -> None:
    assert set(LINES) == set(ATOMIC_NUMBERS)


@pytest.mark.parametrize("symbol", LINES)
def test_shares_add_up_to_one(symbol: str) -> None:
    assert sum(line.fraction for line in LINES[symbol]) == pytest.approx(1, abs=5e-4)
    assert len({line.name for line in LINES[symbol]}) == len(LINES[symbol])


@pytest.mark.parametrize("symbol", LINES)
def test_strongest_line_obeys_moseleys_law(symbol: str) -> None:
    strongest = max(LINES[symbol], key=lambda line: line.fraction)
    z = ATOMIC_NUMBERS[symbol]
    if strongest.name == "Ka1":
        expected = 0.0136 * 0.75 * (z - 1) ** 2
    else:
        assert strongest.name == "La1"
        expected = 0.0136 * 5 / 36 * (z - 7.4) ** 2
    assert strongest.energy_keV == pytest.approx(expected, rel=0.05)


def test_known_energies() -> None:
    # Bearden (1967), in keV
    known = {("Cu", "Ka1"): 8.0478, ("Fe", "Ka2"): 6.3908, ("Zr", "Kb1"): 17.667,
             ("Pb", "La1"): 10.5515, ("Au", "Lb1"): 11.4423, ("Ca", "Ka1"): 3.6917}  # fmt: skip
    for (symbol, name), energy in known.items():
        line = next(line for line in LINES[symbol] if line.name == name)
        assert line.energy_keV == pytest.approx(energy, abs=0.006)


def test_unknown_element_lists_the_choices() -> None:
    with pytest.raises(InputError, match=r"'Xx'.*Si.*Cu.*Pb"):
        element_lines("Xx")


def test_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        LINES["Xx"] = ()  # type: ignore[index]
    assert np.isfinite([line.energy_keV for lines in LINES.values() for line in lines]).all()
