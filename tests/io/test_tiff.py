"""TIFF: the axes that each program writes, and what other programs see of ours."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Axis, Signal

STACK = np.random.default_rng(0).integers(0, 999, (3, 5, 7)).astype(np.uint16)
HYPER = np.random.default_rng(0).integers(0, 999, (2, 3, 4, 5, 6)).astype(np.uint16)
GREY = {"photometric": "minisblack"}


def described(signal):
    """Name, unit and step of every axis."""
    return [
        (axis.name, axis.unit, None if axis.values is None else axis.values[1] - axis.values[0])
        for axis in signal.axes
    ]


def test_an_imagej_hyperstack(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", HYPER, imagej=True, resolution=(2, 4),
        metadata={"axes": "TZCYX", "unit": "micron", "spacing": 3.0, "finterval": 0.5},
    )  # fmt: skip
    signal = aio.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(signal.data, HYPER)
    assert described(signal) == [
        ("time", "s", 0.5), ("z", "µm", 3.0), ("channel", "", None),
        ("y", "µm", 0.25), ("x", "µm", 0.5),
    ]  # fmt: skip
    assert signal.axis("z").values[0] == 0
    assert signal.metadata["assumed"] == []


def test_an_imagej_hyperstack_in_colour_has_channels_and_colours(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (3, 2, 5, 6, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "ZCYXS"})
    signal = aio.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(signal.data, data)
    assert [axis.name for axis in signal.axes] == ["z", "channel", "y", "x", "colour"]


def test_a_plain_imagej_stack_is_of_pages_though_imagej_says_slices(tmp_path):
    text = "ImageJ=1.54f\nimages=3\nslices=3\nloop=false\n"
    tifffile.imwrite(tmp_path / "a.tif", STACK, description=text, metadata=None, **GREY)
    signal = aio.read(tmp_path / "a.tif")
    assert [axis.name for axis in signal.axes] == ["page", "y", "x"]
    assert "repeats, depths or times" in signal.metadata["assumed"][0]
    text += "unit=um\nspacing=2.0\n"
    tifffile.imwrite(tmp_path / "b.tif", STACK, description=text, metadata=None, **GREY)
    assert described(aio.read(tmp_path / "b.tif"))[0] == ("z", "µm", 2.0)


def test_an_ome_tiff(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif", HYPER[0], ome=True,
        metadata={
            "axes": "TCYX", "PhysicalSizeX": 0.1, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.2,
            "TimeIncrement": 3,
        },
    )  # fmt: skip
    signal = aio.read(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(signal.data, HYPER[0])
    assert described(signal) == [
        ("time", "s", 3.0), ("channel", "", None), ("y", "µm", 0.2), ("x", "nm", 0.1),
    ]  # fmt: skip


def test_an_ome_tiff_that_needs_other_files_is_read_alone_and_says_so(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, HYPER[0, :2], ome=True, metadata={"axes": "TCYX"})
    text = tifffile.tiffcomment(path)
    other = '<TiffData IFD="0" PlaneCount="8"><UUID FileName="b.ome.tif">urn:b</UUID></TiffData>'
    tifffile.tiffcomment(path, text.replace('<TiffData IFD="0" PlaneCount="8"/>', other))
    (tmp_path / "b.ome.tif").write_bytes(b"never opened")
    signal = aio.read(path)
    np.testing.assert_array_equal(signal.data, HYPER[0, :2].reshape(8, 5, 6))
    assert any("images of other files" in line for line in signal.metadata["assumed"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metadata": None},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"tile": (16, 16)},
        {"compression": "deflate", "predictor": True},
        {"compression": "deflate", "tile": (16, 32), "metadata": None},
        {"rowsperstrip": 2, "contiguous": False},
    ],
)
def test_a_plain_stack_is_of_pages_however_it_is_stored(tmp_path, options):
    tifffile.imwrite(tmp_path / "a.tif", STACK, **GREY, **options)
    signal = aio.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(signal.data, STACK)
    assert signal.dtype == np.uint16
    assert [axis.name for axis in signal.axes] == ["page", "y", "x"]
    assert "repeats, depths or times" in signal.metadata["assumed"][0]


@pytest.mark.parametrize("compression", ["raw", "packbits", "tiff_adobe_deflate"])
def test_pillow_agrees(tmp_path, compression):
    pictures = [Image.fromarray(page) for page in STACK]
    pictures[0].save(
        tmp_path / "a.tif", save_all=True, append_images=pictures[1:], compression=compression
    )
    np.testing.assert_array_equal(aio.read(tmp_path / "a.tif").data, STACK)


def test_two_axes_without_a_name_are_told_apart(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", HYPER[0], **GREY)
    signal = aio.read(tmp_path / "a.tif")
    assert [axis.name for axis in signal.axes] == ["page_0", "page_1", "y", "x"]


def test_resolutions_give_positions_unless_they_are_for_print(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", STACK[0], resolution=(1e4, 5e3), resolutionunit="CENTIMETER", **GREY
    )
    (_, unit, y_step), (_, _, x_step) = described(aio.read(tmp_path / "a.tif"))
    assert unit == "cm"
    np.testing.assert_allclose([y_step, x_step], [2e-4, 1e-4], rtol=1e-12)
    Image.fromarray(STACK[0]).save(tmp_path / "b.tif", dpi=(300, 300))
    signal = aio.read(tmp_path / "b.tif")
    assert signal.axes[0].values is None
    assert "300 dots per inch is for print" in signal.metadata["assumed"][0]


def test_colours_and_alpha(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (5, 7, 4), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data[..., :3], photometric="rgb")
    signal = aio.read(tmp_path / "a.tif")
    assert [axis.name for axis in signal.axes] == ["y", "x", "channel"]
    with_alpha = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    tifffile.imwrite(tmp_path / "b.tif", data, **with_alpha)
    with pytest.raises(InputError, match="transparent"):
        aio.read(tmp_path / "b.tif")
    data[..., 3] = 255
    tifffile.imwrite(tmp_path / "b.tif", data, **with_alpha)
    signal = aio.read(tmp_path / "b.tif")
    np.testing.assert_array_equal(signal.data, data[..., :3])
    assert "opaque" in signal.metadata["assumed"][0]


def test_numbers_that_are_no_intensities_are_told_or_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], photometric="miniswhite")
    assert "zero stands for white" in aio.read(tmp_path / "a.tif").metadata["assumed"][0]
    Image.fromarray(STACK[0].astype(np.uint8)).convert("P").save(tmp_path / "b.tif")
    assert "palette were left out" in aio.read(tmp_path / "b.tif").metadata["assumed"][0]
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((5, 7, 4), np.uint8), photometric="separated")
    with pytest.raises(InputError, match="of the kind SEPARATED"):
        aio.read(tmp_path / "c.tif")


def test_several_series_are_chosen_from(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], **GREY)
        writer.write(STACK[0, :2], **GREY)
    with pytest.raises(InputError, match=r"\(0: 5 x 7 uint16, 1: 2 x 7 uint16\): choose series="):
        aio.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(aio.read(tmp_path / "a.tif", series=1).data, STACK[0, :2])
    with pytest.raises(InputError, match="has no series 2"):
        aio.read(tmp_path / "a.tif", series=2)
    with pytest.raises(InputError, match="`series` is -1"):
        aio.read(tmp_path / "a.tif", series=-1)


def test_other_programs_see_what_is_written(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (2, 5, 7, 3), dtype=np.uint8)
    aio.write(tmp_path / "a.tif", Signal(data, ["repeat", "y", "x", "channel"]))
    with Image.open(tmp_path / "a.tif") as picture:
        assert (picture.mode, picture.n_frames) == ("RGB", 2)
        np.testing.assert_array_equal(np.asarray(picture), data[0])
    aio.write(tmp_path / "b.tif", Signal(STACK, ["repeat", "y", Axis("x", "mm", np.arange(7))]))
    with Image.open(tmp_path / "b.tif") as picture:
        picture.seek(2)
        np.testing.assert_array_equal(np.asarray(picture), STACK[2])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), STACK)


def test_a_tiff_has_no_long_doubles(tmp_path):
    if np.dtype(np.longdouble).itemsize <= 8:
        pytest.skip("long doubles are doubles here")
    with pytest.raises(InputError, match=r"cannot hold .*: write an \.npz file"):
        aio.write(tmp_path / "a.tif", Signal(np.zeros((2, 3), np.longdouble), ["y", "x"]))


LENGTHS = [Axis("y", "µm", np.arange(5) * 0.25), Axis("x", "µm", np.arange(7) * 0.5)]


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_other_programs_see_axes_and_sizes_of_what_is_written(tmp_path, name):
    axes = [Axis("time", "s", np.arange(2) * 0.5), Axis("z", "µm", np.arange(3) * 2.0), *LENGTHS]
    data = np.random.default_rng(0).integers(0, 999, (2, 3, 5, 7)).astype(np.uint16)
    aio.write(tmp_path / name, Signal(data, axes, {"sample": "µ"}))
    with tifffile.TiffFile(tmp_path / name) as tif:
        assert (tif.is_imagej, tif.is_ome) == (name == "a.tif", name == "a.ome.tif")
        assert tif.series[0].axes == "TZYX"
        np.testing.assert_array_equal(tif.asarray(), data)
    other = read_without_own_tag(tmp_path / name)
    assert described(other) == [
        ("time", "s", 0.5), ("z", "µm", 2.0), ("y", "µm", 0.25), ("x", "µm", 0.5),
    ]  # fmt: skip


def read_without_own_tag(path):
    """Read a file as another program's, which has no tag of autoden's."""
    content = path.read_bytes()
    own = {order: struct.pack(f"{order}HH", 65123, 2) for order in "<>"}
    for order, tag in own.items():
        content = content.replace(tag, struct.pack(f"{order}HH", 65124, 2))
    other = path.with_name(f"other-{path.name}")
    other.write_bytes(content)
    return aio.read(other)


def test_a_stack_of_repeats_is_one_that_imagej_shows_and_still_of_repeats(tmp_path):
    data = np.random.default_rng(0).random((3, 5, 7)).astype(np.float32)
    aio.write(tmp_path / "a.tif", Signal(data, ["repeat", *LENGTHS]))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_imagej
        assert tif.imagej_metadata["unit"] == "micron"
    back = aio.read(tmp_path / "a.tif")
    assert described(back)[0] == ("repeat", "", None)
    np.testing.assert_array_equal(back.data, data)


def test_numbers_that_imagej_does_not_show_have_the_resolution_of_their_pages(tmp_path):
    aio.write(tmp_path / "a.tif", Signal(np.ones((5, 7)), LENGTHS))
    other = read_without_own_tag(tmp_path / "a.tif")
    assert [unit for _, unit, _ in described(other)] == ["cm", "cm"]
    np.testing.assert_allclose([step for *_, step in described(other)], [0.25e-4, 0.5e-4])


def test_ome_refuses_what_its_order_does_not_allow(tmp_path):
    signal = Signal(np.ones((2, 2, 5, 7)), ["z", "time", "y", "x"])
    with pytest.raises(InputError, match=r"in this order.*write a plain \.tif"):
        aio.write(tmp_path / "a.ome.tif", signal)
    aio.write(tmp_path / "a.tif", signal)
    assert [axis.name for axis in aio.read(tmp_path / "a.tif").axes] == ["z", "time", "y", "x"]


def test_a_description_of_another_size_is_left_out_and_that_is_said(tmp_path):
    aio.write(tmp_path / "a.tif", Signal(STACK, ["repeat", "y", "x"]))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        text = tif.pages.first.tags[65123].value
    tifffile.imwrite(
        tmp_path / "b.tif", STACK[:, :2], metadata={"axes": "TYX"}, imagej=True,
        extratags=[(65123, "s", None, text, True)],
    )  # fmt: skip
    back = aio.read(tmp_path / "b.tif")
    assert back.shape == (3, 2, 7)
    assert "of another size" in back.metadata["assumed"][-1]


@pytest.mark.parametrize("n_images", [3, 4])
def test_a_stack_that_tifffile_marks_as_colours_is_a_stack(tmp_path, n_images):
    stack = np.arange(n_images * 30, dtype=np.uint16).reshape(n_images, 5, 6)
    as_by_default = {"photometric": "rgb", "planarconfig": "separate"}  # of 3 or 4 images
    tifffile.imwrite(tmp_path / "a.tif", stack, **as_by_default)
    for lazy in (False, True):
        signal = aio.read(tmp_path / "a.tif", lazy=lazy)
        assert [axis.name for axis in signal.axes] == ["page", "y", "x"]
        np.testing.assert_array_equal(np.asarray(signal), stack)
    assert any("any stack of 3 or 4" in each for each in signal.metadata["assumed"])
    tifffile.imwrite(tmp_path / "b.tif", np.moveaxis(stack[:3], 0, -1), photometric="rgb")
    assert [axis.name for axis in aio.read(tmp_path / "b.tif").axes] == ["y", "x", "channel"]
