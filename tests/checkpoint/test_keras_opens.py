"""keras.models.load_model opens what nnctl saved, evaluates to the same numbers and goes on training."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.checkpoint import load_model, save_archive, save_model
from nnctl.checkpoint.keras_lacks import NAMES, lacking
from nnctl.model import Sequential
from nnctl.registry import known
from tests.contract.test_layers import LAYERS, build

from .conftest import T, X, make_model

KERAS = os.environ.get("NNCTL_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else None)
OPTIMIZERS: dict[str, Any] = {
    "sgd": {"SGD": {"learning_rate": 0.1}},
    "momentum": {"SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}},
    "rmsprop": {"RMSprop": {"learning_rate": 0.01}},
    "centered": {"RMSprop": {"learning_rate": 0.01, "centered": True, "momentum": 0.5}},
    "adam": {"Adam": {"learning_rate": 0.01, "clipnorm": 1.0}},
    "amsgrad": {
        "Adam": {
            "amsgrad": True,
            "learning_rate": {"ExponentialDecay": {"initial_learning_rate": 0.05, "decay_steps": 2, "decay_rate": 0.9}},
        }
    },
    **{  # all but Lamb, which Keras cannot load itself
        name.lower(): {name: {"learning_rate": 0.01}}
        for name in ("Adagrad", "Adadelta", "AdamW", "Adamax", "Nadam", "Lion", "Ftrl", "Adafactor")
    },
    "averages": {"AdamW": {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.5, "amsgrad": True}},
    "accumulated": {"Nadam": {"learning_rate": 0.01, "gradient_accumulation_steps": 2, "use_ema": True}},
    "schedule": {
        "SGD": {"learning_rate": {"CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 2}}}
    },
}


# Keras 3 drops an `axis` of more than one number when it reads an .h5, its own too; archives are read well.
NOT_AS_H5 = ("LayerNormalization", "Normalization", "RMSNormalization-1", "Softmax-2", "UnitNormalization-1")
# With channels_first, Keras adds a bias along the last axis where that is as long as the bias.
WRONG_IN_KERAS = ("Conv1DTranspose-1", "DepthwiseConv2D-2")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(KERAS is None, reason="needs Keras 3: set NNCTL_KERAS_PYTHON to an interpreter that has it"),
]


def ask_keras(what: str, folder: Path) -> None:
    side = Path(__file__).with_name("keras_side.py")
    subprocess.run([str(KERAS), str(side), what, str(folder)], check=True, capture_output=True)


def test_keras_predicts_evaluates_and_trains_on(tmp_path: Path) -> None:
    models = {name: make_model(optimizer) for name, optimizer in OPTIMIZERS.items()}
    np.savez(tmp_path / "data.npz", x=X, t=T)
    for name, model in models.items():
        save_model(tmp_path / f"{name}.h5", model, {"spec": name})
        save_archive(tmp_path / f"{name}.keras", model, {"spec": name})
    ask_keras("training", tmp_path)
    for name, model in models.items():
        answers = [(f"{name}{form}", np.load(tmp_path / f"{name}{form}.npz")) for form in (".h5", ".keras")]
        assert model.optimizer is not None
        before = model.predict_batch(X)
        for metric in model.metrics:
            metric.reset()
        measured = [model.test_step(X, T), *(metric.result() for metric in model.metrics)]
        model.train_step(X, T)
        model.optimizer.finish()
        for file, keras in answers:
            assert keras["steps"] == 3 // (model.optimizer.gradient_accumulation_steps or 1), file
            np.testing.assert_allclose(before, keras["y"], atol=1e-6, err_msg=file)
            np.testing.assert_allclose(measured, keras["measured"], atol=1e-6, err_msg=file)
            np.testing.assert_allclose(model.predict_batch(X), keras["next"], atol=1e-6, err_msg=file)


def test_keras_predicts_the_same_with_every_layer(tmp_path: Path) -> None:
    """And nnctl with the .h5 and .keras that Keras then saves of each of them."""
    expected: dict[str, Any] = {}
    for parameter in LAYERS:
        name = str(parameter.id)
        model, x = build(*parameter.values, "float32")
        if lacking(model.layers[0]) or name in WRONG_IN_KERAS:
            continue
        model = _with_its_head(model)
        for form, save in ((".h5", save_model), (".keras", save_archive)):
            if form == ".keras" or not name.startswith(NOT_AS_H5):
                save(tmp_path / f"{name}{form}", model)
                expected[f"{name}{form}"] = model.predict_batch(x)
        np.save(tmp_path / f"{name}.x.npy", x)
        loaded = load_model(tmp_path / f"{name}.keras").model
        assert np.array_equal(loaded.predict_batch(x), expected[f"{name}.keras"]), name
    ask_keras("predictions", tmp_path)
    errors = {path.name: path.read_text() for path in tmp_path.glob("*.error")}
    assert errors == {}
    for file, y in expected.items():
        keras = np.load(tmp_path / f"{file}.npz")["y"]
        np.testing.assert_allclose(y, keras, rtol=0, atol=1e-6 * max(1, np.abs(keras).max()), err_msg=file)
    unsaved = {path.stem: path.read_text() for path in tmp_path.glob("*.unsaved")}
    assert all(name.endswith(".h5") and "cannot pickle" in why for name, why in unsaved.items()), unsaved
    again = sorted((tmp_path / "again").iterdir())
    assert len(again) + len(unsaved) == 2 * len(list(tmp_path.glob("*.keras")))
    for path in again:
        keras, x = np.load(tmp_path / f"{path.stem}.keras.npz")["y"], np.load(tmp_path / f"{path.stem}.x.npy")
        y = load_model(path).model.predict_batch(x)
        np.testing.assert_allclose(y, keras, rtol=0, atol=1e-6 * max(1, np.abs(keras).max()), err_msg=str(path))
    print(f"files opened by Keras: {len(expected)}; saved by Keras and opened by nnctl: {len(again)}")


def _with_its_head(model: Sequential) -> Sequential:
    """Return the same network, its last activation where the model runs it."""
    made = Sequential(model.layers, model.name, dtype=model.dtype)
    values = model.get_weights()
    made.build(model.input_shape)
    made.set_weights(values)
    return made


def test_what_keras_lacks_is_what_the_table_says(tmp_path: Path) -> None:
    kinds = (
        "layer",
        "metric",
        "activation",
        "initializer",
        "regularizer",
        "constraint",
        "loss",
        "optimizer",
        "schedule",
    )
    (tmp_path / "names.json").write_text(json.dumps({kind: list(known(kind)) for kind in kinds}))
    ask_keras("names", tmp_path)
    found = json.loads((tmp_path / "lacking.json").read_text())
    found["metric"].remove("accuracy")  # a word that Keras resolves by shape, as nnctl does
    assert {kind: set(names) for kind, names in found.items() if names} == NAMES
