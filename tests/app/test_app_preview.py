"""What a file is taken for, what is drawn of it, and what a job made of it."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

import autoden as ad
from autoden.algorithms.registry import ALGORITHMS
from autoden.app.figures import curve_figure, spectrum_figure
from autoden.app.outcome import read_outcome
from autoden.app.pictures import picture, scale_of
from autoden.app.preview import LETTERS, look, parse_letters
from autoden.app.progress import Curve
from autoden.app.settings import gather, settings_of
from autoden.app.view import View, view
from autoden.auto.files.saving import save_estimate
from autoden.auto.spectra.measurement import read_measurement
from autoden.errors import InputError
from autoden.signals import Axis, Signal

ENERGY = Axis("energy", "keV", np.linspace(0.0, 2.0, 20))


@pytest.fixture
def table(tmp_path):
    counts = np.random.default_rng(0).poisson(50, (3, 20))
    path = tmp_path / "three.csv"
    ad.write(path, Signal(counts, (Axis("repeat"), ENERGY)))
    return path


def test_a_table_is_taken_for_repeats_of_a_spectrum(table):
    found = look([str(table)])
    assert (found.letters, found.given, found.n_dims) == ("RE", None, 1)
    assert (found.verb, found.suffix, found.title) == ("denoise", ".csv", "three.csv")
    assert any("3 repeats" in fact for fact in found.facts)
    np.testing.assert_allclose(found.view.values[0], ad.read(table).data.mean(axis=0))
    assert found.view.quantity == "Counts"


def test_several_files_are_repeats(table):
    found = look([str(table), str(table)])
    assert found.letters == "RE"
    assert found.signal.shape == (6, 20)
    assert "1 more" in found.title


def test_letters_of_the_user_go_before_all(table):
    found = look([str(table)], "se")
    assert (found.letters, found.given) == ("SE", "SE")
    assert found.view.values.shape == (3, 20)
    assert found.view.labels == ("repeat 0", "repeat 1", "repeat 2")


def test_nothing_is_guessed_where_nothing_tells(tmp_path):
    np.save(tmp_path / "stack.npy", np.zeros((3, 8, 9)))
    found = look([str(tmp_path / "stack.npy")])
    assert (found.letters, found.view) == ("", None)
    assert any("n-dims" in fact for fact in found.facts)
    assert look([str(tmp_path / "stack.npy")], "RYX").view.values.shape == (1, 8, 9)


@pytest.mark.parametrize("letters", ["R", "REE", "RQ", "RC", "", "R1"])
def test_letters_that_do_not_fit_are_refused(table, letters):
    with pytest.raises(InputError, match="axes"):
        look([str(table)], letters)


@pytest.mark.parametrize("files", [[], ["/absent/file.csv"]])
def test_no_file_no_preview(files):
    with pytest.raises(InputError):
        look(files)


@pytest.mark.parametrize(
    ("letters", "shape", "drawn"),
    [
        ("E", (7,), (1, 7)),
        ("ER", (7, 3), (1, 7)),
        ("YXE", (2, 3, 7), (6, 7)),
        ("RYX", (4, 5, 6), (1, 5, 6)),
        ("XY", (6, 5), (1, 5, 6)),
        ("TRZYX", (2, 3, 4, 5, 6), (8, 5, 6)),
        ("CYX", (3, 5, 6), (3, 5, 6)),
    ],
)
def test_a_view_averages_repeats_and_lists_the_rest(letters, shape, drawn):
    data = np.random.default_rng(0).normal(size=shape)
    signal = Signal(data, [f"axis_{i}" for i in range(len(shape))])
    seen = view(signal, parse_letters(letters, len(shape)))
    assert seen.values.shape == drawn
    assert len(seen.labels) == drawn[0]
    assert np.isclose(seen.values.mean(), data.mean())


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".npy", ".tif", ".h5"])
def test_estimate_and_uncertainty_are_read_back_from_every_format(table, tmp_path, suffix):
    measured = read_measurement(str(table), axes="RE")
    estimate, sigma = np.linspace(1, 2, 20), np.linspace(0.1, 0.2, 20)
    path = tmp_path / f"out{suffix}"
    save_estimate(path, estimate, sigma, measured)
    outcome = read_outcome(look([str(table)]), path)
    np.testing.assert_allclose(outcome.after.values, [estimate], rtol=1e-6)
    np.testing.assert_allclose(outcome.sigma, [sigma], rtol=1e-6)
    assert outcome.before.values.shape == (1, 20)


def test_an_image_is_compared_with_the_mean_of_its_repeats(tmp_path):
    data = np.random.default_rng(0).normal(size=(4, 6, 5)).astype(np.float32)
    ad.write(tmp_path / "in.npz", Signal(data, ("repeat", "y", "x")))
    ad.write(tmp_path / "out.tif", Signal(data[0], ("y", "x")))
    found = look([str(tmp_path / "in.npz")])
    outcome = read_outcome(found, tmp_path / "out.tif")
    assert (found.letters, found.suffix) == ("RYX", ".npz")
    np.testing.assert_allclose(outcome.before.values[0], data.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outcome.after.values[0], data[0])
    assert outcome.sigma is None


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".tif", ".h5"])
@pytest.mark.parametrize("letters", ["YXC", "RYXC", "XY"])
def test_a_result_lies_upon_the_data_whatever_the_order_of_their_axes(tmp_path, letters, suffix):
    sizes = {"R": 2, "Y": 9, "X": 10, "C": 3}
    names = {"R": "repeat", "Y": "y", "X": "x", "C": "channel"}
    data = np.random.default_rng(0).normal(size=[sizes[each] for each in letters])
    ad.write(tmp_path / "in.npz", Signal(data, [names[each] for each in letters]))
    kept = letters.replace("R", "")
    mean = data.mean(axis=0) if "R" in letters else data
    ad.write(tmp_path / f"out{suffix}", Signal(mean, [names[each] for each in kept]))
    outcome = read_outcome(look([str(tmp_path / "in.npz")], letters), tmp_path / f"out{suffix}")
    assert outcome.after.values.shape[1:] == (9, 10)
    np.testing.assert_allclose(outcome.after.values, outcome.before.values, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".h5", ".zarr", ".png"])
def test_a_result_is_one_file_that_holds_real_numbers(tmp_path, suffix):
    if suffix == ".zarr":
        pytest.importorskip("zarr")
    letters = "RE" if suffix == ".csv" else "YX"
    data = np.random.default_rng(0).poisson(50, (8, 9)).astype(np.uint8)
    names = ("repeat", "energy") if letters == "RE" else ("y", "x")
    ad.write(tmp_path / f"in{suffix}", Signal(data, names))
    found = look([str(tmp_path / f"in{suffix}")], letters)
    assert found.suffix == {".zarr": ".tif", ".png": ".tif"}.get(suffix, suffix)


def test_a_result_that_is_something_else_is_shown_alone(tmp_path):
    ad.write(tmp_path / "in.npz", Signal(np.ones((8, 12)), ("y", "x")))
    ad.write(tmp_path / "out.npz", Signal(np.ones((9, 9)), ("y", "x")))
    outcome = read_outcome(look([str(tmp_path / "in.npz")]), tmp_path / "out.npz")
    assert outcome.before is None
    assert outcome.after.values.shape == (1, 9, 9)


def test_the_figure_of_a_spectrum_is_plain_and_fills_its_height():
    values = np.array([[0.0, 1.0, np.nan, 100.0, 2.0]])
    axis = Axis("energy", "keV", np.arange(5.0))
    before = View(values, (axis,), ("",))
    after = View(values + 1, (axis,), ("",))
    figure = spectrum_figure(before, after, np.ones((1, 5)), span=(0.0, 1.5))
    json.dumps(figure, allow_nan=False)
    assert [trace["name"] for trace in figure["data"]] == [
        "measured", "lower", "± 1 sigma", "estimate",
    ]  # fmt: skip
    low, high = figure["layout"]["yaxis"]["range"]
    assert low <= 0 < 3 <= high < 4  # upper edge of the band within the span
    logarithmic = spectrum_figure(before, logarithmic=True)
    assert min(y for y in logarithmic["data"][0]["y"] if y is not None) > 0
    assert logarithmic["layout"]["yaxis"]["range"][1] == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("level", [0.0, -3.0, 5.0, np.nan])
def test_a_constant_spectrum_has_a_figure(level, logarithmic):
    flat = View(np.full((1, 4), level), (Axis("channel"),), ("",))
    figure = spectrum_figure(flat, logarithmic=logarithmic)
    json.dumps(figure, allow_nan=False)
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < high


def test_no_setting_of_a_figure_is_a_list_of_lists():
    """plotly.js compares settings one level deep, and would draw for ever."""
    for value in spectrum_figure(View(np.ones((1, 3)), (Axis("x"),), ("",)))["config"].values():
        assert not isinstance(value, list) or all(isinstance(each, str) for each in value)


def test_the_curve_of_a_training():
    curve = Curve("training", "held-out", [1, 2], [10.0, 0.1])
    figure = curve_figure(curve)
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert figure["data"][0]["y"] == [10.0, 0.1]


def test_a_picture_keeps_the_order_of_values_and_a_size_for_screens():
    image = np.linspace(0, 1, 3000 * 10).reshape(3000, 10)
    image[0, 0] = np.nan
    data = picture(image, scale_of(image))
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))))
    assert max(drawn.shape) <= 1200
    assert drawn[0].min() == 0
    assert drawn[-1].max() == 255
    assert (np.diff(drawn[1:, 0].astype(int)) >= 0).all()


def test_a_flat_picture_has_a_scale():
    assert scale_of(np.zeros((2, 2))) == (-0.5, 0.5)
    assert scale_of(np.full((2, 2), np.nan)) == (0.0, 1.0)


@pytest.mark.parametrize("verb", list(ALGORITHMS))
def test_every_algorithm_offers_settings_that_its_verb_takes(verb):
    from autoden.cli.algorithm import make_verb

    settings = settings_of(verb, ALGORITHMS[verb].n_dims[-1])
    labels = [setting.label for setting in settings]
    assert {"Network", "Epochs", "Learning rate", "Seed"} <= set(labels)
    assert len(settings) <= 12
    assert all(setting.help for setting in settings)
    text = str(make_verb(ALGORITHMS[verb]).__signature__)
    for setting in settings:
        assert setting.flag in text or setting.flag == "--model"


def test_what_a_page_holds_becomes_options():
    settings = settings_of("n2v", 2)
    given = {"--epochs": " 7 ", "--mask-shape": "1 9", "--seed": "", "--learning-rate": "1e-3"}
    assert gather(settings, given) == {
        "--epochs": ("7",), "--mask-shape": ("1", "9"), "--learning-rate": ("0.001",),
    }  # fmt: skip
    with pytest.raises(InputError, match="whole number"):
        gather(settings, {"--epochs": "7.5"})
    with pytest.raises(InputError, match="give a number"):
        gather(settings, {"--learning-rate": "fast"})
    with pytest.raises(InputError, match="missing"):
        gather(settings_of("n2i", 2), {})


def test_every_letter_has_a_meaning():
    assert parse_letters("".join(LETTERS), len(LETTERS)) == "".join(LETTERS)
