"""Bytes of a text file, cut where rows end: plain or packed, any encoding, standard input too.

Every block is UTF-8 and holds whole rows. A newline within quotes ends no row; which newlines these
are is told by counting quotes, and the strict reader (cells.py) has the last word.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from nnctl.data.decoding import count_lines, decoded
from nnctl.data.lines import Form, cleaned, squeezer
from nnctl.data.places import reading
from nnctl.data.unpacking import unpacked
from nnctl.errors import DataError

BLOCK = 1 << 22
LONGEST_ROW = 1 << 26
PLAIN = Form()


@dataclass
class Block:
    """Whole rows of a file; `line` is the number of the first line, from 1."""

    file: str
    line: int
    data: bytes


def read_blocks(
    path: Path | None, encoding: str, form: Form = PLAIN, digest: Any = None, size: int = BLOCK
) -> Iterator[Block]:
    """Yield the blocks of a file (None: standard input), updating `digest` with the bytes read."""
    name = "<stdin>" if path is None else str(path)
    line, rest = 1, b""
    squeezed = squeezer(form)
    with reading(name):
        file: IO[bytes] = sys.stdin.buffer if path is None else open(path, "rb")  # noqa: SIM115 - closed below
        try:
            for piece in cleaned(decoded(unpacked(file, name, size, digest), encoding, name), form):
                data = rest + piece
                cut = _end_of_rows(data, form.quote)
                rest = data[cut:]
                if len(rest) > LONGEST_ROW:
                    raise DataError(_no_end(name, line, data[:cut], rest, form.quote))
                if cut:
                    rows = data[:cut]
                    yield Block(name, line, squeezed(rows))
                    line += count_lines(rows)
            if rest:
                yield Block(name, line, squeezed(rest))
        finally:
            if path is not None:
                file.close()


def _end_of_rows(data: bytes, mark: bytes) -> int:
    """Return the number of bytes up to the last newline outside of quotes."""
    if not mark or mark not in data:
        return data.rfind(b"\n") + 1
    parts = data.split(mark)
    end = len(data)
    for index in range(len(parts) - 1, -1, -1):
        start = end - len(parts[index])
        if index % 2 == 0 and (found := data.rfind(b"\n", start, end)) >= 0:
            return found + 1
        end = start - 1
    return 0


def _no_end(name: str, line: int, before: bytes, rest: bytes, mark: bytes) -> str:
    line += before.count(b"\n")
    quote = rest.find(mark) if mark else -1
    if quote >= 0:
        line += rest.count(b"\n", 0, quote)
        return f"{name}:{line}: a quote opens here and is not closed within {len(rest)} bytes"
    return f"{name}:{line}: this line is longer than {LONGEST_ROW} bytes; is it a text file?"
