"""PNG and JPEG: the numbers of the file, unscaled, and a word about whatever else it holds."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Signal

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
COLOURS = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(depth, kind, rows, width, height, *extra):
    """Write a PNG by hand, as its specification has it."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [chunk(b"IHDR", head), *extra, chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def read_bytes(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    return aio.read(tmp_path / "a.png")


@pytest.mark.parametrize("data", [GREY, GREY.astype(np.uint16) * 257, GREY > 99, COLOURS])
def test_numbers_are_those_of_the_file(tmp_path, data):
    Image.fromarray(data).save(tmp_path / "a.png")
    signal = aio.read(tmp_path / "a.png")
    assert [axis.name for axis in signal.axes] == ["y", "x", "channel"][: data.ndim]
    assert signal.dtype == data.dtype
    np.testing.assert_array_equal(signal.data, data)
    assert signal.metadata["assumed"] == []


def test_grey_of_16_bits_by_the_specification(tmp_path):
    data = np.array([[0, 1, 256], [65535, 40000, 7]], dtype=">u2")
    signal = read_bytes(tmp_path, png(16, 0, [row.tobytes() for row in data], 3, 2))
    assert signal.dtype == np.uint16
    np.testing.assert_array_equal(signal.data, data)


def test_grey_of_few_bits_is_spread_and_that_is_said(tmp_path):
    signal = read_bytes(tmp_path, png(2, 0, [b"\x1b"], 4, 1))  # 0, 1, 2, 3
    np.testing.assert_array_equal(signal.data, [[0, 85, 170, 255]])
    assert "grey values of 2 bits" in signal.metadata["assumed"][0]


def test_truth_values_add_up(tmp_path):
    assert read_bytes(tmp_path, png(1, 0, [b"\xa0"], 4, 1)).data.sum() == 2


def test_palettes_are_written_out(tmp_path):
    palette = chunk(b"PLTE", bytes([255, 0, 0, 1, 2, 3]))
    signal = read_bytes(tmp_path, png(8, 3, [b"\0\1"], 2, 1, palette))
    np.testing.assert_array_equal(signal.data, [[[255, 0, 0], [1, 2, 3]]])
    assert signal.data.flags.writeable
    assert "colours of its palette" in signal.metadata["assumed"][0]
    greys = chunk(b"PLTE", bytes([9, 9, 9, 200, 200, 200]))
    signal = read_bytes(tmp_path, png(8, 3, [b"\1\0"], 2, 1, greys))
    np.testing.assert_array_equal(signal.data, [[200, 9]])
    assert "grey values of its palette" in signal.metadata["assumed"][0]


@pytest.mark.parametrize("data", [GREY[..., np.newaxis], COLOURS])
def test_an_opaque_alpha_channel_is_left_out_and_a_transparent_one_refused(tmp_path, data):
    opaque = np.full((5, 7, 1), 255, np.uint8)
    Image.fromarray(np.concatenate([data, opaque], axis=2)).save(tmp_path / "a.png")
    signal = aio.read(tmp_path / "a.png")
    np.testing.assert_array_equal(signal.data, data.squeeze())
    assert "opaque" in signal.metadata["assumed"][0]
    opaque[2, 3] = 254
    Image.fromarray(np.concatenate([data, opaque], axis=2)).save(tmp_path / "a.png")
    with pytest.raises(
        InputError, match=r"a\.png has pixels that are transparent.*save it without"
    ):
        aio.read(tmp_path / "a.png")


def test_a_transparent_colour_and_further_frames_are_told(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png", transparency=3)
    assert "stands for transparent" in aio.read(tmp_path / "a.png").metadata["assumed"][0]
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    first.save(tmp_path / "b.png", save_all=True, append_images=[second])
    signal = aio.read(tmp_path / "b.png")
    np.testing.assert_array_equal(signal.data, GREY)
    assert "the first of its 2 pictures" in signal.metadata["assumed"][0]


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_colours_of_16_bits_are_refused_rather_than_cut(tmp_path, kind):
    n_channels = {2: 3, 4: 2, 6: 4}[kind]
    with pytest.raises(InputError, match=r"colours of 16 bits, .* save it as \.tif"):
        read_bytes(tmp_path, png(16, kind, [bytes(2 * n_channels)], 1, 1))


@pytest.mark.parametrize("size", [(100_000, 1000), (2**31 - 1, 2**31 - 1)])
def test_pictures_that_announce_too_much_are_refused(tmp_path, size):
    tracemalloc.start()
    with pytest.raises(InputError, match=r"decompression bomb|a\.png cannot be read"):
        read_bytes(tmp_path, png(8, 0, [b"\0"], *size))
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_flipped_bit_in_the_pixels_is_noticed(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png", compress_level=0)
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[content.index(b"IDAT") + 20] ^= 1
    with pytest.raises(InputError, match=r"a\.png cannot be read as a PNG image"):
        read_bytes(tmp_path, content)


def test_a_jpeg_is_read_with_a_word_on_its_noise(tmp_path):
    y, x = np.mgrid[:32, :48]
    smooth = (60 + 2 * y + 2 * x).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    signal = aio.read(tmp_path / "a.jpg")
    assert signal.dtype == np.uint8
    assert [axis.name for axis in signal.axes] == ["y", "x"]
    assert np.abs(signal.data.astype(int) - smooth).max() <= 3
    assert "JPEG compression" in signal.metadata["assumed"][-1]
    Image.fromarray(COLOURS).save(tmp_path / "b.JPEG")
    assert aio.read(tmp_path / "b.JPEG").shape == (5, 7, 3)
    Image.fromarray(COLOURS).convert("CMYK").save(tmp_path / "c.jpg")
    with pytest.raises(InputError, match="of the kind CMYK"):
        aio.read(tmp_path / "c.jpg")
    with pytest.raises(InputError, match="cannot write the format JPEG"):
        aio.write(tmp_path / "d.jpg", signal)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal(GREY / 2, ["y", "x"]), r"is float64: write a \.tif or \.npz file"),
        (Signal(GREY.astype(np.int32), ["y", "x"]), "is int32"),
        (Signal(COLOURS.astype(np.uint16), ["y", "x", "channel"]), r"\(uint8\), .* is uint16"),
        (Signal(COLOURS, ["y", "x", "repeat"]), r"shape \(5, 7, 3\) \(y, x, repeat\)"),
        (Signal(COLOURS[..., :2], ["y", "x", "channel"]), "three colours"),
        (Signal(GREY[0], ["x"]), "two axes"),
        (Signal(np.zeros((100_000, 1000), np.uint8), ["y", "x"]), "pixels is more than"),
    ],
)
def test_what_a_png_cannot_hold_is_neither_scaled_nor_rounded(tmp_path, signal, message):
    with pytest.raises(InputError, match=message):
        aio.write(tmp_path / "a.png", signal)
    assert list(tmp_path.iterdir()) == []


def test_other_programs_see_the_same_pixels(tmp_path):
    aio.write(tmp_path / "a.png", Signal(COLOURS, ["y", "x", "channel"]))
    aio.write(tmp_path / "b.png", Signal(GREY.astype(">u2") * 257, ["y", "x"]))
    with Image.open(tmp_path / "a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), COLOURS)
    with Image.open(tmp_path / "b.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), GREY.astype(int) * 257)


def test_a_picture_that_was_cropped_elsewhere_loses_its_axes_and_says_so(tmp_path):
    aio.write(tmp_path / "a.png", Signal(GREY, ["repeat", "energy"]))
    with Image.open(tmp_path / "a.png") as picture:
        text = PngImagePlugin.PngInfo()
        text.add_text("autoden", picture.text["autoden"])
        picture.crop((0, 0, 3, 2)).save(tmp_path / "b.png", pnginfo=text)
    assert [axis.name for axis in aio.read(tmp_path / "a.png").axes] == ["repeat", "energy"]
    signal = aio.read(tmp_path / "b.png")
    assert [axis.name for axis in signal.axes] == ["y", "x"]
    np.testing.assert_array_equal(signal.data, GREY[:2, :3])
    assert "of another size" in signal.metadata["assumed"][0]
