"""Columns of categories, text and dates."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from nnctl.data import Preprocessing, read_for
from nnctl.errors import ConfigError, DataError

COLORS = "c,y\n" + "".join(f"{c},{i % 2}\n" for i, c in enumerate("rrrgggb"))
WORDS = 't,y\n"A cat, a cat!",0\nthe CAT sat,1\nno dog,0\n'


def again(prepared, path):
    """Read a file with the preprocessing after its way through JSON."""
    fitted = Preprocessing.from_dict(json.loads(json.dumps(prepared.preprocessing.to_dict())))
    (chunk,) = read_for(fitted, str(path))
    return chunk.x


def test_categories_as_index_stay_whole_numbers(table, write):
    prepared = table(COLORS, encode="index")
    assert prepared.train.x.dtype == np.int32
    assert prepared.train.x[:, 0].tolist() == [2, 2, 2, 1, 1, 1, 0]
    assert again(prepared, write("c\ng\n", "n.csv")).tolist() == [[1]]


def test_d04_unknown_and_rare_categories_share_the_bucket(table, write):
    prepared = table(COLORS, unknown="bucket", min_count=2)
    assert prepared.preprocessing.feature_names == ["c=g", "c=r", "c=(other)"]
    assert "column 'c': 1 rare categories (1 rows) share a bucket" in prepared.notes
    assert again(prepared, write("c\nb\nviolet\ng\n", "n.csv")).tolist() == [[0, 0, 1], [0, 0, 1], [1, 0, 0]]
    with pytest.raises(DataError, match=r"n.csv:2: feature 'c': an empty cell"):
        again(prepared, write('c\n""\n', "n.csv"))
    with pytest.raises(ConfigError, match="min_count: puts rare categories into the bucket"):
        table(COLORS, min_count=2)


def test_a_missing_category_can_be_one_of_its_own(table):
    prepared = table("a,c,y\n1,u,0\n2,,1\n", columns={"c": {"missing": "constant", "fill": "none"}})
    assert prepared.preprocessing.feature_names == ["a", "c=none", "c=u"]
    assert prepared.train.x.tolist() == [[1, 0, 1], [2, 1, 0]]


def test_strip_cleans_labels_and_cells_in_every_file(table, write):
    test = write("a,y\n1,<=50K.\n2,>50K.\n", "test.csv")
    prepared = table("a,y\n1,<=50K\n2,>50K\n", test=str(test), columns={"y": {"strip": "."}})
    assert prepared.preprocessing.labels == ["<=50K", ">50K"]
    assert prepared.test.y.tolist() == [0, 1]
    fitted = Preprocessing.from_dict(prepared.preprocessing.to_dict())
    assert next(iter(read_for(fitted, str(test), need_targets=True))).y.tolist() == [0, 1]
    with pytest.raises(DataError, match=r"label '<=50K.' of 'y' is none of the classes"):
        table("a,y\n1,<=50K\n2,>50K\n", test=str(test))


@pytest.mark.parametrize(
    ("own", "x"),
    [
        ({"encode": "sequence", "length": 3}, [[3, 2, 3], [1, 2, 1], [1, 1, 0]]),
        ({"encode": "multi_hot"}, [[0, 1, 1], [1, 1, 0], [1, 0, 0]]),
    ],
)
def test_words_as_indices_and_as_columns(table, write, own, x):
    """Of equal words the first in the alphabet comes first: a and cat twice and three times, the rest is unknown."""
    prepared = table(WORDS, columns={"t": {"type": "text", "max_words": 2, **own}})
    assert prepared.train.x.tolist() == x
    assert again(prepared, write(WORDS, "n.csv")).tolist() == x
    assert "column 't': text, 2 of 6 words known" in prepared.notes


def test_tfidf_by_hand(table):
    prepared = table(WORDS, columns={"t": {"type": "text", "max_words": 2, "encode": "tfidf"}})
    cat, a = math.log(1 + 3 / 3), math.log(1 + 3 / 2)
    other = (cat + a) / 2
    np.testing.assert_allclose(
        prepared.train.x, [[0, 2 * cat, 2 * a], [2 * other, cat, 0], [2 * other, 0, 0]], rtol=1e-6
    )


def test_n07_a_text_without_words_is_a_row_of_zeros(table, write):
    prepared = table(WORDS, columns={"t": {"type": "text", "encode": "sequence", "length": 4}})
    assert again(prepared, write('t\n"?!"\n', "n.csv")).tolist() == [[0, 0, 0, 0]]


def test_dates_become_their_parts(table, write):
    parts = ["year", "month", "weekday", "yearday", "hour", "timestamp"]
    own = {"type": "date", "format": "%d.%m.%Y %H:%M", "parts": parts}
    prepared = table("d,y\n02.01.1970 06:00,0\n31.12.2024 12:30,1\n", columns={"d": own})
    assert prepared.train.x.tolist() == [[1970, 1, 4, 2, 6, 1.25], [2024, 12, 1, 366, 12, np.float32(20088.520833)]]
    assert prepared.preprocessing.feature_names[:2] == ["d year", "d month"]
    with pytest.raises(DataError, match=r"n.csv:2: date 'd': '2024-01-01' is not written as"):
        again(prepared, write("d\n2024-01-01\n", "n.csv"))
    scaled = table("d,y\n1970-01-01,0\n1971-01-01,1\n", columns={"d": {"type": "date", "scale": "minmax"}})
    assert scaled.train.x.tolist() == [[0, 0, 0], [1, 0, 0]]


def test_d09_two_words_of_any_kind_are_labels_in_company(table, write):
    text = "a,p,q\n1,yes,0\n2,no,1\n3,yes,1\n"
    prepared = table(text, "binary", target=["p", "q"])
    assert prepared.train.y.tolist() == [[1, 0], [0, 1], [1, 1]]
    fitted = Preprocessing.from_dict(prepared.preprocessing.to_dict())
    assert fitted.targets.answers == [("no", "yes"), (0, 1)]
    (chunk,) = read_for(fitted, str(write("a,p,q\n1,yes,0\n2,yes,1\n", "m.csv")), need_targets=True)
    assert chunk.y.tolist() == [[1, 0], [1, 1]]
    with pytest.raises(DataError, match=r"n.csv:2: label 'p': 'Yes' is neither yes nor no"):
        list(read_for(fitted, str(write("a,p,q\n1,Yes,0\n", "n.csv")), need_targets=True))
    for words, message in (("yes,no,maybe", "holds 3 different texts ('maybe', 'no', 'yes')"), ("no,no,no", "holds 1")):
        cells = "".join(f"{i},{word},{i % 2}\n" for i, word in enumerate(words.split(",")))
        with pytest.raises(DataError, match=re.escape(f"target 'p' {message}")):
            table(f"a,p,q\n{cells}", "binary", target=["p", "q"])
    with pytest.raises(ConfigError, match="needs one column of classes, got 2: p, q"):
        table(text, "index", target=["p", "q"])


def test_d09_true_and_false_are_labels_alone_and_numbers_in_company(table, write):
    assert table("a,y\n1,True\n2,False\n", "binary").preprocessing.labels == ["False", "True"]
    text = "a,p,q\n1,True,0\n2,False,1\n"
    prepared = table(text, "binary", target=["p", "q"])
    assert prepared.train.y.tolist() == [[1, 0], [0, 1]]
    fitted = Preprocessing.from_dict(prepared.preprocessing.to_dict())
    with pytest.raises(DataError, match=r"n.csv:2: label 'p': 'maybe' is neither True nor False"):
        list(read_for(fitted, str(write("a,p,q\n1,maybe,0\n", "n.csv")), need_targets=True))
