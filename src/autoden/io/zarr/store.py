"""A folder of a zarr store, read without trusting it.

Every file is looked at before zarr gets it: whether it is a plain file within the store, no larger
than what belongs there, and does not expand to more. What the arrays mean is ``zarr.py``.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import RangeByteRequest, SuffixByteRequest
from zarr.codecs import ShardingCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import LocalStore

from autoden.errors import InputError
from autoden.io.foreign import DEFLATE_EXPANSION, MAX_SMALL, bomb, check_deflated

_MAX_METADATA = 2**24  # bytes of one file
_PLAIN = ("crc32c", "bytes", "transpose")  # codecs that keep the size
_SQUEEZING = ("zstd", "blosc", "gzip", "zlib", "lz4")
_REMEDY = "write it again with zstd, blosc or gzip"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ABSENT = 2**64 - 1  # of a chunk that a shard does not have


@dataclass(frozen=True)
class Chunks:
    """How the files of an array are made.

    Attributes
    ----------
    n_bytes : int
        What a chunk takes in memory; in shards, an inner one.
    per_file : int
        Chunks in a file.
    codec : str
        What they are compressed by, "" for nothing.
    is_sharded : bool
        Whether a file has an index of its chunks at its end.
    """

    n_bytes: int
    per_file: int
    codec: str
    is_sharded: bool


def chunks_of(array: zarr.Array[Any], name: str) -> Chunks:
    """Say how the files of an array are made.

    Raises
    ------
    InputError
        Codecs whose results are not known to stay in bounds.
    """
    filters = [_codec_name(each) for each in array.filters]
    squeezing = [_codec_name(each) for each in array.compressors]
    squeezing = [each for each in squeezing if each not in _PLAIN]
    unknown = [each for each in squeezing if each not in _SQUEEZING]
    unknown += [each for each in filters if each not in _PLAIN]
    if unknown or len(squeezing) > 1:
        listed = ", ".join(unknown or squeezing)
        raise InputError(f"{name} goes through {listed}, which is not known here: {_REMEDY}.")
    per_file, sharding = 1, _sharding(array)
    if sharding is not None:
        index = [_codec_name(each) for each in sharding.index_codecs]
        if index != ["bytes", "crc32c"] or sharding.index_location.value != "end":
            raise InputError(f"{name} has shards with an unusual index: write it again.")
        per_file = prod(array.shards or (1,)) // max(1, prod(array.chunks))
    n_bytes = array.dtype.itemsize * prod(array.chunks)
    return Chunks(n_bytes, per_file, squeezing[0] if squeezing else "", sharding is not None)


class GuardedStore(LocalStore):
    """The files of a store, each checked before it is handed out.

    Parameters
    ----------
    root : Path
        The folder.
    read_only : bool
        As zarr has it; nothing is ever written through this.
    chunks : Chunks or None
        Of the array that is read; None: only metadata are.
    """

    def __init__(
        self, root: Path | str, *, read_only: bool = True, chunks: Chunks | None = None
    ) -> None:
        super().__init__(root, read_only=read_only)
        self.chunks = chunks

    def with_read_only(self, read_only: bool = True) -> "GuardedStore":
        """Return the same store."""
        return GuardedStore(self.root, read_only=read_only, chunks=self.chunks)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return what a file holds, or a part of it; None if it is not there."""
        self._check_file(key)
        content = super().get_sync(key, prototype=prototype, byte_range=byte_range)
        return self._checked(key, content, byte_range)

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return what a file holds, or a part of it; None if it is not there."""
        self._check_file(key)
        prototype = prototype or default_buffer_prototype()
        content = await super().get(key, prototype, byte_range)
        return self._checked(key, content, byte_range)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[Any]) -> list[Any]:
        """Return parts of several files."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    def _check_file(self, key: str) -> None:
        path = Path(self.root) / key
        try:
            found = path.stat()
        except OSError:
            return
        if stat.S_ISDIR(found.st_mode):
            return
        root = os.path.realpath(self.root)
        inside = os.path.commonpath([root, os.path.realpath(path)]) == root
        if not inside or not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is no file of the store, which is all that is read.")
        most = _MAX_METADATA
        if self.chunks is not None and not _is_metadata(key):
            most = (2 * self.chunks.n_bytes + 2**16) * self.chunks.per_file
        if found.st_size > most:
            raise InputError(f"{path} has {found.st_size} bytes, more than the {most} it may have.")

    def _checked(self, key: str, content: Any, byte_range: Any) -> Any:
        """Hand out a part of an array only if it expands to what it should."""
        chunks = self.chunks
        if content is None or chunks is None or _is_metadata(key) or not chunks.codec:
            return content
        raw, path = content.to_bytes(), str(Path(self.root) / key)
        if not chunks.is_sharded or isinstance(byte_range, RangeByteRequest):
            _check_chunk(raw, chunks, path)
        elif not isinstance(byte_range, SuffixByteRequest):
            for part in _in_shard(raw, chunks.per_file):
                _check_chunk(part, chunks, path)
        return content


def _codec_name(codec: Any) -> str:
    """Return the name of a codec, of either version of zarr."""
    if hasattr(codec, "codec_id"):
        return str(codec.codec_id)
    return str(codec.to_dict()["name"])


def _sharding(array: zarr.Array[Any]) -> ShardingCodec | None:
    codecs: Sequence[Any] = getattr(array.metadata, "codecs", ())
    return next((each for each in codecs if isinstance(each, ShardingCodec)), None)


def _is_metadata(key: str) -> bool:
    return key.rpartition("/")[2] in ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")


def _in_shard(raw: bytes, n_chunks: int) -> list[bytes]:
    """Cut a shard into its chunks, by the index at its end: offset and length of each."""
    start = len(raw) - 16 * n_chunks - 4  # behind it is a sum
    if start < 0:
        return []  # too short, which zarr says
    return [
        raw[offset : offset + length]
        for offset, length in struct.iter_unpack("<QQ", raw[start:-4])
        if offset != _ABSENT
    ]


def _check_chunk(raw: bytes, chunks: Chunks, path: str) -> None:
    """Refuse a chunk that says, or shows, that it expands to more than it should."""
    most = 2 * chunks.n_bytes + 2**16
    if chunks.codec in ("gzip", "zlib"):
        if len(raw) * DEFLATE_EXPANSION > MAX_SMALL:
            _check_deflated_once(raw, chunks, path)
        return
    says = {"zstd": _zstd_size, "blosc": _blosc_size, "lz4": _lz4_size}[chunks.codec](raw)
    if says is None or says > most:
        raise bomb(path, len(raw), chunks.n_bytes)


def _check_deflated_once(raw: bytes, chunks: Chunks, path: str) -> None:
    window = 31 if chunks.codec == "gzip" else zlib.MAX_WBITS
    check_deflated(path, raw, chunks.n_bytes, window)
    unpacker = zlib.decompressobj(window)
    unpacker.decompress(raw, 2 * chunks.n_bytes + 2**16)
    if unpacker.unused_data:  # a second stream, which decoders unpack as well
        raise bomb(path, len(raw), chunks.n_bytes)


def _zstd_size(raw: bytes) -> int | None:
    """Return the size that a frame of zstd announces, None if it does not say."""
    if not raw.startswith(_ZSTD) or len(raw) < 6:
        return 0  # no zstd, which its decoder says
    flags = raw[4]
    single, width = flags >> 5 & 1, (0, 2, 4, 8)[flags >> 6] or (flags >> 5 & 1)
    start = 5 + (not single) + (0, 1, 2, 4)[flags & 3]
    if not width:
        return None
    return int.from_bytes(raw[start : start + width], "little") + 256 * (width == 2)


def _blosc_size(raw: bytes) -> int:
    return int.from_bytes(raw[4:8], "little")


def _lz4_size(raw: bytes) -> int:
    return int.from_bytes(raw[:4], "little")
