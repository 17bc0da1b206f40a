"""D02, D03, D05, D06, D08, D10 to D12: rows, headers, bytes."""

from __future__ import annotations

import gzip
import io
import sys

import numpy as np
import pytest

from nnctl.data import DataSettings, prepare, read_for
from nnctl.errors import ConfigError, DataError, MissingInputError, UsageError


@pytest.mark.parametrize(("row", "fields"), [("1,2,3,4,5", "5 fields"), ("1,2", "2 fields"), ("1", "1 field")])
def test_d02_row_too_long_or_too_short(table, row, fields):
    with pytest.raises(DataError, match=rf"t.csv:4: {fields}, expected 3"):
        table(f"a,b,y\n1,2,0\n1,2,1\n{row}\n1,2,0\n")


def test_d02_last_row_cut(table):
    with pytest.raises(DataError, match=r"t.csv:3: 2 fields, expected 3"):
        table("a,b,y\n1,2,0\n1,2")


def test_d03_columns_by_name_in_any_order(table, write):
    fitted = table("a,b,y\n1,20,0\n2,10,1\n").preprocessing
    reading = read_for(fitted, str(write("id,b,a\n7,5,6\n", "new.csv")), keep=["id"])
    assert reading.notices == [f"{reading.rows.title}: not used: column 'id'"]
    (chunk,) = reading
    assert chunk.x.tolist() == [[6, 5]]
    assert chunk.kept == {"id": ["7"]}
    with pytest.raises(DataError, match=r"has no column 'a' \(is it 'A'\?\), 'b'"):
        read_for(fitted, str(write("A\n1\n", "new.csv")))
    with pytest.raises(DataError, match="the header has 'a' more than once"):
        read_for(fitted, str(write("a,a,b\n1,2,3\n", "new.csv")))
    with pytest.raises(UsageError, match="did you mean 'id'"):
        read_for(fitted, str(write("id,b,a\n7,5,6\n", "new.csv")), keep=["ids"])


def test_d03_without_header_by_position_with_or_without_the_target(table, write):
    fitted = table("1,5,20\n2,6,10\n", "values", header=False, target=0).preprocessing
    for text in ("9,7,8\n", "7,8\n"):
        (chunk,) = read_for(fitted, str(write(text, "new.csv")))
        assert chunk.x.tolist() == [[7, 8]]
    with pytest.raises(DataError, match="4 columns, expected 2 or 3"):
        read_for(fitted, str(write("1,2,3,4\n", "new.csv")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 rows"),
        ("\n\n", "0 rows"),
        ("a,y\n", "0 rows"),
        ("a,y\n1,x\n2,x\n", "column 'y' has one class 'x'"),
        ("a,y\n1,x\n", "column 'y' has one class 'x'"),
    ],
)
def test_d05_nothing_to_learn_from(table, text, message):
    with pytest.raises(DataError, match=message):
        table(text)


def test_d05_empty_splits(table):
    text = "a,y\n1,0\n2,1\n3,0\n4,1\n"
    with pytest.raises(DataError, match=r"validation split of 0.1 on 4 rows is empty"):
        table(text, split={"validation": 0.1})
    with pytest.raises(DataError, match="leave 0 of 4 rows"):
        table(text, split={"validation": 2, "test": 2})


def test_d05_one_row_is_enough_for_a_number(table):
    assert table("a,y\n1,2.5\n").train.y.tolist() == [[2.5]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be-bom", "utf-8"])
def test_d06_byte_order_marks_are_no_part_of_the_first_name(table, encoding):
    text = "ä,y\n1,Zürich\n2,Bern\n"
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-bom" else text.encode(encoding)
    prepared = table(data)
    assert prepared.preprocessing.feature_names == ["ä"]
    assert prepared.preprocessing.labels == ["Bern", "Zürich"]


def test_d06_utf16_without_mark_is_refused_by_name(table):
    text = "a,y\n1,0\n2,1\n".encode("utf-16-le")
    with pytest.raises(DataError, match="set encoding: utf-16-le"):
        table(text)
    assert len(table(text, encoding="utf-16-le").train) == 2


def test_d06_bad_byte_with_its_line_and_place(table):
    rows = b"1,x\n2,y\n" * 35000 + b"3,\xe9t\xe9\n"
    place = 4 + 70000 * 4 + 2
    with pytest.raises(DataError, match=rf"t.csv:70002: byte {place} \(0xe9\) is not utf-8; set encoding: latin-1"):
        table(b"a,y\n" + rows)
    assert "été" in table(b"a,y\n1,x\n3,\xe9t\xe9\n", encoding="latin-1").preprocessing.labels


def test_d06_zero_byte(table):
    with pytest.raises(DataError, match="zero byte"):
        table(b"a,y\n" + b"1,0\n" * 1000 + b"\0,1\n")


def test_d08_quoted_commas_newlines_and_quotes(table):
    text = 'a,c,y\n1,"x, ""y""\nz",0\n2,plain,1\n,w,1\n'
    with pytest.raises(DataError, match=r"t.csv:5: feature 'a'"):
        table(text)
    assert table(text, missing=0.0).preprocessing.feature_names == ["a", "c=plain", "c=w", 'c=x, "y"\nz']


def test_d08_unclosed_quote_at_the_line_where_it_opened(table):
    with pytest.raises(DataError, match=r"t.csv:3: a quote opens in this row and is never closed"):
        table('a,c,y\n1,x,0\n2,"x,1\n3,x,0\n')


def test_d10_constant_column_is_reported_and_not_divided_by_zero(table):
    prepared = table("a,b,y\n1,0.1,0\n2,0.1,1\n3,0.1,0\n", scale="standard")
    assert prepared.train.x[:, 1].tolist() == [0, 0, 0]
    assert any("column 'b' is constant" in note for note in prepared.notes)
    assert table("a,b,y\n1,5,0\n2,5,1\n", scale="minmax").train.x.tolist() == [[0, 0], [1, 0]]


def test_d10_header_with_spaces_and_names_twice(table):
    assert table(" a , b c ,y\n1,2,0\n3,4,1\n").preprocessing.feature_names == ["a", "b c"]
    with pytest.raises(DataError, match="'a' more than once"):
        table("a,a,y\n1,2,0\n")


def test_header_expected_or_not(table):
    with pytest.raises(DataError, match="set header: false"):
        table("6,148,0.5,1\n1,2,0.3,0\n", target=3)
    with pytest.raises(DataError, match="set header: true"):
        table("a,b,y\n1,2,0\n3,4,1\n", header=False, target=2)
    assert table("2019,2020,y\n1,2,0\n3,4,1\n").preprocessing.feature_names == ["2019", "2020"]


def test_d11_gzip_whole_cut_or_only_by_name(table):
    packed = gzip.compress(b"a,y\n" + b"".join(b"%d,%d\n" % (i, i % 2) for i in range(5000)))
    assert len(table(packed, name="t.csv.gz").train) == 5000
    assert len(table(packed, name="t.csv").train) == 5000
    with pytest.raises(DataError, match="damaged or cut short"):
        table(packed[:-20], name="t.csv.gz")
    with pytest.raises(DataError, match="is not gzip"):
        table("a,y\n1,0\n", name="t.csv.gz")


def test_d12_same_result_for_a_row_in_any_company(table, write, monkeypatch):
    rng = np.random.default_rng(5)
    rows = [
        f"{a!r},{c},{y}"
        for a, c, y in zip(
            rng.normal(1e4, 1, 200).tolist(), rng.choice(["u", "v"], 200), rng.integers(0, 2, 200), strict=True
        )
    ]
    fitted = table("a,c,y\n" + "\n".join(rows), scale="standard").preprocessing

    def read(lines, header="a,c,y\n"):
        path = write(header + "\n".join(lines), "n.csv")
        return np.concatenate([chunk.x for chunk in read_for(fitted, str(path))])

    whole = read(rows)
    assert np.array_equal(np.concatenate([read([row]) for row in rows]), whole)
    order = rng.permutation(200)
    assert np.array_equal(read([rows[i] for i in order]), whole[order])
    assert np.array_equal(read([row.rsplit(",", 1)[0] for row in rows], "a,c\n"), whole)
    monkeypatch.setattr("nnctl.data.csv.SMALL", 0)  # the fast way gives the same bits
    assert np.array_equal(read(rows), whole)


def test_several_files_need_the_same_columns(table, write, tmp_path):
    write("a,y\n1,0\n", "p1.csv")
    write("a,y\n2,1\n", "p2.csv")
    assert table("", name="other.csv", source=str(tmp_path / "p*.csv")).train.x.tolist() == [[1], [2]]
    write("b,y\n2,1\n", "p3.csv")
    with pytest.raises(DataError, match=r"p3.csv: column 'b', expected 'a'"):
        table("", name="other.csv", source=str(tmp_path / "p*.csv"))


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,y\n1,0\n2,1\n")))
    assert len(prepare(DataSettings(source="-", target="y")).train) == 2


def test_unknown_names_get_a_suggestion(table, tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'y'") as caught:
        table("a,y\n1,0\n", target="Y", features=["b"], columns={5: {"scale": "none"}})
    assert [problem.path for problem in caught.value.problems] == [
        ("data", "target"),
        ("data", "features", 0),
        ("data", "columns", 5),
    ]
    with pytest.raises(MissingInputError, match=r"did you mean 't.csv'"):
        table("a,y\n1,0\n", source=str(tmp_path / "tt.csv"))
