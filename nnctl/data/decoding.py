"""UTF-8 without a byte order mark, made of a text in any encoding, and checked on the way."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import numpy as np

from nnctl.errors import DataError

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def count_lines(text: bytes) -> int:
    """Return the number of newlines; several times faster than bytes.count where there are many."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == 10))


def decoded(pieces: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Yield the UTF-8 of each piece; raise DataError with line and byte where there is none."""
    decoder: Decoder | None = None
    for piece in pieces:
        decoder = decoder or Decoder(piece, encoding, name)
        yield decoder.decode(piece)
    if decoder:
        decoder.finish()


class Decoder:
    """Knows the line and the byte that it has come to."""

    def __init__(self, head: bytes, encoding: str, name: str) -> None:
        bom = next((BOMS[bom] for bom in BOMS if head.startswith(bom)), None)
        if bom is None and b"\0" in head[:1000] and encoding == "utf-8":
            order = "le" if head[1:2] == b"\0" else "be"
            raise DataError(
                f"{name}: holds zero bytes, so it is not UTF-8 text; if it is UTF-16, set encoding: utf-16-{order}"
            )
        self.name, self.encoding, self.offset, self.line = name, bom or encoding, 0, 1
        self.ascii_is_same = self.encoding.lower() in ("utf-8", "utf8", "ascii")
        self.decoder = codecs.getincrementaldecoder(self.encoding)()

    def decode(self, piece: bytes) -> bytes:
        """Return the UTF-8 of a piece."""
        pending = len(self.decoder.getstate()[0])
        text = piece
        if not (self.ascii_is_same and piece.isascii() and not pending):
            try:
                text = self.decoder.decode(piece).encode()
            except UnicodeDecodeError as error:
                line = self.line + piece.count(b"\n", 0, max(error.start - pending, 0))
                raise DataError(
                    f"{self.name}:{line}: byte {self.offset - pending + error.start} "
                    f"(0x{error.object[error.start]:02x}) is not {self.encoding}; "
                    "set encoding: latin-1, or what the file is in"
                ) from error
        if b"\0" in text:
            line = self.line + text.count(b"\n", 0, text.index(b"\0"))
            raise DataError(f"{self.name}:{line}: holds a zero byte; the file is damaged or no text")
        self.offset += len(piece)
        self.line += count_lines(text)
        return text

    def finish(self) -> None:
        """Raise DataError where the last character is not complete."""
        if self.decoder.getstate()[0]:
            raise DataError(
                f"{self.name}:{self.line}: ends in the middle of a character (byte {self.offset}); "
                f"the file is cut short, or not {self.encoding}: set encoding: latin-1"
            )
