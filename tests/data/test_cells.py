"""D01, D04, D07, D09: what may stand in a cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from nnctl.data import DataSettings, prepare, read_for
from nnctl.data.cells import Dialect
from nnctl.errors import DataError


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("", "an empty cell"),
        ("NA", "'NA' is a missing cell"),
        ("nan", "'nan' is a missing cell"),
        ("inf", "'inf' is not finite"),
        ("-inf", "'-inf' is not finite"),
        ("1e400", "'1e400' is too large"),
        ("1e39", "'1e39' is too large"),
        ("abc", "'abc' is not a number"),
        ("1_000", "'1_000' is not a number"),
        ("0x10", "'0x10' is not a number"),
        ("٣", "'٣' is not a number"),
    ],
)
@pytest.mark.parametrize("column", ["a", "y", "w"])
def test_d01_d04_bad_cell_in_feature_label_or_weight(table, column, cell, what):
    cells = {"a": "1", "y": "2.5", "w": "1", column: cell}
    text = "a,y,w\n1,2.5,1\n2,3.5,1\n" + ",".join(cells.values()) + "\n4,4.5,1\n"
    role = {"a": "feature", "y": "label", "w": "weight"}[column]
    with pytest.raises(DataError) as caught:
        table(text, "values", sample_weight="w")
    assert f"t.csv:4: {role} {column!r}: {what}" in str(caught.value)
    assert "hint: " in str(caught.value)


def test_d01_first_five_and_how_many_more(table):
    text = "a,y\n" + "1,0\n" * 20 + ",1\n" * 9
    with pytest.raises(DataError) as caught:
        table(text)
    assert [line.split(":")[1] for line in str(caught.value).splitlines()[:5]] == ["22", "23", "24", "25", "26"]
    assert "... and 4 more" in str(caught.value)


@pytest.mark.parametrize("rule", ["mean", "median", "most_frequent", "drop", 0.0])
def test_d01_missing_rule_is_for_missing_cells_of_features_only(table, rule):
    assert np.isfinite(table("a,y\n1,0\n,1\n3,0\n4,1\n", missing=rule).train.x).all()
    for bad in ("a,y\n1,0\ninf,1\n3,0\n", "a,y\n1,0\n2,\n3,0\n", "a,y\n1,0\n1e39,1\n3,0\n"):
        with pytest.raises(DataError, match=r"t.csv:3:"):
            table(bad, missing=rule)


def test_d01_labels_of_classes_may_not_be_infinite(table):
    with pytest.raises(DataError, match=r"t.csv:3: label 'y': 'inf' is not finite"):
        table("a,y\n1,0\n2,inf\n3,0\n", "index")


def test_float64_holds_what_float32_does_not(write):
    path = write("a,y\n1e39,0\n2,1\n")
    assert prepare(DataSettings(source=str(path), target="y"), dtype="float64").train.x[0, 0] == 1e39


def test_d04_unseen_category_is_an_error_unless_the_spec_has_a_bucket(table, write):
    text = "c,y\nred,0\nblue,1\nred,1\n"
    other = write("c\nred\ngreen\n", "new.csv")
    with pytest.raises(DataError, match=r"new.csv:3: feature 'c': 'green' is not among the categories"):
        list(read_for(table(text).preprocessing, str(other)))
    fitted = table(text, columns={"c": {"unknown": "bucket"}}).preprocessing
    (chunk,) = read_for(fitted, str(other))
    assert fitted.feature_names == ["c=blue", "c=red", "c=(other)"]
    assert chunk.x.tolist() == [[0, 1, 0], [0, 0, 1]]


def test_d04_text_among_numbers_when_predicting(table, write):
    fitted = table("a,y\n1,0\n2,1\n").preprocessing
    with pytest.raises(DataError, match=r"new.csv:3: feature 'a': 'x' is not a number"):
        list(read_for(fitted, str(write("a\n1\nx\n", "new.csv"))))


@pytest.mark.parametrize("other", [";", "\t", "|"])
def test_d07_other_separator(table, other):
    with pytest.raises(DataError, match=r"t.csv:1: looks separated by .*: set separator: "):
        table("a,b,y\n1,2,0\n3,4,1\n".replace(",", other))
    assert table("a,b,y\n1,2,0\n3,4,1\n".replace(",", other), separator=other).train.x.tolist() == [[1, 2], [3, 4]]


def test_d07_decimal_comma(table):
    text = "a;y\n1,5;0\n2,25;1\n"
    with pytest.raises(DataError, match="separated by ';'"):
        table(text)
    with pytest.raises(DataError, match="set decimal: ','"):
        table(text, separator=";")
    assert table(text, separator=";", decimal=",").train.x.tolist() == [[1.5], [2.25]]
    with pytest.raises(DataError, match=r"'1.234,56' is not a number"):
        table("a;y\n1,5;0\n1.234,56;1\n2,5;1\n", separator=";", decimal=",")


def test_blanks_as_separator(table):
    text = " 1.5   2 0\n  3\t4  1  \n"
    with pytest.raises(DataError, match="set separator: whitespace"):
        table(text, header=False, target=2)
    assert table(text, header=False, target=2, separator="whitespace").train.x.tolist() == [[1.5, 2], [3, 4]]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("1 2 3 2", ["1", "2", "3"]),
        ("-1 1 -1 1", ["-1", "1"]),
        ("0 2 5 0", ["0", "2", "5"]),
        ("yes no yes no", ["no", "yes"]),
        ("1.0 2.0 1.0 2.0", ["1.0", "2.0"]),
        ("10 9 10 9", ["9", "10"]),
    ],
)
def test_d09_labels_are_mapped_and_given_back_as_they_were(table, labels, expected):
    given = labels.split()
    prepared = table("a,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(given)), "index")
    names = prepared.preprocessing.labels
    assert names == expected
    assert [names[i] for i in prepared.train.y] == given


def test_d09_one_number_in_two_spellings_is_one_class(table, write):
    fitted = table("a,y\n1,1.0\n2,2.0\n3,1\n", "binary").preprocessing
    assert fitted.labels == ["1.0", "2.0"]
    (chunk,) = read_for(fitted, str(write("a,y\n1,2\n", "new.csv")), need_targets=True)
    assert chunk.y.tolist() == [[1]]


def test_label_that_training_has_not_seen(table, write):
    fitted = table("a,y\n1,no\n2,yes\n").preprocessing
    with pytest.raises(DataError, match=r"new.csv:2: label 'maybe' of 'y' is none of the classes"):
        list(read_for(fitted, str(write("a,y\n1,maybe\n", "new.csv")), need_targets=True))


def test_a_column_half_numbers_is_refused_not_guessed(table):
    with pytest.raises(DataError, match=r"if the column holds categories, set columns: {a: {type: categorical}}"):
        table("a,y\n1,0\n2,1\nx,1\n")
    fitted = table("a,y\n1,0\n2,1\nx,1\n", columns={"a": {"type": "categorical"}}).preprocessing
    assert fitted.feature_names == ["a=1", "a=2", "a=x"]


@given(st.lists(st.text("019+-.eE _x,\n\t\u0661", max_size=6), max_size=4))
def test_many_cells_at_once_are_the_same_numbers(cells):
    """All at once is the faster way; where it cannot say, the cells are looked at one by one."""
    dialect = Dialect(missing=frozenset({"", "-1"}))
    found = dialect.numbers(cells)
    if found is not None:
        assert found == [dialect.number(cell) for cell in cells]
        assert not dialect.missing & {*cells}
    plain = ["1", " -2.5 ", ".5", "3.", "1e400", "+1E-3"]
    assert dialect.numbers(plain) == [dialect.number(cell) for cell in plain]
