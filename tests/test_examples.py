"""Every script in `examples/` runs from its command line, prints its table, draws its figure."""

import ast
import re
import runpy
import sys
from pathlib import Path

import matplotlib.image
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "presentation")


def test_there_is_an_example_of_each_kind():
    assert {
        "deconvolution",
        "grey_images",
        "noise2inverse",
        "regularisation",
        "rgb_images",
        "save_and_load",
        "spectra",
        "super_resolution",
    } <= set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_scores_the_plain_data_a_filter_and_a_network(
    name, tmp_path, monkeypatch, capsys
):
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setattr(
        sys, "argv", [f"{name}.py", "--epochs", "2", "--output", str(tmp_path / "new")]
    )
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")

    table = capsys.readouterr().out
    rows = re.findall(r"^(\S.*?)((?: +(?:-?[\d.]+|nan|inf))+)$", table, flags=re.MULTILINE)
    assert len(rows) >= 4
    assert re.search(r"TV|Savitzky-Golay|Wiener", table)
    assert re.search(r"Noise2|Deep Image Prior|DIP", rows[-1][0] + rows[-2][0])
    picture = matplotlib.image.imread(tmp_path / "new" / f"{name}.png")
    assert picture[..., :3].std() > 0.05, "an empty sheet"


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_tells_in_its_first_lines_what_to_look_at(name):
    doc = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text()))
    assert "look at" in doc.lower()
    assert f"python examples/{name}.py" in doc
