"""The fast way and the strict way read the same, whatever stands in the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnctl.data.blocks import Block, read_blocks
from nnctl.data.cells import Dialect, Troubles, Want, read_cells
from nnctl.data.columns import read_columns
from nnctl.data.table import Numbers
from nnctl.errors import DataError

WANTS = [Want("n", 0, True, missing_ok=True, limit=3e38), Want("t", 1, False, missing_ok=True)]
DIALECT = Dialect(missing=frozenset({"", "NA", "?"}))
CELLS = [
    "1",
    "-2.5",
    "1e5",
    "NA",
    "",
    "?",
    " 7",
    "7 ",
    "inf",
    "nan",
    "1e39",
    "abc",
    "1,5",
    '"4"',
    '"a,b"',
    '"x""y"',
    '"p\nq"',
    "5.",
    ".5",
    "+3",
    "1e",
    "0x1",
    "1_0",
    "é",
    "True",
    '"',
    'a"b',
    '""',
    "-",
    "1.8e308",
    "0.1234567890123456789",
]


def both(text, dialect):
    block = Block("f", 1, text.encode())
    fast = read_columns(block, dialect, 2, WANTS, [1])
    try:
        troubles = Troubles()
        columns, lines, kept = read_cells(block, dialect, 2, WANTS, troubles, [1])
        return fast, None if troubles.total else (columns, lines, kept)
    except DataError:
        return fast, None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ['"', "'", None])
@pytest.mark.parametrize("skip_blanks", [True, False])
def test_fast_is_strict_or_gives_up(end, quote, skip_blanks):
    dialect = replace(DIALECT, quote=quote, skip_blanks=skip_blanks)
    rng = np.random.default_rng(1)
    answered = 0
    for _ in range(1500):
        rows = [",".join(rng.choice(CELLS, rng.choice([1, 2, 2, 2, 2, 2, 3]))) for _ in range(rng.integers(1, 5))]
        if rng.random() < 0.2:
            rows.insert(int(rng.integers(len(rows) + 1)), rng.choice(["", "  "]))
        rows = [row.replace('"', quote or '"') for row in rows]
        fast, strict = both(end.join(rows) + (end if rng.random() < 0.7 else ""), dialect)
        if fast is None:
            continue
        answered += 1
        assert strict is not None, rows
        columns, lines, kept = strict
        assert isinstance(columns["n"], Numbers)
        assert np.array_equal(fast[0]["n"].values, columns["n"].values, equal_nan=True), rows
        texts = [[(*column.names, None)[code] for code in column.codes] for column in (fast[0]["t"], columns["t"])]
        assert texts[0] == texts[1], rows
        assert fast[3] == kept, rows
        at = fast[1] if not isinstance(fast[1], int) else fast[1] + np.arange(fast[2])
        assert list(at) == list(lines), rows
    assert answered > 20 or end == "\r"


def test_blocks_of_any_size_hold_the_same_rows(tmp_path):
    text = 'a,b\r\n1,"x\ny"\n\n2,"p""q"\n3,é\n4,"last"'
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    for size in range(1, len(text) + 3):
        blocks = list(read_blocks(path, "utf-8", size=size))
        assert b"".join(block.data for block in blocks) == text.encode()
        for block in blocks:
            before = b"".join(b.data for b in blocks[: blocks.index(block)])
            assert block.line == 1 + before.count(b"\n")
            assert block.data.count(b'"') % 2 == 0
