"""Files of every format, several of them, and broken ones, as a verb meets them."""

import numpy as np
import pytest
import tifffile
from PIL import Image

import autoden as ad
from autoden.cli.files import ReadOptions, read_all
from autoden.errors import InputError
from autoden.signals import Axis, Signal

QUICK = ["--epochs", "2", "--features", "2", "--layers", "2", "--quiet"]

GREY = np.random.default_rng(0).poisson(60, (10, 12)).astype(np.uint8)
COLOURS = np.random.default_rng(1).poisson(60, (10, 12, 3)).astype(np.uint8)
VOLUME = np.random.default_rng(2).poisson(60, (6, 7, 8)).astype(np.uint16)
PHASES = (GREY * np.exp(0.4j)).astype(np.complex64)

FORMATS = {
    "grey.png": (GREY, [], ["y", "x"]),
    "grey.jpg": (GREY, [], ["y", "x"]),
    "grey.tif": (GREY, [], ["y", "x"]),
    "grey.npy": (GREY, ["--n-dims", "2"], ["axis_0", "axis_1"]),
    "grey.npz": (GREY, ["--n-dims", "2", "--key", "image"], ["axis_0", "axis_1"]),
    "grey.csv": (GREY, ["--n-dims", "2"], ["repeat", "channel"]),
    "rgb.png": (COLOURS, [], ["y", "x", "channel"]),
    "rgb.jpeg": (COLOURS, [], ["y", "x", "channel"]),
    "rgb.tiff": (COLOURS, [], ["y", "x", "channel"]),
    "rgb.npy": (COLOURS, ["--n-dims", "2", "--channel-axis", "-1"], ["axis_0", "axis_1", "axis_2"]),
    "volume.tif": (VOLUME, ["--n-dims", "3"], ["page", "y", "x"]),
    "phases.npy": (PHASES, ["--n-dims", "2"], ["axis_0", "axis_1"]),
    "spectrum.npy": (GREY[0], [], ["axis_0"]),
}


def save(path, data):
    """Write an array as other programs do."""
    if path.suffix == ".npy":
        np.save(path, data)
    elif path.suffix == ".npz":
        np.savez(path, image=data, other=data)
    elif path.suffix == ".csv":
        np.savetxt(path, data, fmt="%d", delimiter=",")
    elif path.suffix in (".tif", ".tiff"):
        tifffile.imwrite(path, data, photometric="rgb" if data.shape[-1] == 3 else "minisblack")
    else:
        Image.fromarray(data).save(path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_denoised(run, tmp_path, name):
    data, words, axes = FORMATS[name]
    save(tmp_path / name, data)
    output = tmp_path / "out.npz"
    assert run("n2v", tmp_path / name, "-o", output, *words, *QUICK) == (0, "", "")
    result = ad.read(output)
    assert result.shape == data.shape
    assert [axis.name for axis in result.axes] == axes
    assert np.iscomplexobj(result.data) == np.iscomplexobj(data)
    assert np.isfinite(result.data).all()


def test_the_result_of_a_stack_is_what_the_library_gives(run, images, tmp_path):
    assert run("n2n", images, "-o", tmp_path / "out.tif", *QUICK)[0] == 0
    n2n = ad.N2N(ad.NetworkParamsUNet(n_features=2, n_levels=2), seed=0, verbose=False)
    prepared = n2n.prepare_data(tifffile.imread(images))
    n2n.train(*prepared, epochs=2, restarts=1)
    expected = n2n.infer(prepared[0]).astype(np.float32)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), expected)


def test_several_images_are_the_same_as_a_stack_of_them(run, images, tmp_path):
    files = []
    for i, page in enumerate(tifffile.imread(images)):
        files.append(tmp_path / f"{i}.tif")
        tifffile.imwrite(files[-1], page)
    assert run("n2n", *files, "-o", tmp_path / "a.tif", *QUICK) == (0, "", "")
    assert run("n2n", images, "-o", tmp_path / "b.tif", *QUICK) == (0, "", "")
    one, other = (ad.read(tmp_path / name).data for name in ("a.tif", "b.tif"))
    np.testing.assert_array_equal(one, other)


def test_several_tables_add_up_to_one(run, spectra, tmp_path):
    signal = ad.read(spectra)
    for name, rows in (("a.csv", slice(0, 1)), ("b.csv", slice(1, 6))):
        ad.write(tmp_path / name, Signal(signal.data[rows], (Axis("repeat"), signal.axes[1])))
    both = read_all([tmp_path / "a.csv", tmp_path / "b.csv"], ReadOptions())
    np.testing.assert_array_equal(both.data, signal.data)
    words = ["--epochs", "2", "--quiet"]
    assert run("n2n", tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "o.csv", *words) == (
        0, "", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Signal(np.ones((4, 6)), ["y", "x"]), "6 elements along 'x', not 5"),
        (Signal(np.ones((2, 4, 5)), ["z", "y", "x"]), "not go together"),
        (Signal(np.ones((4, 5)), ["y", Axis("x", "mm", np.arange(5) + 1)]), "are others"),
    ],
)
def test_files_that_do_not_go_together_are_named(tmp_path, other, message):
    one = Signal(np.ones((4, 5)), ["y", Axis("x", "mm", np.arange(5))])
    for name, signal in (("a.npz", one), ("b.npz", other)):
        ad.write(tmp_path / name, signal)
    with pytest.raises(InputError, match=message) as error:
        read_all([tmp_path / "a.npz", tmp_path / "b.npz"], ReadOptions())
    assert "b.npz" in str(error.value)


def test_the_first_of_several_series_can_be_chosen(run, tmp_path):
    with tifffile.TiffWriter(tmp_path / "in.tif") as writer:
        writer.write(GREY)
        writer.write(VOLUME, photometric="minisblack")
    code, _, err = run("n2v", tmp_path / "in.tif", "-o", tmp_path / "out.tif", *QUICK)
    assert code == 1
    assert "--series" in err
    words = ["--series", "0", *QUICK]
    assert run("n2v", tmp_path / "in.tif", "-o", tmp_path / "out.tif", *words) == (0, "", "")
    assert ad.read(tmp_path / "out.tif").shape == GREY.shape


def truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def replace_by(text):
    return lambda path: path.write_text(text)


@pytest.mark.parametrize(
    ("name", "break_it", "message"),
    [
        ("in.tif", lambda path: path.unlink(), "does not exist"),
        ("in.tif", truncate, "in.tif"),
        ("in.tif", replace_by("not a picture"), "in.tif"),
        ("in.tif", lambda path: path.unlink() or path.mkdir(), "is a folder"),
        ("in.png", replace_by("not a picture"), "in.png"),
        ("in.npy", replace_by("1,2,3"), "in.npy"),
        ("in.csv", replace_by("1,2,three,4\n1,2,3,4\n"), "three"),
        ("in.csv", replace_by("1,2,3\n4,5\n"), "cells"),
        ("in.csv", replace_by(""), "empty"),
        ("in.docx", replace_by("text"), "the suffix is not known"),
        ("in", replace_by("text"), "the suffix is not known"),
    ],
)
def test_files_that_cannot_be_read_are_one_line_and_leave_nothing(
    run, tmp_path, name, break_it, message
):
    path = tmp_path / name
    if path.suffix == ".tif":
        save(path, np.tile(GREY, (4, 1, 1)))
    break_it(path)
    code, out, err = run("n2v", path, "-o", tmp_path / "out.npz", *QUICK)
    assert (code, out) == (1, "")
    assert err.startswith("autoden: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_none_are_refused(run, tmp_path, bad):
    data = GREY.astype(np.float32)
    data[3, 4] = bad
    save(tmp_path / "in.tif", data)
    code, _, err = run("n2v", tmp_path / "in.tif", "-o", tmp_path / "out.tif", *QUICK)
    assert code == 1
    assert "(3, 4)" in err


@pytest.mark.parametrize("option", ["--tgt", "FILE"])
def test_no_file_that_is_read_is_written(run, images, tmp_path, option):
    clean = tmp_path / "clean.tif"
    output = clean if option == "--tgt" else images
    before = output.read_bytes()
    code, _, err = run("supervised", images, "--tgt", clean, "-o", output, "--force", *QUICK)
    assert code == 1
    assert "would replace the measurement" in err
    assert output.read_bytes() == before


def test_angles_must_be_in_a_row(run, sinogram, tmp_path):
    save(tmp_path / "table.csv", GREY)
    words = ["-o", tmp_path / "out.tif", "--angles", tmp_path / "table.csv"]
    code, _, err = run("n2i", sinogram, *words, *QUICK)
    assert code == 1
    assert "one row or one column" in err
