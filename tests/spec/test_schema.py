"""specs/schema.json: what an editor knows of a spec."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nnctl.registry import known
from nnctl.spec import load, schema_text
from nnctl.spec.nodes import plain
from nnctl.spec.reader import decode, read

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
SCHEMA = ROOT / "specs" / "schema.json"


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_file_is_up_to_date() -> None:
    """UPDATE_CASES=1 writes it anew."""
    if os.environ.get("UPDATE_CASES"):
        SCHEMA.write_text(schema_text(), encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_fit_as_written_and_as_resolved(path: Path, validator: Any) -> None:
    written = plain(read(decode(path.read_bytes(), path.name), []))
    for document in (written, load(path).resolved()):
        assert [error.message for error in validator.iter_errors(document)] == []


def spec(**parts: Any) -> dict[str, Any]:
    return {"data": "t.csv", "layers": [{"Dense": 3}], "loss": "mse", **parts}


@pytest.mark.parametrize(
    "good",
    [
        spec(),
        spec(optimizer="sgd"),
        spec(optimizer={"adam": {"lr": 0.1}}),
        spec(fit={"epochs": "${vars.n}"}),
        spec(layers=["Flatten", {"Flatten": None}, {"Dropout": 0.1}, "${vars.layer}"]),
        {"include": "base.yaml"},
        spec(metrics=["accuracy", {"accuracy": {"name": "a"}}]),
        spec(optimizer={"class_name": "SGD", "config": {}}),
    ],
)
def test_right_specs_fit(good: Any, validator: Any) -> None:
    assert [error.message for error in validator.iter_errors(good)] == []


@pytest.mark.parametrize(
    "bad",
    [
        {},
        [],
        spec(epochs=3),
        spec(fit={"epochs": 0}),
        spec(fit={"epoch": 3}),
        spec(layers=[{"Dense": 0}]),
        spec(layers=[{"Dens": 3}]),
        spec(layers=["Dense"]),
        spec(layers=[{"Dense": {"unit": 3}}]),
        spec(loss="msee"),
        spec(optimizer={"SGD": {"learning_rate": -1}}),
        spec(dtype="float16"),
        spec(metrics="accuracy"),
        spec(seed="7"),
    ],
)
def test_wrong_specs_do_not(bad: Any, validator: Any) -> None:
    assert list(validator.iter_errors(bad))


def test_every_thing_has_a_definition() -> None:
    schema = json.loads(schema_text())
    for kind in ("layer", "loss", "optimizer", "metric", "callback"):
        for name in known(kind):
            assert schema["$defs"][f"{kind}.{name}"]["anyOf"][0]["description"]
