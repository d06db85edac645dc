"""The page of a denoised image shows what it was given, in one file that loads nothing."""

import html.parser
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autoden as ad
from autoden.errors import InputError
from autoden.report import ImagePage, Table, image_figure, save_figure, write_image_page
from autoden.report.pictures import diverging, grey, value_range

RNG = np.random.default_rng(0)
Y, X = np.mgrid[:40, :60]
TRUTH = 100.0 * (np.hypot(X - 30, Y - 20) < 12) + X
HALVES = TRUTH + RNG.normal(0, 10, (2, 40, 60))
NASTY = '</script><script>alert("1")</script>&<b>'


def page(**changes: Any) -> ImagePage:
    given: dict[str, Any] = {"measured": HALVES.mean(axis=0), "estimate": TRUTH}
    return ImagePage(**{**given, **changes})


class Reader(html.parser.HTMLParser):
    """Collects tags, texts and pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.pieces: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.pieces.append(data)

    def pictures(self) -> dict[str, np.ndarray]:
        """Pixels by the words of each picture."""
        found = {}
        for tag, attributes in self.tags:
            address = attributes.get("src") or ""
            if tag == "img" and address.startswith("data:image/png"):
                data = b64decode(address.split(",")[1])
                found[str(attributes["alt"])] = np.array(Image.open(BytesIO(data)))
        return found


def read(tmp_path: Path, one: ImagePage) -> Reader:
    return Reader(write_image_page(tmp_path / "report.html", one, overwrite=True))


def everything() -> ImagePage:
    curve = ad.evaluation.ring_correlation(*HALVES)
    return page(
        sigma=np.full(TRUTH.shape, 3.0), noise_sigma=7.0, reference=TRUTH,
        curves={"two halves": curve}, verdict=["The error is 4 times smaller."],
        warnings=["A warning."], candidates=Table("Candidates", ("Method",), [("NL-Ridge",)]),
        tables=[Table("Numbers", ("One",), [(1.5,)])], measurement={"File": "a.tif"},
        made={"Method": "NL-Ridge"}, settings={"budget": "fast"}, citation="Say it so.",
        value_name="Grey value", title="My image",
    )  # fmt: skip


def test_all_that_is_given_is_on_the_page(tmp_path):
    reader = read(tmp_path, everything())
    for words in (
        "My image", "The error is 4 times smaller.", "A warning.", "NL-Ridge", "Numbers", "a.tif",
        "budget", "Say it so.", "Grey value", "units of the noise", "resolves periods of",
        "Uncertainty", "Reference",
    ):  # fmt: skip
        assert words in reader.text
    assert set(reader.pictures()) == {
        "measured", "denoised", "residuals", "uncertainty", "reference"
    }  # fmt: skip


def test_the_page_loads_nothing_and_every_picture_is_told_in_words(tmp_path):
    reader = read(tmp_path, everything())
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "default-src 'none'" in text
    svg = [b64decode(found).decode() for found in re.findall(r"svg\+xml;base64,([^\"]+)", text)]
    for part in (text, *svg):
        assert not re.search(r"(?:src|href)=\"(?!data:|#)", part.replace("xlink:", ""))
        assert "url(http" not in part
    for tag, attributes in reader.tags:
        if tag == "img":
            assert attributes["alt"]
            assert (attributes["src"] or "").startswith("data:image/")
        if tag == "input":
            assert attributes["aria-label"]


def test_what_looks_like_html_is_text(tmp_path):
    curve = ad.evaluation.ring_correlation(*HALVES)
    one = page(
        title=NASTY, verdict=[NASTY], warnings=[NASTY], measurement={NASTY: NASTY},
        value_name=NASTY, axes=("Y", NASTY), curves={NASTY: curve},
    )  # fmt: skip
    reader = read(tmp_path, one)
    assert NASTY in reader.text
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert not any(tag == "b" for tag, _ in reader.tags)


def test_before_and_after_share_one_range_and_residuals_are_white_at_zero(tmp_path):
    estimate = TRUTH.copy()
    pictures = read(tmp_path, page(measured=estimate, estimate=estimate)).pictures()
    np.testing.assert_array_equal(pictures["measured"], pictures["denoised"])
    assert pictures["measured"].shape == TRUTH.shape
    assert (pictures["residuals"] == 247).all()


def test_what_is_not_known_is_transparent_and_said(tmp_path):
    measured = HALVES[0].copy()
    measured[5, 7] = np.nan
    reader = read(tmp_path, page(measured=measured))
    assert reader.pictures()["measured"][5, 7, 3] == 0
    assert (reader.pictures()["measured"][..., 3] == 0).sum() == 1
    assert "not known" in reader.text


def test_colours_are_shown_together_and_other_channels_one_by_one(tmp_path):
    three = np.stack([TRUTH, 2 * TRUTH, 0 * TRUTH])
    reader = read(tmp_path, page(measured=three, estimate=three, channel_axis=0))
    assert reader.pictures()["denoised"].shape == (40, 60, 3)
    apart = read(tmp_path, page(measured=three, estimate=three, channel_axis=0, is_colour=False))
    assert {"denoised, channel 1", "denoised, channel 3"} <= set(apart.pictures())
    residual = page(measured=three + 3, estimate=three, channel_axis=0, noise_sigma=1.0)
    np.testing.assert_allclose(residual.views()[0].residuals, 9 / np.sqrt(3))


@pytest.mark.parametrize(("is_stack", "n_views"), [(True, 1), (False, 3)])
def test_stacks_and_volumes_are_shown_by_their_middles(tmp_path, is_stack, n_views):
    volume = np.arange(6.0)[:, None, None] + np.zeros((6, 8, 10))
    one = page(measured=volume, estimate=volume, is_stack=is_stack, axes=("T", "Y", "X"))
    views = one.views()
    assert len(views) == n_views
    assert (views[0].measured == 3).all()
    assert "4 of 6 along T" in views[0].name
    reader = read(tmp_path, one)
    assert len(reader.pictures()) == 3 * n_views
    assert [tag for tag, _ in reader.tags].count("option") == (n_views if n_views > 1 else 0)


def test_small_pictures_are_enlarged_and_large_ones_cut(tmp_path):
    assert "--width: 420px" in write_image_page(tmp_path / "a.html", page()).read_text("utf-8")
    large = np.zeros((3, 2000))
    reader = read(tmp_path, page(measured=large, estimate=large))
    assert reader.pictures()["denoised"].shape == (3, 1600)
    assert "middle 1600" in reader.text


def test_the_same_page_gives_the_same_bytes_and_changes_nothing(tmp_path):
    before = HALVES.copy()
    first = write_image_page(tmp_path / "a.html", everything()).read_bytes()
    assert first == write_image_page(tmp_path / "b.html", everything()).read_bytes()
    np.testing.assert_array_equal(HALVES, before)
    assert len(first) < 2e5


def test_files_are_not_replaced_unasked(tmp_path):
    write_image_page(tmp_path / "a.html", page())
    with pytest.raises(InputError, match="exists"):
        write_image_page(tmp_path / "a.html", page())
    with pytest.raises(InputError, match="end its name"):
        write_image_page(tmp_path / "a.pdf", page())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimate": np.zeros((3, 4))}, "one value for each"),
        ({"measured": np.zeros(5), "estimate": np.zeros(5)}, "channel_axis"),
        ({"sigma": np.full((40, 60), -1.0)}, "not negative"),
        ({"axes": ("Z",)}, "give 2"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        page(**changes)


def test_values_become_pixels_as_they_should():
    low, high = value_range(np.array([[0.0, 255.0], [np.nan, 51.0]]))
    np.testing.assert_array_equal(
        grey(np.array([[0.0, 51.0, 255.0]]), low, high)[0, :, 0], [0, 51, 255]
    )
    assert value_range(np.full((2, 2), 7.0)) == (6.5, 7.5)
    assert value_range(np.full((2, 2), np.nan)) == (0.0, 1.0)
    below, zero, above = diverging(np.array([[-9.0, 0.0, 9.0]]), 4.0)[0].astype(int)
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert np.ptp(zero[:3]) == 0


def test_the_figure_has_a_panel_for_each_part(tmp_path):
    figure = image_figure(everything())
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "measured",
        "denoised",
        "measured - denoised (-4 to 4 sigma)",
        "ring correlation",
    ]
    save_figure(figure, tmp_path / "report.png")
    assert (tmp_path / "report.png").stat().st_size > 1e4
    assert len(image_figure(page()).axes) == 3
    with pytest.raises(InputError, match="from 0 to 0"):
        image_figure(page(), view=1)
