"""Save and load: the same bits, the same bytes, and damage that is found (M09, M11, M13, M14)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnctl.checkpoint import load_model, load_weights, save_model
from nnctl.errors import MissingInputError, ModelFileError
from nnctl.fields import create
from nnctl.model import Sequential

from .conftest import T, X, make_model

Foreign = Callable[[Callable[[Any], None]], Path]
OPTIMIZERS = [
    "SGD",
    {"SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}},
    {"RMSprop": {"centered": True, "momentum": 0.5}},
    {
        "Adam": {
            "amsgrad": True,
            "clipnorm": 1.0,
            "learning_rate": {"ExponentialDecay": {"initial_learning_rate": 0.01, "decay_steps": 2, "decay_rate": 0.9}},
        }
    },
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_loaded_model_goes_on_to_the_same_bits(tmp_path: Path, optimizer: Any, dtype: str) -> None:
    model = make_model(optimizer, dtype)
    path = tmp_path / "model.h5"
    save_model(path, model, {"a": [1, None, {"b": math.inf}], "w": np.array([1, 2], ">i2")})
    loaded = load_model(path)
    assert loaded.notes == []
    assert loaded.extra["a"] == [1, None, {"b": math.inf}]
    assert loaded.extra["w"].tolist() == [1, 2]
    assert loaded.model.dtype == dtype
    assert [repr(layer) for layer in loaded.model.layers] == [repr(layer) for layer in model.layers]
    for _ in range(2):
        assert loaded.model.train_step(X.astype(dtype), T) == model.train_step(X.astype(dtype), T)
    assert np.array_equal(loaded.model.predict_batch(X), model.predict_batch(X))
    assert [metric.column for metric in loaded.model.metrics] == ["accuracy"]


def test_same_state_gives_the_same_bytes(tmp_path: Path, model: Sequential, saved: Path) -> None:
    again = tmp_path / "again.h5"
    loaded = load_model(saved)
    save_model(again, loaded.model, loaded.extra)
    assert again.read_bytes() == saved.read_bytes()


def test_model_without_compilation(tmp_path: Path) -> None:
    model = Sequential([create("layer", {"Dense": {"units": 2, "input_shape": [3]}})])
    model.build()
    save_model(tmp_path / "model.h5", model)
    loaded = load_model(tmp_path / "model.h5")
    assert loaded.model.optimizer is None
    assert loaded.extra == {}
    assert np.array_equal(loaded.model.get_weights()[0], model.get_weights()[0])


def test_warm_start_by_position_and_by_name(model: Sequential, saved: Path) -> None:
    other = make_model()
    other.layers[-1].name = "head"
    kept = other.layers[-1].weights[0].value.copy()
    assert load_weights(saved, other, by="name") == ["hidden"]
    assert np.array_equal(other.layers[0].weights[0].value, model.layers[0].weights[0].value)
    assert np.array_equal(other.layers[-1].weights[0].value, kept)
    assert load_weights(saved, other) == ["hidden", "head"]
    assert np.array_equal(other.predict_batch(X), model.predict_batch(X))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no such file"):
        load_model(tmp_path / "model.h5")


def test_m11_flipped_bytes_are_refused_or_change_nothing(saved: Path, model: Sequential) -> None:
    good, expected = saved.read_bytes(), model.predict_batch(X)
    with h5py.File(saved) as file:
        at = file["model_weights/hidden/hidden/kernel"].id.get_offset()
    for place in (9, at, good.index(b"softmax"), good.index(b"layers: []"), len(good) - 2, len(good) - 70):
        saved.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(ModelFileError):
            load_model(saved)
    saved.write_bytes(good)
    assert np.array_equal(load_model(saved).model.predict_batch(X), expected)


def test_m11_lost_group_is_noticed(saved: Path) -> None:
    with h5py.File(saved, "a") as file:
        del file["nnctl"]
    with pytest.raises(ModelFileError, match="is not the file that nnctl wrote"):
        load_model(saved)


def edit_config(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    def edit(file: Any) -> None:
        config = json.loads(file.attrs["model_config"])
        change(config["config"])
        file.attrs["model_config"] = json.dumps(config)

    return edit


@pytest.mark.parametrize("units", [10**9, 10**18, 2**63, -1, 0, 1.5, True, "64"])
def test_m09_sizes_in_the_config(foreign: Foreign, units: Any) -> None:
    path = foreign(edit_config(lambda config: config["layers"][1]["config"].update(units=units)))
    with pytest.raises(ModelFileError, match=r"units: expected an integer|the weights need|expected shape"):
        load_model(path)


@pytest.mark.parametrize("shape", [[None, 2**33, 2**33], [None, 0], [None, True], [], [None, "4"], "text"])
def test_m09_input_shapes(foreign: Foreign, shape: Any) -> None:
    def change(config: dict[str, Any]) -> None:
        config["layers"][0]["config"]["batch_input_shape"] = shape

    with pytest.raises(ModelFileError, match=r"input shape|the weights need|must come first"):
        load_model(foreign(edit_config(change)))


KERNEL = "model_weights/hidden/hidden/kernel"


def replace(value: Any, **how: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, data=value, **how)

    return change


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (np.zeros((5, 4), "f4"), r"expected shape \(4, 5\) for hidden/kernel, found \(5, 4\)"),
        (np.zeros((4, 5), "c8"), "expected plain numbers, found complex64"),
        (np.zeros((4, 5), "S3"), r"expected plain numbers"),
        (np.zeros((4, 5), [("a", "f4")]), "expected plain numbers"),
        (np.full((4, 5), 0.1, "f8"), "do not fit float32 without a change"),
        (np.full((4, 5), np.nan, "f4"), "20 non-finite values"),
    ],
    ids=str,
)
def test_m13_m14_weights_that_do_not_fit(foreign: Foreign, value: Any, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        load_model(foreign(replace(value)))


def test_m14_nonfinite_weights_may_be_allowed(foreign: Foreign) -> None:
    path = foreign(replace(np.full((4, 5), np.nan, "f4")))
    assert np.isnan(load_model(path, allow_nonfinite=True).model.get_weights()[0]).all()


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", ">f8"])
def test_m13_other_widths_and_byte_orders_convert_exactly(foreign: Foreign, dtype: str) -> None:
    value = np.arange(20).reshape(4, 5) / 8
    loaded = load_model(foreign(replace(value.astype(dtype), compression="gzip", shuffle=True)))
    assert np.array_equal(loaded.model.get_weights()[0], value)


def test_m13_layer_missing_extra_or_short(foreign: Foreign, saved: Path) -> None:
    def fewer(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = [b"hidden"]

    with pytest.raises(ModelFileError, match=r"expected weights of 2 layers \(hidden, dense\), found 1 \(hidden\)"):
        load_model(foreign(fewer))


def test_m13_weight_count_of_a_layer(foreign: Foreign) -> None:
    def shorter(file: Any) -> None:
        file["model_weights/hidden"].attrs["weight_names"] = [b"hidden/kernel"]

    with pytest.raises(ModelFileError, match=r"layer 'hidden' has 2 weights \(kernel, bias\), the file has 1"):
        load_model(foreign(shorter))
