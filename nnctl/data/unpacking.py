"""The bytes of a file, decompressed where they are gzip or zstandard, whatever its name says."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, Any

from nnctl.errors import DataError, MissingExtraError

GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
NAMES = {".gz": ("gzip", GZIP), ".zst": ("zstandard", ZSTANDARD)}


def unpacked(file: IO[bytes], name: str, size: int, digest: Any) -> Iterator[bytes]:
    """Yield the content piece by piece; `digest` is given the bytes as they are in the file."""
    head = file.read(size)
    for suffix, (what, magic) in NAMES.items():
        if name.endswith(suffix) and head and not head.startswith(magic):
            raise DataError(f"{name}: is not {what}, though its name says so; rename or decompress it")
    if head.startswith(GZIP):
        yield from _gunzipped(_Counted(file, head, digest), name, size)
    elif head.startswith(ZSTANDARD):
        yield from _unzstd(_Counted(file, head, digest), name)
    else:
        while head:
            if digest:
                digest.update(head)
            yield head
            head = file.read(size)


def _gunzipped(file: io.RawIOBase, name: str, size: int) -> Iterator[bytes]:
    try:
        source = gzip.GzipFile(fileobj=io.BufferedReader(file, 1 << 16))
        while data := source.read(size):
            yield data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name}: the gzip file is damaged or cut short ({error}); get it again") from error


def _unzstd(file: io.RawIOBase, name: str) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError(f"reading {name}", "tables") from error
    decoder = zstandard.ZstdDecompressor().decompressobj()
    try:
        while data := file.read(1 << 16):
            while data:
                if decoder.eof:  # a file may hold several frames
                    decoder = zstandard.ZstdDecompressor().decompressobj()
                if text := decoder.decompress(data):
                    yield text
                data = decoder.unused_data if decoder.eof else b""
    except zstandard.ZstdError as error:
        raise DataError(f"{name}: the zstandard file is damaged ({error}); get it again") from error
    if not decoder.eof:
        raise DataError(f"{name}: the zstandard file is damaged or cut short; get it again")


class _Counted(io.RawIOBase):
    """A file whose first bytes were read already; every byte that passes goes into the digest."""

    def __init__(self, file: IO[bytes], head: bytes, digest: Any) -> None:
        self.file, self.head, self.digest = file, head, digest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.head[: len(buffer)] or self.file.read(len(buffer))
        self.head = self.head[len(data) :]
        if self.digest:
            self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)
