"""Bytes of a text file, cut where rows end: plain or gzip, any encoding, standard input too.

Every block is UTF-8 and holds whole rows. A newline within quotes ends no row; which newlines these
are is told by counting quotes, and the strict reader (cells.py) has the last word.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from nnctl.data.places import reading
from nnctl.errors import DataError

BLOCK = 1 << 22
LONGEST_ROW = 1 << 26
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass
class Block:
    """Whole rows of a file; `line` is the number of the first line, from 1."""

    file: str
    line: int
    data: bytes


def read_blocks(
    path: Path | None, encoding: str, blanks: bool, digest: Any = None, size: int = BLOCK
) -> Iterator[Block]:
    """Yield the blocks of a file (None: standard input), updating `digest` with the bytes read.

    With `blanks`, runs of blanks separate the cells and are made into single ones.
    """
    name = "<stdin>" if path is None else str(path)
    line, rest, decoder = 1, b"", None
    with reading(name):
        file: IO[bytes] = sys.stdin.buffer if path is None else open(path, "rb")  # noqa: SIM115 - closed below
        try:
            for piece in _unpacked(file, name, size, digest):
                decoder = decoder or Decoder(piece, encoding, name)
                data = rest + decoder.decode(piece, line, rest)
                cut = _end_of_rows(data)
                rest = data[cut:]
                if len(rest) > LONGEST_ROW:
                    raise DataError(_no_end(name, line, data[:cut], rest))
                if cut:
                    yield Block(name, line, _squeezed(data[:cut]) if blanks else data[:cut])
                    line += data.count(b"\n", 0, cut)
            if decoder:
                decoder.finish(line, rest)
            if rest:
                yield Block(name, line, _squeezed(rest) if blanks else rest)
        finally:
            if path is not None:
                file.close()


def _unpacked(file: IO[bytes], name: str, size: int, digest: Any) -> Iterator[bytes]:
    """Yield the bytes of a file, decompressed where it is gzip, whatever its name says."""
    head = file.read(size)
    packed = head.startswith(b"\x1f\x8b")
    if name.endswith(".gz") and head and not packed:
        raise DataError(f"{name}: is not gzip, though its name says so; rename or decompress it")
    if not packed:
        while head:
            if digest:
                digest.update(head)
            yield head
            head = file.read(size)
        return
    try:
        source = gzip.GzipFile(fileobj=io.BufferedReader(_Counted(file, head, digest), 1 << 16))
        while data := source.read(size):
            yield data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name}: the gzip file is damaged or cut short ({error}); get it again") from error


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


class Decoder:
    """Makes UTF-8 without a byte order mark of any encoding, and checks it."""

    def __init__(self, head: bytes, encoding: str, name: str) -> None:
        bom = next((BOMS[bom] for bom in BOMS if head.startswith(bom)), None)
        if bom is None and b"\0" in head[:1000] and encoding == "utf-8":
            order = "le" if head[1:2] == b"\0" else "be"
            raise DataError(
                f"{name}: holds zero bytes, so it is not UTF-8 text; if it is UTF-16, set encoding: utf-16-{order}"
            )
        self.name, self.encoding, self.offset = name, bom or encoding, 0
        self.ascii_is_same = self.encoding.lower() in ("utf-8", "utf8", "ascii")
        self.decoder = codecs.getincrementaldecoder(self.encoding)()

    def decode(self, piece: bytes, line: int, before: bytes) -> bytes:
        """Return the UTF-8 of a piece; `line` is that of the text `before` it, for messages."""
        pending = len(self.decoder.getstate()[0])
        text = piece
        if not (self.ascii_is_same and piece.isascii() and not pending):
            try:
                text = self.decoder.decode(piece).encode()
            except UnicodeDecodeError as error:
                line += before.count(b"\n") + piece.count(b"\n", 0, max(error.start - pending, 0))
                raise DataError(
                    f"{self.name}:{line}: byte {self.offset - pending + error.start} "
                    f"(0x{error.object[error.start]:02x}) is not {self.encoding}; "
                    "set encoding: latin-1, or what the file is in"
                ) from error
        if b"\0" in text:
            line += before.count(b"\n") + text.count(b"\n", 0, text.index(b"\0"))
            raise DataError(f"{self.name}:{line}: holds a zero byte; the file is damaged or no text")
        self.offset += len(piece)
        return text

    def finish(self, line: int, before: bytes) -> None:
        """Raise DataError where the last character is not complete."""
        if self.decoder.getstate()[0]:
            line += before.count(b"\n")
            raise DataError(
                f"{self.name}:{line}: ends in the middle of a character (byte {self.offset}); "
                f"the file is cut short, or not {self.encoding}: set encoding: latin-1"
            )


def _end_of_rows(data: bytes) -> int:
    """Return the number of bytes up to the last newline outside of quotes."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    parts = data.split(b'"')
    end = len(data)
    for index in range(len(parts) - 1, -1, -1):
        start = end - len(parts[index])
        if index % 2 == 0 and (found := data.rfind(b"\n", start, end)) >= 0:
            return found + 1
        end = start - 1
    return 0


def _no_end(name: str, line: int, before: bytes, rest: bytes) -> str:
    line += before.count(b"\n")
    quote = rest.find(b'"')
    if quote >= 0:
        line += rest.count(b"\n", 0, quote)
        return f"{name}:{line}: a quote opens here and is not closed within {len(rest)} bytes"
    return f"{name}:{line}: this line is longer than {LONGEST_ROW} bytes; is it a text file?"


def _squeezed(data: bytes) -> bytes:
    return re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", data))
