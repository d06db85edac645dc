"""Files of figures: whole, repeatable, never in the way of another; no window anywhere."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.report import loss_figure, save_figure, spectrum_figure

CURVES = {"loss_trn": [3.0, 2.0, 1.0], "loss_tst": [3.0, 2.5, 2.0]}


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml"), ("a.b.svg", b"<?xml")]
)
def test_the_suffix_decides(tmp_path: Path, name: str, start: bytes) -> None:
    save_figure(loss_figure(CURVES), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_bytes_are_reproducible(tmp_path: Path, suffix: str) -> None:
    y = np.arange(20.0)
    for name in ("first", "second"):
        figure = spectrum_figure(noisy=y, denoised=y, zooms=[(2, 5)])
        save_figure(figure, str(tmp_path / (name + suffix)))
    save_figure(figure, tmp_path / ("third" + suffix))  # the same figure once more
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


def test_an_existing_file_stays_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "loss.png"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        save_figure(loss_figure(CURVES), path)
    assert path.read_text() == "mine"
    save_figure(loss_figure(CURVES), path, overwrite=True)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.png.gz"])
def test_other_suffixes_list_the_choices(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"\.png, \.svg"):
        save_figure(loss_figure(CURVES), tmp_path / name)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        save_figure(loss_figure(CURVES), tmp_path / "nowhere" / "a.png")


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_matplotlib_is_imported_by_the_first_figure_and_pyplot_never() -> None:
    run(
        "import sys, autoden.report as report\n"
        "report.spectrum_figure, report.loss_figure, report.save_figure\n"
        "assert 'matplotlib' not in sys.modules\n"
        "figure = report.loss_figure({'loss_trn': [1.0, 2.0]})\n"
        "figure._repr_png_()\n"
        "assert 'matplotlib' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )


def test_settings_of_matplotlib_are_left_alone(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    save_figure(loss_figure(CURVES), tmp_path / "a.svg")
    assert dict(mpl.rcParams) == before
