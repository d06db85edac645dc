"""The page on formats says what the registry says."""

import re
from pathlib import Path

import pytest

import autoden.io as aio

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def rows():
    if not PAGE.is_file():
        pytest.skip(f"{PAGE} is not there")
    cells = [line.strip("|").split("|") for line in PAGE.read_text().split("\n") if "| `." in line]
    return {row[0].strip(): row for row in cells}


def test_every_format_has_its_row():
    page = rows()
    assert list(page) == [each.name for each in aio.formats()]
    for each in aio.formats():
        _, suffixes, holds, loses, needs = page[each.name]
        assert tuple(re.findall(r"`(\.\w+)`", suffixes)) == each.suffixes
        assert holds.strip() == each.holds
        assert (each.extra is not None) == bool(needs.strip())
        for lost in ("axes", "metadata"):
            assert (lost in loses) == (lost in each.loses)
