"""Sets made by code: the shapes and types of the real ones, the same from the same seed, never called real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.data import DataSettings, Prepared, prepare
from nnctl.run import train
from nnctl.spec import loads

SMALL: list[Any] = [
    ("synthetic-mnist", {"rows": 300, "test_rows": 50}, (28, 28), 10),
    ("synthetic-cifar10", {"rows": 300, "test_rows": 50}, (32, 32, 3), 10),
    ("synthetic-cifar100", {"rows": 3000, "test_rows": 50}, (32, 32, 3), 100),
    ("synthetic-cifar100", {"rows": 300, "test_rows": 50, "label_mode": "coarse"}, (32, 32, 3), 20),
    ("synthetic-imdb", {"rows": 300, "test_rows": 50, "num_words": 500, "pad_to": 40}, (40,), 2),
    ("synthetic-reuters", {"rows": 375, "num_words": 1000, "multi_hot": True}, (1000,), 46),
]


def read(name: str, options: dict[str, Any]) -> Prepared:
    return prepare(DataSettings(source={name: options}), targets="index")


@pytest.mark.parametrize(("name", "options", "shape", "classes"), SMALL)
def test_shapes_and_types_of_the_real_set(name: str, options: Any, shape: Any, classes: int) -> None:
    prepared = read(name, options)
    assert prepared.train.x.shape == (options["rows"] if "reuters" not in name else 300, *shape)
    assert prepared.test is not None
    assert len(prepared.test) == (75 if "reuters" in name else 50)
    assert prepared.preprocessing.labels == list(range(classes))
    assert prepared.train.x.dtype == (np.int32 if "imdb" in name else np.float32)
    assert any(note.startswith(f"{name}: made by code from seed 0") for note in prepared.notes)


@pytest.mark.parametrize(("name", "options", "shape", "classes"), SMALL)
def test_same_seed_same_rows(name: str, options: Any, shape: Any, classes: int) -> None:
    one, again, other = (read(name, {**options, "data_seed": seed}) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.train.x, again.train.x)
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert not np.array_equal(one.train.x, other.train.x)
    assert one.test is not None
    assert not np.array_equal(one.train.x[:10], one.test.x[:10])


def test_fewer_words_than_the_set_has() -> None:
    x = read("synthetic-imdb", {"rows": 50, "test_rows": 9, "num_words": 300, "skip_top": 10, "pad_to": 30}).train.x
    assert set(np.unique(x).tolist()) <= {0, 2, *range(10, 300)}


FIGURES: list[Any] = [
    (
        {"synthetic-mnist": {}},
        ["Flatten", {"Dense": {"units": 128, "activation": "relu"}}, {"Dense": {"units": 10, "activation": "softmax"}}],
        {"epochs": 1},
        0.95,
    ),
    (
        {"synthetic-imdb": {"rows": 8000, "test_rows": 4000, "num_words": 3000, "multi_hot": True}},
        [{"Dense": {"units": 1, "activation": "sigmoid"}}],
        {"epochs": 4},
        0.95,
    ),
    (
        {"synthetic-reuters": {"num_words": 1000, "multi_hot": True}},
        [
            {"Dense": {"units": 512, "activation": "relu"}},
            {"Dropout": 0.5},
            {"Dense": {"units": 46, "activation": "softmax"}},
        ],
        {"epochs": 5},
        0.96,
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "layers", "fit", "figure"), FIGURES, ids=["mnist", "imdb", "reuters"])
def test_stated_figures(source: Any, layers: Any, fit: Any, figure: float, tmp_path: Path) -> None:
    """What the docstrings promise of the sets; other threads and machines may cost a few rows."""
    loss = "binary_crossentropy" if "imdb" in str(source) else "sparse_categorical_crossentropy"
    scale = "minmax" if "mnist" in str(source) else "none"
    spec = {"data": {"source": source, "scale": scale}, "layers": layers, "loss": loss, "optimizer": "adam"}
    result = train(loads(json.dumps({**spec, "metrics": ["accuracy"], "fit": fit})), out=tmp_path / "run", say=str)
    assert result.test is not None
    assert result.test["accuracy"] > figure - 0.005
