"""TIFF: every part of a file that may be missing or lie is noticed, and costs no memory."""

import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Signal

STACK = np.random.default_rng(0).integers(0, 999, (3, 5, 7)).astype(np.uint16)
GREY = {"photometric": "minisblack"}


def patched(path, page=0, **tags):
    """Change tags of a page in place."""
    with tifffile.TiffFile(path, mode="r+") as tif:
        for name, value in tags.items():
            tif.pages[page].tags[name].overwrite(value)
    return path


def refused(path, message, memory=2**24):
    tracemalloc.start()
    with pytest.raises(InputError, match=message) as caught:
        aio.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.name in str(caught.value)
    assert peak < memory


def stored_by_pages(path, **options):
    with tifffile.TiffWriter(path) as writer:
        for page in STACK:
            writer.write(page, contiguous=False, metadata=None, **GREY, **options)
    return path


def next_page_at(path, page):
    """Return where the file says at which byte the next page begins."""
    with tifffile.TiffFile(path) as tif:
        return tif.pages[page].offset + 2 + 12 * len(tif.pages[page].tags)


@pytest.mark.parametrize("options", [{}, {"compression": "deflate"}, {"rowsperstrip": 1}])
def test_a_missing_end_is_noticed_wherever_it_begins(tmp_path, options):
    path = stored_by_pages(tmp_path / "a.tif", **options)
    content = path.read_bytes()
    np.testing.assert_array_equal(aio.read(path).data, STACK)
    for n_bytes in range(0, len(content), 7):
        path.write_bytes(content[:n_bytes])
        try:
            back = aio.read(path).data
        except InputError:
            continue
        np.testing.assert_array_equal(back, STACK)


def test_pages_in_a_circle(tmp_path):
    path = stored_by_pages(tmp_path / "a.tif")
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        first = tif.pages[0].offset
    place = next_page_at(path, 2)
    content[place : place + 4] = first.to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "lead back to an earlier one")


def test_pages_below_a_page_in_a_circle(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(STACK[0], subifds=2, **GREY)
        writer.write(STACK[0, ::2, ::2], subfiletype=1, **GREY)
        writer.write(STACK[0, ::4, ::4], subfiletype=1, **GREY)
    np.testing.assert_array_equal(aio.read(path).data, STACK[0])
    with tifffile.TiffFile(path) as tif:
        first = tif.pages[0].offset
    refused(patched(path, SubIFDs=(first, first)), "lead back to an earlier one")


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"ImageWidth": 2**31 - 1, "ImageLength": 2**31 - 1}, "announces|damaged"),
        ({"ImageWidth": 2**30}, "announces|damaged"),
        ({"ImageLength": 6}, "damaged|incomplete"),
        ({"StripByteCounts": 2**31 - 1}, "damaged|incomplete"),
        ({"StripOffsets": 2**31 - 1}, "damaged|incomplete"),
        ({"StripOffsets": 0}, "damaged|incomplete"),
        ({"BitsPerSample": 77}, "a.tif"),
        ({"Compression": 5}, "by LZW, .*: install it|cannot be read"),
        ({"Compression": 7}, "is compressed by JPEG: save it without"),
        ({"Compression": 9999}, "is compressed by 9999"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"compression": "deflate"}])
def test_tags_that_lie(tmp_path, tags, message, options):
    path = stored_by_pages(tmp_path / "a.tif", **options)
    for page in range(3):
        patched(path, page, **tags)
    refused(path, message)


def test_a_strip_that_expands_without_end_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((100, 100), np.uint8), compression="deflate", **GREY)
    packer = zlib.compressobj(1)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(300)) + packer.flush()
    offset = path.stat().st_size
    with path.open("ab") as file:
        file.write(bomb)
    patched(path, StripOffsets=offset, StripByteCounts=len(bomb))
    refused(path, "expands to more than")


def test_a_small_file_of_an_image_told_a_thousand_times_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for _ in range(400):
            writer.write(np.zeros((1, 1), np.uint8), contiguous=False, metadata=None, **GREY)
        writer.write(np.zeros((1000, 1000), np.uint8), contiguous=False, metadata=None, **GREY)
    with tifffile.TiffFile(path) as tif:
        last = tif.pages[400]
        values = {
            name: last.tags[name].value
            for name in ("ImageWidth", "ImageLength", "RowsPerStrip", "StripOffsets")
        }
        n_bytes = last.databytecounts
    with tifffile.TiffFile(path, mode="r+") as tif:
        for page in tif.pages[:400]:
            for name, value in values.items():
                page.tags[name].overwrite(value)
            page.tags["StripByteCounts"].overwrite(n_bytes)
    refused(path, "announces 401.0 MB of data in a file of 1.1 MB")


def test_a_description_of_a_later_version_is_told(tmp_path):
    path = tmp_path / "a.tif"
    aio.write(path, Signal(STACK, ["repeat", "y", "x"]))
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(InputError, match="written by a later version of autoden"):
        aio.read(path)


def test_tifffile_keeps_its_voice_outside(tmp_path, caplog):
    path = stored_by_pages(tmp_path / "a.tif")
    patched(path, StripOffsets=0)
    with pytest.raises(InputError):
        aio.read(path)
    assert not caplog.records
    tifffile.logger().warning("still there")
    assert [record.message for record in caplog.records] == ["still there"]
