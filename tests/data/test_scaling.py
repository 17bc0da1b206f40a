"""Columns of numbers: every scale against its formula, bounds, missing cells, fitted on training rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from nnctl.data import Preprocessing, read_for
from nnctl.errors import ConfigError, DataError

VALUES = np.array([3.0, 0.5, 120, 8, 8, 41, 2, 0])


def column(values):
    return "a,y\n" + "".join(f"{value!r},{i % 2}\n" for i, value in enumerate(values.tolist()))


@pytest.mark.parametrize(
    ("scale", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler()), ("robust", RobustScaler())]
)
def test_scales_are_those_of_scikit_learn(table, scale, scaler):
    x = table(column(VALUES), scale=scale).train.x
    np.testing.assert_allclose(x, scaler.fit_transform(VALUES[:, None]), rtol=1e-6, atol=1e-7)


def test_steps_follow_each_other_and_bounds_come_first(table):
    prepared = table(column(VALUES), columns={"a": {"scale": ["log1p", "standard"], "clip": [1, 50]}})
    expected = np.log1p(np.clip(VALUES, 1, 50))
    np.testing.assert_allclose(prepared.train.x[:, 0], (expected - expected.mean()) / expected.std(), rtol=1e-5)
    assert "column 'a' 3 cells were cut to 1 to 50" in prepared.notes


def test_no_logarithm_below_minus_one(table, write):
    with pytest.raises(DataError, match=r"t.csv:3: feature 'a': -2 has no log1p"):
        table("a,y\n1,0\n-2,1\n", scale="log1p")
    fitted = table("a,y\n1,0\n2,1\n", scale="log1p").preprocessing
    with pytest.raises(DataError, match=r"n.csv:2: feature 'a': -1 has no log1p"):
        list(read_for(fitted, str(write("a\n-1\n", "n.csv"))))
    assert table("a,y\n1,0\n-2,1\n", columns={"a": {"scale": "log1p", "clip": [0, None]}}).train.x[1] == 0


def test_d10_equal_quartiles_are_reported_and_not_divided_by(table):
    prepared = table("a,y\n5,0\n5,1\n5,0\n5,1\n9,0\n", scale="robust")
    assert prepared.train.x[:, 0].tolist() == [0, 0, 0, 0, 4]
    assert any("equal quartiles" in note for note in prepared.notes)


def test_indicator_only_where_training_lacks_cells(table, write):
    prepared = table("a,b,y\n1,1,0\n,2,1\n3,3,0\n", missing="mean", indicator=True)
    assert prepared.preprocessing.feature_names == ["a", "a is missing", "b"]
    assert prepared.train.x.tolist() == [[1, 0, 1], [2, 1, 2], [3, 0, 3]]
    assert "filled in missing cells: a 1 (2)" in prepared.notes
    reading = read_for(Preprocessing.from_dict(prepared.preprocessing.to_dict()), str(write("a,b\n,\n", "n.csv")))
    assert [chunk.x.tolist() for chunk in reading] == [[[2, 1, 2]]]
    assert reading.filled == {"a": 1, "b": 1}


def test_fill_comes_from_training_rows_only(table):
    prepared = table(column(np.array([1.0, 2, 3, 100])).replace("2.0", ""), missing="mean", split={"test": "3:"})
    assert prepared.train.x[:, 0].tolist() == [1, 2, 3]


def test_a_constant_needs_its_value_and_the_other_way_round(table):
    assert table("a,y\n1,0\n,1\n", columns={"a": {"missing": "constant", "fill": -1}}).train.x[1] == -1
    for own in ({"missing": "constant"}, {"fill": 3}, {"missing": "mean", "fill": 3}):
        with pytest.raises(ConfigError, match="belong together"):
            table("a,y\n1,0\n2,1\n", columns={"a": own})


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"type": "categorical", "scale": "standard"}, "scale: is for numeric or date columns"),
        ({"type": "numeric", "unknown": "bucket"}, "unknown: is for categorical columns"),
        ({"type": "text", "encode": "index"}, "encoded as sequence or multi_hot or tfidf"),
        ({"type": "text", "encode": "sequence"}, "needs the number of words"),
        ({"type": "date", "missing": "mean"}, "has no mean"),
        ({"clip": [3, 1]}, "lower bound first"),
    ],
)
def test_what_does_not_go_together(table, own, message):
    with pytest.raises(ConfigError, match=message):
        table(column(VALUES), columns={"a": own})


def test_a_pattern_means_many_columns_and_a_name_goes_before_it(table):
    text = "v1,v2,w,y\n1,1,1,0\n3,3,3,1\n"
    prepared = table(text, features=["v*"], columns={"v*": {"scale": "minmax"}, "v2": {"scale": "none"}})
    assert prepared.train.x.tolist() == [[0, 1], [1, 3]]
    assert table(text, exclude="v*").preprocessing.feature_names == ["w"]
    with pytest.raises(ConfigError, match="no column that fits 'z"):
        table(text, features=["z*"])
