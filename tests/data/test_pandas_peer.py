"""D06 D07 D08 D11: any valid table, in any dialect, is read as pandas reads the same file."""

from __future__ import annotations

import csv
import gzip
import io
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from nnctl.data import DataSettings, Places
from nnctl.data.cells import Want
from nnctl.data.sources import resolve

DIALECTS = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([",", ";", "\t", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "ends": st.sampled_from(["\n", "\r\n"]),
        "gz": st.booleans(),
        "header": st.booleans(),
        "block": st.sampled_from([7, 64, 1 << 20]),
    }
).filter(lambda dialect: dialect["separator"] != dialect["decimal"])
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(float),
    st.integers(-(10**15), 10**15).map(float),
    st.sampled_from([0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789, -0.0]),
)
LETTERS = string.ascii_letters + string.digits + " \"'\n,;\t|.#-_äöüÄÖÜßéèñ"
CELLS = st.text(st.sampled_from(LETTERS), max_size=10).map(lambda text: f"x{text}")  # never empty, never a number
ROWS = st.lists(st.tuples(NUMBERS, CELLS, NUMBERS), min_size=1, max_size=15)


def write(path: Path, rows: list[tuple[float, str, float]], dialect: dict[str, Any]) -> None:
    """Write rows as Python's csv module does, numbers with the dialect's decimal mark."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect["separator"], quoting=dialect["quoting"], lineterminator=dialect["ends"])
    if dialect["header"]:
        writer.writerow(["first", "text", "last"])
    for first, text, last in rows:
        writer.writerow(
            [repr(first).replace(".", dialect["decimal"]), text, repr(last).replace(".", dialect["decimal"])]
        )
    content = out.getvalue().encode(dialect["encoding"])
    path.write_bytes(gzip.compress(content) if dialect["gz"] else content)


@settings(max_examples=250)
@given(ROWS, DIALECTS)
def test_d06_d07_d08_d11_valid_tables(tmp_path_factory: pytest.TempPathFactory, rows: Any, dialect: Any) -> None:
    path = tmp_path_factory.mktemp("peer") / f"t.csv{'.gz' if dialect['gz'] else ''}"
    write(path, rows, dialect)
    how = {"sep": dialect["separator"], "encoding": dialect["encoding"], "header": 0 if dialect["header"] else None}
    cells = pd.read_csv(path, dtype=str, keep_default_na=False, **how)
    numbers = pd.read_csv(path, decimal=dialect["decimal"], usecols=[0, 2], **how)
    told = {name: dialect[name] for name in ("separator", "decimal", "encoding", "header")}
    source = DataSettings(source=str(path), skip_blanks=False, **told)
    with pytest.MonkeyPatch.context() as patch:
        from nnctl.data.blocks import read_blocks

        patch.setattr(read_blocks, "__defaults__", (*(read_blocks.__defaults__ or ())[:-1], dialect["block"]))
        opened: Any = resolve(source.source, Places(path.parent)).open(source, Places(path.parent), None)
        names = opened.rows.names
        wants = [Want(names[0], 0, True), Want(names[1], 1, False), Want(names[2], 2, True)]
        tables = list(opened.rows.tables(wants, names))
    assert sum(map(len, tables)) == len(rows) == len(cells)
    if dialect["header"]:
        assert names == list(cells.columns) == ["first", "text", "last"]
    for place in (0, 2):
        values = np.concatenate([table.numbers(names[place]) for table in tables])
        assert np.array_equal(values, [row[place] for row in rows])
        np.testing.assert_allclose(values, numbers.iloc[:, place // 2].to_numpy(float), rtol=1e-15)
    for place, name in enumerate(names):
        kept = [cell for table in tables for cell in table.kept[name]]
        assert kept == cells.iloc[:, place].tolist()
    texts = [table.columns[names[1]].names[code] for table in tables for code in table.columns[names[1]].codes]  # type: ignore[union-attr]
    assert texts == cells.iloc[:, 1].tolist() == [row[1] for row in rows]
