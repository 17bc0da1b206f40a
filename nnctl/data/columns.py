"""The fast way to read CSV: a block of bytes becomes columns by pandas' C engine.

It answers only for blocks where every row has the right number of cells and every number is plain;
at the first sign of anything else it returns None, and cells.py reads the block again, strictly.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from nnctl.data.blocks import Block
from nnctl.data.cells import Dialect, Want
from nnctl.data.table import Column, Ints, Numbers, Texts


def read_columns(
    block: Block, dialect: Dialect, width: int, wants: list[Want], kept: list[int]
) -> tuple[dict[str, Column], int | Ints, int, list[list[str]]] | None:
    """Return (columns, lines, rows, kept columns as text), or None where the block is not plain."""
    shape = _shape(block.data, dialect.delimiter.encode(), dialect.mark, width)
    if shape is None:
        return None
    rows, blank_lines = shape
    if rows == 0:
        return None
    lines: int | Ints = block.line
    if blank_lines is not None:
        lines = block.line + np.delete(np.arange(rows + len(blank_lines)), blank_lines)
    # Numbers are left to pandas to find out: a fifth faster than asking for them, and True stays no number.
    types = {want.position: None if want.numeric else object for want in wants}
    frame = _parse(block.data, dialect, width, types, missing=True)
    if frame is None or len(frame) != rows:
        return None
    columns: dict[str, Column] = {}
    for want in wants:
        column = _checked(frame[want.position], want)
        if column is None:
            return None
        columns[want.name] = column
    texts: list[list[str]] = []
    if kept:
        asis = _parse(block.data, dialect, width, dict.fromkeys(kept, object), missing=False)
        if asis is None:
            return None
        texts = [asis[position].tolist() for position in kept]
    return columns, lines, rows, texts


def _shape(data: bytes, separator: bytes, quote: bytes, width: int) -> tuple[int, Ints | None] | None:
    """Count the rows, and name the blank lines; None unless all others have `width` cells."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    if quote and quote in data:
        outside = _without_quoted(data, separator, quote)
        if outside is None:
            return None
        data = outside
    if not data.endswith(b"\n"):
        data += b"\n"
    buffer = np.frombuffer(data, np.uint8)
    newlines, between = buffer == 10, buffer == separator[0]
    rows = int(np.count_nonzero(newlines))
    borders = np.flatnonzero(newlines | between)
    if width > 1 and len(borders) == rows * width and newlines[borders[width - 1 :: width]].all():
        return rows, None
    ends, separators = np.flatnonzero(newlines), np.flatnonzero(between)
    cells = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    short = np.flatnonzero((cells != width) | (ends - starts <= 1))
    blank = [line for line in short if not data[starts[line] : ends[line]].strip()]
    if width == 1 and any(ends[line] > starts[line] for line in blank):
        return None
    odd = [line for line in short if cells[line] != width]
    if not set(odd) <= set(blank):
        return None
    return len(ends) - len(blank), np.array(blank, np.int64) if blank else None


def _without_quoted(data: bytes, separator: bytes, quote: bytes) -> bytes | None:
    """Put x for every quoted cell; None where a quote stands elsewhere, or a newline is quoted."""
    parts = data.split(quote)
    if len(parts) % 2 == 0 or any(b"\n" in part for part in parts[1::2]):
        return None
    outside = quote.join(parts[0::2])
    buffer = np.frombuffer(b"\n" + outside + b"\n", np.uint8)
    quotes = np.flatnonzero(buffer == quote[0])
    border = np.isin(buffer, np.frombuffer(quote + b"\r\n" + separator, np.uint8))
    if not (border[quotes - 1].all() and border[quotes + 1].all()):
        return None
    return outside


def _parse(data: bytes, dialect: Dialect, width: int, types: dict[int, Any], *, missing: bool) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(
            io.BytesIO(data),
            sep=dialect.delimiter,
            decimal=dialect.decimal,
            header=None,
            index_col=False,
            names=list(range(width)),
            usecols=sorted(types),
            dtype={position: kind for position, kind in types.items() if kind is not None},
            engine="c",
            quotechar=dialect.quote or '"',
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            low_memory=False,
            # Looking for blanks in every cell costs a fifth of the time, so only where there are any.
            skipinitialspace=dialect.skips_blanks and b" " in data,
            keep_default_na=False,
            na_filter=missing,
            na_values=sorted(dialect.missing) if missing else None,
        )
    except (ValueError, OverflowError):  # ParserError is one
        return None


def _checked(series: Any, want: Want) -> Column | None:
    """Make a column of what pandas read; None where any cell needs a second look."""
    import pandas as pd

    if not want.numeric:
        codes, names = pd.factorize(series.to_numpy())
        if not want.missing_ok and (codes < 0).any():
            return None
        return Texts(codes.astype(np.int64), [str(name) for name in names]).stripped(want.strip)
    if series.dtype.kind not in "iuf":
        return None
    values = np.ascontiguousarray(series.to_numpy(), np.float64)
    # The sum of squares would overflow; largest and smallest are exact, and NaN if any cell is.
    low, high = values.min(initial=0.0), values.max(initial=0.0)
    if np.isnan(low):
        if not want.missing_ok:
            return None
        low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=0.0)
    return Numbers(values) if -want.limit <= low and high <= want.limit and np.isfinite([low, high]).all() else None
