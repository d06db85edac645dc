"""The page says what it was given, in one file that loads nothing, with every text escaped."""

import html.parser
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.report import Page, Table, candidates_table, write_page
from autoden.report.chart import chart, log_floor

RNG = np.random.default_rng(0)
N = 300
ENERGIES = np.linspace(0.5, 20.0, N)
TRUTH = 0.3 + 80 * np.exp(-0.5 * ((ENERGIES - 8) / 0.2) ** 2)
MEASURED = RNG.poisson(4 * TRUTH) / 4
NASTY = '</script><script>alert("1")</script>&<b>%{y}'


def page(**changes: Any) -> Page:
    given: dict[str, Any] = {
        "measured": MEASURED, "estimate": TRUTH, "sigma": np.sqrt(TRUTH / 40),
        "noise_sigma": np.sqrt(TRUTH / 4), "positions": ENERGIES, "axis_name": "Energy",
        "axis_unit": "keV",
    }  # fmt: skip
    return Page(**{**given, **changes})


class Reader(html.parser.HTMLParser):
    """Reads a page as a browser does: what is in a script is no tag."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.pieces: list[str] = []
        self.scripts: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "br", "base"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.pieces.append(data)

    def numbers(self) -> Any:
        return json.loads(self.scripts[0])


def read(tmp_path: Path, page: Page) -> Reader:
    return Reader(write_page(tmp_path / "report.html", page))


def test_the_file_loads_nothing(tmp_path: Path) -> None:
    full = page(
        title="A", measurement={"Files": ["a.csv"]}, verdict=["Good."], warnings=["Hm."],
        candidates=Table("C", ("a",), [(1,)]), made={"Seed": 0}, citation="Said.",
    )  # fmt: skip
    reader = read(tmp_path, full)
    assert not reader.open  # every tag is closed
    for tag, attributes in reader.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "a")
        assert not {"src", "href", "srcset", "action", "style", "onload"} & attributes.keys()
    policy = next(a for t, a in reader.tags if t == "meta" and "http-equiv" in a)["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert sum("plotly.js v" in script for script in reader.scripts) == 1
    assert "unpkg.com/maplibre" not in reader.scripts[1]  # plotly before 6 asks for a style sheet
    style = (tmp_path / "report.html").read_text("utf-8").split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_text_is_escaped(tmp_path: Path) -> None:
    table = Table(NASTY, (NASTY, "n"), [(NASTY, 1)], note=NASTY, marked=[0])
    full = page(
        title=NASTY, axis_name=NASTY, axis_unit=NASTY, value_name=NASTY, value_unit=NASTY,
        measurement={NASTY: [NASTY, "b.csv"]}, verdict=[NASTY], warnings=[NASTY], candidates=table,
        tables=[table], made={"Method": NASTY}, settings={NASTY: {NASTY: NASTY}}, citation=NASTY,
        measured=[MEASURED] * 2, estimate=[TRUTH] * 2, sigma=[TRUTH] * 2,
        noise_sigma=[TRUTH] * 2, reference=[TRUTH] * 2, samples=[NASTY, "B"],
    )  # fmt: skip
    reader = read(tmp_path, full)
    assert [a for t, a in reader.tags if t == "script"] == [
        {"type": "application/json", "id": "numbers"}, {}, {},
    ]  # fmt: skip
    assert not any(tag == "b" for tag, _ in reader.tags)
    assert reader.text.count(NASTY) == 2 + 2 + 1 + 1 + 2 * 4 + 1 + 3 + 1 + 1
    drawn = reader.numbers()
    assert drawn["spectra"][0]["name"] == NASTY  # only ever put into attributes
    said = json.dumps([drawn["layout"], drawn["traces"]])
    assert "<script" not in said  # what the plotting library would read as HTML
    assert "<b>%" not in said.replace("<b>%{x", "")


def test_the_numbers_in_the_file_are_those_given(tmp_path: Path) -> None:
    sigma = np.sqrt(TRUTH / 40)
    sigma[7] = np.nan
    drawn = read(tmp_path, page(sigma=sigma, reference=TRUTH + 1)).numbers()
    np.testing.assert_allclose(drawn["x"], ENERGIES, rtol=1e-8)
    (spectrum,) = drawn["spectra"]
    np.testing.assert_allclose(spectrum["measured"], MEASURED, rtol=1e-5)
    np.testing.assert_allclose(spectrum["estimate"], TRUTH, rtol=1e-5)
    np.testing.assert_allclose(spectrum["reference"], TRUTH + 1, rtol=1e-5)
    assert spectrum["sigma"][7] is None
    np.testing.assert_allclose(np.delete(spectrum["sigma"], 7).astype(float), np.delete(sigma, 7),
                               rtol=1e-5)  # fmt: skip
    residuals = (MEASURED - TRUTH) / np.sqrt(TRUTH / 4)
    np.testing.assert_allclose(spectrum["residuals"], residuals, rtol=1e-4, atol=1e-6)


def test_the_plotting_library_accepts_the_figure() -> None:
    """Its Python side knows every attribute and value; the browser would ignore a wrong one."""
    from plotly.graph_objects import Figure

    for given in (page(reference=TRUTH), page(noise_sigma=None, positions=None)):
        described = chart(given)
        figure = Figure(data=described["traces"], layout=described["layout"])
        assert figure.layout.xaxis.title.text == given.axis_label
    assert {trace["meta"] for trace in chart(page(reference=TRUTH))["traces"]} == {
        "measured", "lower", "upper", "reference", "estimate", "residuals",
    }  # fmt: skip


def test_both_panels_share_the_axis() -> None:
    described = chart(page())
    assert {trace.get("xaxis", "x") for trace in described["traces"]} == {"x"}
    assert {trace.get("yaxis", "y") for trace in described["traces"]} == {"y", "y2"}
    assert "yaxis2" not in chart(page(noise_sigma=None))["layout"]


def test_hovering_says_position_value_and_unit() -> None:
    by_name = {trace["meta"]: trace for trace in chart(page())["traces"]}
    said = by_name["estimate"]["hovertemplate"]
    assert "keV" in said
    assert "estimate %{customdata[0]} counts" in said
    assert "%{x:.3f} keV" in said  # channels 0.065 keV wide
    assert "channel %{x:d}" in chart(page(positions=None))["traces"][-1]["hovertemplate"]


@pytest.mark.parametrize(
    ("measured", "estimate", "low", "high"),
    [
        ([0, 1, 100], [0.5, 0.9, 90], 0.24, 0.26),  # below both, positive
        ([0, 0.25, 9], [1e-9, 0.2, 9], 0.012, 0.013),  # an estimate of nothing: a tenth
        ([0, 0, 0], [0, 0, 0], 0.1, 0.1),
        ([-1, -2, -3], [-1, -2, 4], 2, 2),
    ],
)
def test_zeros_have_a_place_on_the_logarithmic_scale(
    measured: Any, estimate: Any, low: float, high: float
) -> None:
    given = Page(measured=measured, estimate=estimate, sigma=np.ones(3))
    assert low <= log_floor(given.spectra()[0]) <= high
    assert chart(given)["spectra"][0]["floor"] > 0


def test_noise_about_zero_takes_no_decades_of_the_logarithmic_scale() -> None:
    given = Page(
        measured=[-1, 1e-5, 30], estimate=[0, 0, 30], sigma=np.ones(3), noise_sigma=np.full(3, 2.0)
    )
    assert log_floor(given.spectra()[0]) == pytest.approx(0.2)


def test_sections_come_in_the_order_of_reading(tmp_path: Path) -> None:
    table = Table("Detectors", ("Name", "Live time (s)"), [("A", 30.5), ("B", None)], note="Both.")
    scores = candidates_table(
        names=["mean", "wavelets"], parameters=["", "db4"], scores=[0, -3], errors=[np.nan, 1],
        chosen="wavelets",
    )  # fmt: skip
    text = read(tmp_path, page(
        title="Zircon", measurement={"Repeats": 4}, verdict=["It is better."], warnings=["Look."],
        candidates=scores, tables=[table], made={"Seed": 7}, settings={"budget": "fast"},
        citation="We denoised.",
    )).text  # fmt: skip
    words = [
        "Zircon", "What was measured", "Repeats 4", "Verdict", "It is better.", "Warnings (1)",
        "Look.", "Spectrum before and after", "Candidates", "wavelets", "chosen, best score",
        "Checks in numbers", "Detectors", "How this was made", "Seed 7", "budget fast",
        "How to say it in a paper", "We denoised.",
    ]  # fmt: skip
    places = [text.rindex(word) for word in words]
    assert places == sorted(places)


def test_all_but_three_arrays_may_be_left_out(tmp_path: Path) -> None:
    reader = read(tmp_path, Page(measured=MEASURED, estimate=TRUTH, sigma=TRUTH))
    assert "No warnings." in reader.text
    for absent in ("Verdict", "Candidates", "Checks", "How this", "paper"):
        assert absent not in reader.text
    assert "residuals" not in reader.numbers()["spectra"][0]
    np.testing.assert_array_equal(reader.numbers()["x"], np.arange(N))


def test_headings_captions_and_text_alternatives(tmp_path: Path) -> None:
    table = Table("Detectors", ("Name", "Live time (s)"), [("A", 30.5)], marked=[0])
    reader = read(tmp_path, page(tables=[table], measurement={"Repeats": 4}))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == 1
    assert tags.count("table") == tags.count("caption") == 2
    assert ("html", {"lang": "en"}) in reader.tags
    assert all("scope" in a for t, a in reader.tags if t == "th")
    drawing = next(a for _, a in reader.tags if a.get("id") == "plot")
    top = ENERGIES[np.argmax(TRUTH)]
    assert drawing["role"] == "img"
    assert f"highest at {top:.4g} keV" in str(drawing["aria-label"])
    assert f"with {TRUTH.max():.1f} counts" in str(drawing["aria-label"])


def test_numbers_are_aligned_to_the_right_and_words_are_not(tmp_path: Path) -> None:
    rows = [("a", 1, "0.5 ± 0.2", "1 to 2", None), ("b", 2.5, "-3.0 ± 1.0", "2 to 3", 4.0)]
    table = Table("T", ("name", "number", "with error", "span", "gap"), rows)
    reader = read(tmp_path, page(tables=[table]))
    heads = [a.get("class") for t, a in reader.tags if t == "th" and a.get("scope") == "col"]
    assert heads == [None, "number", "number", None, "number"]


def test_several_samples_have_a_menu(tmp_path: Path) -> None:
    both = {name: np.stack([TRUTH, 2 * TRUTH]) for name in ("measured", "estimate", "sigma")}
    reader = read(tmp_path, page(**both, noise_sigma=None, samples=["left", "right"]))
    assert sum(tag == "option" for tag, _ in reader.tags) == 2
    assert [s["name"] for s in reader.numbers()["spectra"]] == ["left", "right"]
    np.testing.assert_allclose(reader.numbers()["spectra"][1]["estimate"], 2 * TRUTH, rtol=1e-5)
    assert "Spectrum of right" in reader.numbers()["spectra"][1]["description"]


def test_many_channels_stay_small_and_repeatable(tmp_path: Path) -> None:
    y = RNG.poisson(50, 16_384).astype(float)
    given = Page(measured=y, estimate=y, sigma=np.sqrt(y), noise_sigma=np.sqrt(y))
    files = [write_page(tmp_path / name, given) for name in ("a.html", "b.HTM")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_size < 7e6


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        write_page(target, page())
    assert target.read_text() == "mine"
    assert write_page(target, page(), overwrite=True) == target
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(InputError, match="nowhere"):
        write_page(tmp_path / "nowhere" / "a.html", page())
    with pytest.raises(InputError, match=r"\.html, \.htm"):
        write_page(tmp_path / "a.pdf", page())


def test_plotly_is_imported_by_the_first_page_and_matplotlib_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, autoden.report as report\n"
        "page = report.Page(measured=[1, 2], estimate=[1, 2], sigma=[1, 1])\n"
        "report.write_page\n"
        "assert 'plotly' not in sys.modules\n"
        f"report.write_page({str(tmp_path / 'a.html')!r}, page)\n"
        "assert 'plotly' in sys.modules\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_page_keeps_its_own_copy() -> None:
    measured = MEASURED.copy()
    given = page(measured=measured)
    measured[0] = -9
    np.testing.assert_array_equal(given.spectra()[0].measured, MEASURED)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measured": np.ones((2, 3, 4))}, r"measured.*\(2, 3, 4\).*n_samples"),
        ({"measured": []}, r"measured.*\(0,\)"),
        ({"sigma": np.ones(3)}, r"`sigma` has shape \(3,\)"),
        ({"noise_sigma": np.ones((1, N))}, r"`noise_sigma` has shape \(1, 300\)"),
        ({"positions": np.ones(3)}, r"positions.*\(3,\).*300 channels"),
        ({"positions": np.ones(N)}, "neither rise nor fall"),
        ({"positions": np.full(N, np.nan)}, "neither rise nor fall"),
        ({"sigma": -TRUTH}, "`sigma` is -0.3"),
        ({"samples": ["a", "b"]}, "2 names: give 1"),
    ],
)
def test_bad_arrays_are_explained(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        page(**changes)
