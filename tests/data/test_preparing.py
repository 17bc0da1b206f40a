"""Scaling, missing cells, targets, splits, and the way through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nnctl.data import DataSettings, Preprocessing, glance, prepare, read_for
from nnctl.data.settings import SplitSettings
from nnctl.data.splits import split_rows
from nnctl.errors import ConfigError, DataError, ModelFileError

TEN = "a,b,c,y\n" + "".join(f"{i},{100 - i * i},{'uvw'[i % 3]},{['no', 'yes'][i % 2]}\n" for i in range(10))


def test_nothing_is_scaled_by_default(table):
    assert table(TEN).train.x[3].tolist() == [3, 91, 1, 0, 0]


def test_standard_is_fitted_on_training_rows_only(table):
    prepared = table(TEN, scale="standard", split={"validation": 0.2, "test": 0.1}, features=["a", "b"])
    assert [len(prepared.train), len(prepared.validation), len(prepared.test)] == [7, 2, 1]
    np.testing.assert_allclose(prepared.train.x[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(prepared.train.x[:, :2].std(axis=0), 1, atol=1e-6)


def test_n05_variance_of_large_numbers_takes_two_passes(table):
    values = 1e8 + np.arange(9) / 8
    prepared = table("a,y\n" + "".join(f"{v!r},1.5\n" for v in values.tolist()), "values", scale="standard")
    np.testing.assert_allclose(prepared.train.x[:, 0], (values - values.mean()) / values.std(), rtol=1e-6)


def test_minmax_l2_and_a_column_of_its_own(table):
    x = table(TEN, scale="minmax", columns={"b": {"scale": "none"}}).train.x
    assert x[:, 0].min() == 0
    assert x[:, 0].max() == 1
    assert x[0, 1] == 100
    np.testing.assert_allclose(np.linalg.norm(table(TEN, scale="l2").train.x, axis=1), 1, rtol=1e-6)


def test_missing_rules(table):
    text = "a,c,y\n1,u,0\n,u,1\n1,,0\n7,v,1\n"
    rules = {"mean": 3.0, "median": 1.0, "most_frequent": 1.0, -5: -5.0}
    for rule, value in rules.items():
        x = table(text, missing=rule, columns={"c": {"missing": "most_frequent"}}).train.x
        assert x[1].tolist() == [value, 1, 0]
        assert x[2, 1:].tolist() == [1, 0]
    dropped = table(text, missing="drop")
    assert dropped.train.x.tolist() == [[1, 1, 0], [7, 0, 1]]
    assert "dropped 2 of 4 rows with missing cells" in dropped.notes
    with pytest.raises(ConfigError, match="'c' holds categories"):
        table(text, missing="mean")


@pytest.mark.parametrize("scale", ["none", "standard", "minmax", "l2"])
def test_through_json_and_back_to_the_same_bits(table, write, scale):
    prepared = table(TEN, scale=scale, missing="median")
    saved = json.loads(json.dumps(prepared.preprocessing.to_dict()))
    restored = Preprocessing.from_dict(saved)
    assert restored.to_dict() == prepared.preprocessing.to_dict()
    (chunk,) = read_for(restored, str(write(TEN)), need_targets=True)
    assert np.array_equal(chunk.x, prepared.train.x)
    assert np.array_equal(chunk.y, prepared.train.y)
    assert len(restored.describe()) >= 4


def test_damaged_preprocessing_is_refused():
    for saved in ({}, {"version": 1}, {"version": 99}, {"version": 1, "features": {"form": "os.system"}}):
        with pytest.raises(ModelFileError):
            Preprocessing.from_dict(saved)


def test_forms_of_targets(table):
    assert table(TEN, "binary").train.y[:3].tolist() == [[0], [1], [0]]
    assert table(TEN, "index").train.y[:3].tolist() == [0, 1, 0]
    assert table(TEN, "one_hot").train.y[:2].tolist() == [[1, 0], [0, 1]]
    assert table(TEN, "values", target="a").train.y[:2].tolist() == [[0], [1]]
    assert table(TEN, "values", target=["a", "b"]).train.y.shape == (10, 2)
    assert table("a,y\n1,2.5\n2,3\n").preprocessing.form == "values"
    with pytest.raises(DataError, match=r"'c' has 3 classes \(u, v, w\), a binary loss needs exactly 2"):
        table(TEN, "binary", target="c")


def test_several_binary_targets(table):
    text = "a,p,q\n1,0,1\n2,1,1\n"
    assert table(text, "binary", target=["p", "q"]).train.y.tolist() == [[0, 1], [1, 1]]
    with pytest.raises(DataError, match="needs values from 0 to 1"):
        table("a,p,q\n1,0,1\n2,1,3\n", "binary", target=["p", "q"])


def test_split_is_stratified_seeded_and_in_the_fingerprint(table):
    text = "a,y\n" + "".join(f"{i},{int(i % 5 == 0)}\n" for i in range(100))
    one = table(text, "index", split={"validation": 0.2, "test": 10})
    assert [int(part.y.sum()) for part in (one.train, one.validation, one.test)] == [14, 4, 2]
    again = table(text, "index", split={"validation": 0.2, "test": 10})
    assert np.array_equal(one.validation.x, again.validation.x)
    assert one.fingerprint == again.fingerprint
    other = table(text, "index", split={"validation": 0.2, "test": 10}, seed=1)
    assert not np.array_equal(one.validation.x, other.validation.x)
    assert other.fingerprint != one.fingerprint
    changed = table(text.replace("99", "98"), "index", split={"validation": 0.2, "test": 10})
    assert changed.fingerprint != one.fingerprint


def test_validation_split_takes_the_last_rows_as_keras_does(write):
    path = write("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(10)))
    prepared = prepare(DataSettings(source=str(path), target="y"), validation_split=0.25)
    assert prepared.validation.x[:, 0].tolist() == [7, 8, 9]


def test_separate_validation_file_by_name(table, write):
    other = write("y,b,a,c\nyes,5,4,u\n", "val.csv")
    assert table(TEN, validation=str(other)).validation.x.tolist() == [[4, 5, 1, 0, 0]]
    bad = write("y,b,a,c\nyes,5,4,z\n", "val.csv")
    with pytest.raises(DataError, match=r"val.csv:2: feature 'c': 'z'"):
        table(TEN, validation=str(bad))


def test_weights(table):
    assert table("a,w,y\n1,2,0\n2,0.5,1\n", sample_weight="w").train.weight.tolist() == [2, 0.5]
    with pytest.raises(DataError, match=r"t.csv:3: weight 'w': -1 is negative"):
        table("a,w,y\n1,2,0\n2,-1,1\n", sample_weight="w")


def test_glance_reads_no_rows(write):
    assert glance(DataSettings(source=str(write(TEN)))) is None
    assert glance(DataSettings(source="mnist")).input_shape == (28, 28)


def test_notes_tell_what_was_inferred(table):
    assert "read as categories: c (3)" in table(TEN).notes


def test_settings_find_what_is_wrong_with_their_places():
    with pytest.raises(ConfigError) as caught:
        DataSettings(source="x.csv", columns={"a": {"scale": "l3"}, 3: {"tpye": "numeric"}}, split={"validation": 1.5})
    assert {problem.path for problem in caught.value.problems} == {
        ("columns", "a", "scale"),
        ("columns", 3, "tpye"),
        ("split", "validation"),
    }


def test_a_split_without_shuffling_takes_the_last_rows():
    parts = split_rows(10, SplitSettings(validation=2, test=0.3, shuffle=False), None, 0)
    assert [part.tolist() for part in (parts.train, parts.validation, parts.test)] == [
        [0, 1, 2, 3, 4],
        [5, 6],
        [7, 8, 9],
    ]
