"""Tables of a report: order, words and digits."""

import math
import re
from typing import Any

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.report import Table, bands_table, candidates_table, peaks_table, regions_table
from autoden.report.numerals import GAP, MISSING, plus_minus, show


def candidates(**changes: Any) -> Table:
    given: dict[str, Any] = {
        "names": ["mean", "gaussian", "wavelets", "broken"], "parameters": ["", "2", "db4", ""],
        "scores": [0.0, -3.0, -5.0, np.nan], "errors": [np.nan, 0.5, 0.5, np.nan],
        "chosen": "gaussian",
    }  # fmt: skip
    return candidates_table(**{**given, **changes})


def test_the_best_and_the_chosen_candidate_are_marked_in_words() -> None:
    table = candidates()
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("wavelets", "best score"), ("gaussian", "chosen"), ("mean", "not chosen"),
        ("broken", "not chosen"),
    ]  # fmt: skip
    assert table.marked == (1,)
    assert candidates(chosen=["gaussian", "wavelets"]).marked == (0, 1)
    assert table.rows[-1][2] == MISSING


def test_columns_of_the_known_tables_hold_what_was_given() -> None:
    peaks = peaks_table(
        positions=[8.04781], area_before=[10.0], area_after=[11.0], centroid_shift=[0.001],
        centroid_error=[0.002], width_shift=[0.0], width_error=[0.1], unit="keV", names=["Cu"],
    )  # fmt: skip
    assert dict(zip(peaks.columns, peaks.rows[0], strict=True)) == {
        "Peak": "Cu", "Position (keV)": "8.04781", "Area measured": 10.0, "Area estimated": 11.0,
        "Centroid shift (keV)": "0.0010 ± 0.0020", "Width shift (keV)": "0.00 ± 0.10",
    }  # fmt: skip
    regions = regions_table(low=[1], high=[2], net_before=[5], net_after=[6], z=[-3.14159])
    assert dict(zip(regions.columns, regions.rows[0], strict=True)) == {
        "From, to": "1 to 2", "Net counts measured": 5, "Net counts estimated": 6, "z": "-3.14",
    }  # fmt: skip
    bands = bands_table(
        low=[0, 1], high=[1, 1e4], n_channels=[3, 2], dispersion=[1, np.nan], whiteness=[-0.5, 0]
    )
    assert bands.rows[0][1:] == (3, "1.00", "-0.50")
    assert bands.rows[1] == (f"1 to 10{GAP}000", 2, None, "+0.00")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, MISSING), (math.nan, MISSING), (math.inf, MISSING), (True, "yes"),
        (np.False_, "no"), (np.int64(4), "4"), (1234567, f"1{GAP}234{GAP}567"), (0.0, "0"),
        (1.0, "1"), (0.1 + 0.2, "0.3"), (12345.678, f"12{GAP}346"), (1.5e9, "1.500e+09"),
        (2e-6, "2.000e-06"), (-0.0004321, "-0.0004321"), ("a, b", "a, b"), ((), MISSING),
        (np.array([1.0, 2.5]), "1, 2.5"), ({"k": [1, None]}, f"k: 1, {MISSING}"),
    ],
)  # fmt: skip
def test_values_are_written_for_a_reader(value: object, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize("power", range(-6, 7))
@pytest.mark.parametrize("mantissa", [1.0, 2.345, 9.94, 9.96])
def test_an_error_has_two_digits_and_the_value_ends_where_it_does(
    power: int, mantissa: float
) -> None:
    error = mantissa * 10.0**power
    value = 3.21 * error
    shown, shown_error = (
        float(part.replace(GAP, "")) for part in plus_minus(value, error).split(" ± ")
    )
    step = 10.0 ** (math.floor(math.log10(float(f"{error:.1e}"))) - 1)  # of the second digit
    assert abs(shown_error - error) <= 0.501 * max(step, 1e-9)
    assert abs(shown - value) <= 0.501 * max(step, 1e-9)
    digits = re.sub(r"[^0-9]", "", plus_minus(value, error).split(" ± ")[1]).lstrip("0")
    assert len(digits) == 2 or error >= 10


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Table("T", ("a", "b"), [(1, 2), (3,)]), "Row 1 of the table 'T' has 1 cells.*2"),
        (lambda: Table("T", ("a",), [(1,)], marked=[1]), "1 rows"),
        (lambda: candidates(scores=[1, 2]), r"`scores` \(2,\)"),
        (lambda: candidates(chosen="dncnn"), "'dncnn'.*'wavelets'"),
    ],
)
def test_tables_that_do_not_fit_are_explained(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
