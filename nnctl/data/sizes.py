"""About how many rows a file of text holds, told from its size and its first rows."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from nnctl.data.decoding import count_lines
from nnctl.data.places import reading
from nnctl.data.unpacking import GZIP, ZSTANDARD

LOOK = 1 << 19  # packed bytes that tell how well a file is packed
PACKED = 4  # times that a file is larger when it is unpacked, where it cannot be told


def row_bytes(text: bytes) -> float:
    return len(text) / max(1, count_lines(text))


def about_rows(files: Sequence[Path | None], bytes_of_a_row: float) -> int | None:
    """Return the rows of some files; None where one is a stream, of which nothing is known."""
    total = 0.0
    for file in files:
        if file is None or not file.is_file():
            return None
        total += _unpacked(file)
    return round(total / max(1.0, bytes_of_a_row))


def _unpacked(file: Path) -> float:
    with reading(file), open(file, "rb") as content:
        head, size = content.read(LOOK), file.stat().st_size
    if head.startswith(GZIP):
        try:
            return size * len(zlib.decompressobj(31).decompress(head)) / len(head)
        except zlib.error:
            return size * PACKED
    return size * PACKED if head.startswith(ZSTANDARD) else size
