"""How files are written: quotes, comments, blanks, packed files, JSON lines, Parquet; real tables as they are."""

from __future__ import annotations

import gzip
import json
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given, settings, strategies as st

from nnctl.data import DataSettings, Preprocessing, prepare, read_for
from nnctl.data.blocks import Block, read_blocks
from nnctl.data.cells import Dialect, Troubles, Want, read_cells
from nnctl.data.columns import read_columns
from nnctl.data.lines import Form
from nnctl.errors import ConfigError, DataError

TEXT = "a,c,y\n1,u,0\n,v,1\n3,,0\n"
RULES = {"missing": "median", "columns": {"c": {"missing": "most_frequent"}}}


def test_d08_another_quotation_mark_or_none(table):
    text = "a,c,y\n'1','it''s, yes',0\n2,'say \"no\"',1\n"
    assert table(text, quote="'").preprocessing.feature_names == ["a", "c=it's, yes", 'c=say "no"']
    assert table('a,c,y\n1,5",0\n2,6",1\n', quote=None).preprocessing.feature_names == ["a", 'c=5"', 'c=6"']
    with pytest.raises(DataError, match=r"t.csv:3: a quote opens in this row and is never closed"):
        table("a,c,y\n1,u,0\n2,'v,1\n3,w,0\n", quote="'")
    for quote in ("", "''", ",", " "):
        with pytest.raises(ConfigError, match="quote"):
            table(text, quote=quote)


def test_comments_and_rows_at_the_top_keep_the_numbers_of_lines(table):
    text = "made by\nsomebody\na,y\n# 1,1\n1,0\n#'\n2,1\n3,x\n#"
    with pytest.raises(DataError, match=r"t.csv:10: feature 'a': 'z' is not a number"):
        table(text + "\nz,1\n", skip_rows=2, comment="#", columns={"a": {"type": "numeric"}})
    assert table(text, skip_rows=2, comment="#").train.x.tolist() == [[1], [2], [3]]
    quoted = 'a,c,y\n1,"two\n#lines",0\n# "\n2,w,1\n'
    assert table(quoted, comment="#").preprocessing.feature_names == ["a", "c=two\n#lines", "c=w"]


@pytest.mark.parametrize("size", [1, 7, 30, 1 << 20])
def test_comments_and_blanks_in_pieces_of_any_size(tmp_path, size):
    path = tmp_path / "t"
    path.write_bytes(b"top\n 1 \t 2 \n#c\n3   '4  5' \r\n  \t6 7")
    form = Form(b"'", True, b"#", 1)
    blocks = list(read_blocks(path, "utf-8", form, size=size))
    assert b"".join(block.data for block in blocks) == b"\n1 2\n\n3 '4  5'\r\n6 7"


def test_blanks_after_a_separator_belong_to_the_cell_if_the_spec_says_so(table):
    text = "a,c,y\n1, u,0\n2,u,1\n"
    assert table(text).preprocessing.feature_names == ["a", "c=u"]
    assert table(text, skip_blanks=False).preprocessing.feature_names == ["a", "c= u", "c=u"]


def test_d11_zstandard_whole_in_frames_cut_and_only_by_name(table):
    frames = [zstandard.ZstdCompressor().compress(part.encode()) for part in (TEXT[:9], TEXT[9:])]
    packed = b"".join(frames)
    assert len(table(packed, name="t.csv.zst", **RULES).train) == 3
    assert len(table(packed, name="t.csv", **RULES).train) == 3
    with pytest.raises(DataError, match="damaged or cut short"):
        table(packed[:-4], name="t.csv.zst", **RULES)
    with pytest.raises(DataError, match="is not zstandard"):
        table(TEXT, name="t.csv.zst", **RULES)


def test_json_lines_and_parquet_say_what_csv_says(table, write, tmp_path):
    rows = [{"a": 1, "c": "u", "y": 0}, {"a": None, "c": "v", "y": 1}, {"a": 3.0, "y": 0}]
    lines = "\n".join(map(json.dumps, rows)) + "\n"
    parquet = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), parquet)
    expected = table(TEXT, **RULES)
    for name, content in (("t.jsonl", lines), ("t.jsonl.gz", gzip.compress(lines.encode())), ("t.parquet", None)):
        if content is not None:
            write(content, name)
        settings = DataSettings(source=str(tmp_path / name), target="y", **RULES)
        found = prepare(settings)
        assert np.array_equal(found.train.x, expected.train.x)
        assert np.array_equal(found.train.y, expected.train.y)
        fitted = Preprocessing.from_dict(found.preprocessing.to_dict())
        (chunk,) = read_for(fitted, str(tmp_path / name), keep=["c"])
        assert np.array_equal(chunk.x, expected.train.x)
        assert chunk.kept == {"c": ["u", "v", ""]}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"a": 1, "y": 0}\n{"a": 1, "z": 0}\n', r"t.jsonl:2: key 'z' is not in the first line"),
        ('{"a": 1, "y": 0}\n\n[1, 0]\n', r"t.jsonl:3: expected an object"),
        ('{"a": 1, "y": 0}\n{"a": 1, \n', r"t.jsonl:2: is not JSON"),
        ('{"a": 1, "y": 0}\n{"a": [1], "y": 1}\n', r"t.jsonl:2: key 'a': expected a number or a text"),
        ('{"a": 1, "y": 0}\n{"a": NaN, "y": 1}\n', r"t.jsonl:2: feature 'a': 'nan' is a missing cell"),
        ('{"a": 1, "y": 0}\n{"a": 1e39, "y": 1}\n', r"t.jsonl:2: feature 'a': '1e\+39' is too large"),
        ("", "0 rows"),
    ],
)
def test_d01_json_lines_that_are_wrong(table, lines, message):
    with pytest.raises(DataError, match=message):
        table(lines, name="t.jsonl")


def test_d01_parquet_that_is_wrong(table, tmp_path):
    path = tmp_path / "p.parquet"
    for value, message in ((None, "an empty cell"), (float("nan"), "an empty cell"), (float("inf"), "'inf' is not")):
        pyarrow.parquet.write_table(pyarrow.table({"a": [1.0, value], "y": [0, 1]}), path)
        with pytest.raises(DataError, match=rf"p.parquet:2: feature 'a': {message}"):
            table("", name="x.csv", source=str(path))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged, or no Parquet file"):
        table("", name="x.csv", source=str(path))


def test_a_single_column_may_begin_with_an_empty_cell(table, write):
    fitted = table("a,y\n1,0\n2,1\n", missing="mean").preprocessing
    (chunk,) = read_for(fitted, str(write('a\n""\n7\n', "n.csv")))
    assert chunk.x.tolist() == [[1.5], [7]]


NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr) | st.integers(-(10**9), 10**9).map(str)
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NUMBER | st.just(""), WORD), min_size=1, max_size=12), st.sampled_from([",", ";", "\t", "|"]))
def test_valid_csv_reads_as_pandas_reads_it(rows, separator):
    frame = pd.DataFrame({"n": [row[0] for row in rows], "t": [row[1].lstrip(" ") for row in rows]}, dtype=object)
    text = frame.to_csv(index=False, header=False, sep=separator, quoting=1)
    dialect = Dialect(separator, missing=frozenset({""}))
    wants = [Want("n", 0, True, missing_ok=True), Want("t", 1, False, missing_ok=True)]
    block, troubles = Block("f", 1, text.encode()), Troubles()
    columns, _, kept = read_cells(block, dialect, 2, wants, troubles, [1])
    expected = np.array([float(n) if n else np.nan for n in frame["n"]])
    assert not troubles.total
    assert np.array_equal(columns["n"].values, expected, equal_nan=True)
    assert kept[0] == frame["t"].tolist()
    assert [(*columns["t"].names, None)[code] for code in columns["t"].codes] == [t or None for t in frame["t"]]
    fast = read_columns(block, dialect, 2, wants, [1])
    if fast is not None:
        assert np.array_equal(fast[0]["n"].values, expected, equal_nan=True)
        assert fast[3] == kept


@given(st.text(string.ascii_letters + " ._-", min_size=1, max_size=5), st.sampled_from(["", ".", " ."]))
@settings(deadline=None)
def test_strip_is_pythons(word, characters):
    want = Want("t", 0, False, missing_ok=True, strip=characters)
    columns, _, kept = read_cells(Block("f", 1, f'"{word}"\n'.encode()), Dialect(), 1, [want], Troubles(), [0])
    if kept[0]:
        assert columns["t"].names == [kept[0][0].strip(characters) if characters else kept[0][0]]


REAL = {
    "breast-cancer.csv": {"header": False, "target": 9, "quote": "'", "missing": "most_frequent"},
    "auto-mpg.data": {"header": False, "target": 0, "separator": "whitespace", "exclude": 8, "missing": "mean"},
    "horse-colic.csv": {"header": False, "target": 23, "missing": "median", "indicator": True},
    "penguins.csv": {"target": "species", "missing": "drop"},
    "airline-passengers.csv": {
        "target": "Passengers",
        "columns": {"Month": {"type": "date", "format": "%Y-%m", "parts": ["year", "month"]}},
    },
}


@pytest.mark.parametrize(("name", "rows"), list(zip(REAL, (286, 398, 300, 333, 144), strict=True)))
def test_real_tables_as_they_are(real_data, name, rows):
    prepared = prepare(DataSettings(source=name, **REAL[name]), base_dir=Path("/"), data_dir=real_data)
    assert len(prepared.train) == rows
    assert np.isfinite(prepared.train.x).all()
