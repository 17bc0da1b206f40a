"""Configs of things, there and back; names in every slot that are not in the registry: M01 to M04."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnctl.checkpoint import load_model
from nnctl.checkpoint.keras_config import bare, from_keras
from nnctl.errors import ModelFileError
from nnctl.fields import create
from nnctl.registry import known

Foreign = Callable[[Callable[[Any], None]], Path]

LAMBDA = {"class_name": "Lambda", "config": {"name": "x", "function": ["4wEAAAAA", None, None]}}
LAMBDA_OF_KERAS_3 = {"class_name": "Lambda", "config": {"name": "x", "function": {"class_name": "__lambda__"}}}
FOREIGN_CLASSES = [
    {"class_name": "system", "module": "os", "config": {"command": "touch marker"}},
    {"class_name": "Popen", "module": "subprocess", "config": {}},
    {"class_name": "function", "module": "builtins", "config": "eval", "registered_name": "function"},
    {"class_name": "load_model", "module": "keras.saving", "config": {"filepath": "/etc/passwd"}},
    {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}},
    {"class_name": "Dense", "module": "keras.layers", "config": {"units": 1}, "registered_name": "evil>Dense"},
    "os.system",
    7,
]


def things() -> list[Any]:
    return [
        (kind, cls, example)
        for kind in ("layer", "initializer", "regularizer", "constraint", "schedule", "loss", "metric", "optimizer")
        for cls in known(kind).values()
        for example in cls.examples or ({},)
    ]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "cls", "example"), things(), ids=lambda value: getattr(value, "__name__", None))
def test_every_thing_survives_the_way_to_keras_and_back(kind: str, cls: Any, example: dict[str, Any]) -> None:
    if not example and any(field.required for field in cls.fields.values()):
        pytest.skip("has no example of its own")
    thing = create(kind, {cls.registered_name: dict(example)})
    config = json.loads(json.dumps(bare(thing), allow_nan=False))
    assert repr(from_keras(kind, config, "here")) == repr(thing)


def test_decay_of_keras_2_becomes_a_schedule() -> None:
    config = {"class_name": "SGD", "config": {"learning_rate": 0.1, "decay": 0.5, "momentum": 0.0, "nesterov": False}}
    rate = from_keras("optimizer", config, "here").learning_rate
    assert [rate(step) for step in (0, 2)] == [0.1, 0.05]


def put(*keys: Any) -> Callable[[Any, Any], None]:
    """Return a change of model_config or training_config: a value put where the keys lead."""

    def change(file: Any, value: Any) -> None:
        attribute, *path, last = keys
        config = json.loads(file.attrs[attribute])
        inner = config
        for key in path:
            inner = inner[key]
        inner[last] = value
        file.attrs[attribute] = json.dumps(config)

    return change


HIDDEN = ("model_config", "config", "layers", 1)
SLOTS = {
    "layer": put(*HIDDEN),
    "activation": put(*HIDDEN, "config", "activation"),
    "kernel_initializer": put(*HIDDEN, "config", "kernel_initializer"),
    "kernel_regularizer": put(*HIDDEN, "config", "kernel_regularizer"),
    "bias_constraint": put(*HIDDEN, "config", "bias_constraint"),
    "units": put(*HIDDEN, "config", "units"),
    "loss": put("training_config", "loss"),
    "metrics": put("training_config", "metrics", 0),
    "optimizer": put("training_config", "optimizer_config"),
    "learning_rate": put("training_config", "optimizer_config", "config", "learning_rate"),
}


@pytest.mark.parametrize("value", FOREIGN_CLASSES, ids=str)
@pytest.mark.parametrize("slot", SLOTS)
def test_m03_m04_foreign_names_are_refused_in_every_slot(foreign: Foreign, slot: str, value: Any) -> None:
    if (slot, value) in (("units", 7), ("learning_rate", 7)):
        pytest.skip("a number may stand here")
    path = foreign(lambda file: SLOTS[slot](file, value))
    before = {*sys.modules, "encodings.ascii"}  # h5py's, for the first text that it reads
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    imported = [name for name in set(sys.modules) - before if not name.startswith(("pydantic", "nnctl"))]
    assert imported == []
    assert "config" in str(caught.value)


@pytest.mark.parametrize("value", [LAMBDA, LAMBDA_OF_KERAS_3])
def test_m02_lambda_is_named(foreign: Foreign, value: Any) -> None:
    path = foreign(lambda file: SLOTS["layer"](file, value))
    with pytest.raises(ModelFileError, match=r"layer 'x' is a Lambda: it carries Python code; nnctl does not run code"):
        load_model(path)


@pytest.mark.parametrize(("key", "value"), [("lora_rank", 4), ("quantization_config", {}), ("mystery", 1)])
def test_keys_that_would_change_numbers_are_refused(foreign: Foreign, key: str, value: Any) -> None:
    path = foreign(lambda file: put(*HIDDEN, "config", key)(file, value))
    with pytest.raises(ModelFileError, match=rf"layer 'hidden': Dense of nnctl has no '{key}' with the value"):
        load_model(path)


MIXED = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}


@pytest.mark.parametrize("dtype", ["float16", "int8", MIXED], ids=str)
def test_other_dtypes_are_refused(foreign: Foreign, dtype: Any) -> None:
    with pytest.raises(ModelFileError, match="float32 or float64"):
        load_model(foreign(lambda file: put(*HIDDEN, "config", "dtype")(file, dtype)))


def test_model_that_is_not_sequential(foreign: Foreign) -> None:
    with pytest.raises(ModelFileError, match="reads Sequential models, got 'Functional'"):
        load_model(foreign(lambda file: put("model_config", "class_name")(file, "Functional")))
