"""Keras' arguments that change nothing here: taken, and never in silence."""

from __future__ import annotations

from typing import Any

import pytest

from nnctl.checkpoint.keras_config import from_keras
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.spec import json_schema

ARGUMENTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("layer", "Input", {"shape": [3], "batch_size": 50}, "'batch_size' has no effect: fit.batch_size says"),
    ("layer", "Input", {"batch_shape": [50, 3]}, "50 in front of 'batch_shape' has no effect: fit.batch_size says"),
    (
        "layer",
        "LSTM",
        {"units": 2, "batch_input_shape": [50, 3, 2]},
        "50 in front of 'batch_input_shape' has no effect",
    ),
    ("layer", "LSTM", {"units": 2, "use_cudnn": "auto"}, "'use_cudnn' has no effect"),
    ("layer", "GRU", {"units": 2, "use_cudnn": False}, "'use_cudnn' has no effect"),
    ("layer", "BatchNormalization", {"synchronized": True}, "'synchronized' has no effect"),
    ("optimizer", "Nadam", {"schedule_decay": 0.004}, "'schedule_decay' has no effect: the momentum goes by 0.96"),
]


@pytest.mark.parametrize(("kind", "name", "config", "notice"), ARGUMENTS)
def test_is_taken_and_said(kind: str, name: str, config: dict[str, Any], notice: str) -> None:
    with pytest.warns(LegacyNameWarning) as said:
        made = create(kind, {name: config})
    assert [text for warning in said if notice in (text := str(warning.message))]
    assert not set(made.config()) & {"batch_size", "use_cudnn", "synchronized", "schedule_decay"}


def test_an_unknown_batch_size_is_not_worth_a_word() -> None:
    with pytest.warns(LegacyNameWarning) as said:  # of the old name
        create("layer", {"LSTM": {"units": 2, "batch_input_shape": [None, 3, 2]}})
    assert not [warning for warning in said if "no effect" in str(warning.message)]


def test_files_of_keras_may_hold_them() -> None:
    values: dict[str, dict[str, Any]] = {
        "BatchNormalization": {"synchronized": True},
        "LSTM": {"units": 2, "use_cudnn": True},
    }
    for name, config in values.items():
        assert from_keras("layer", {"class_name": name, "config": config}, "file").title() == name


def test_editors_know_them() -> None:
    definitions = json_schema()["$defs"]
    assert "use_cudnn" in str(definitions["layer.LSTM"])
    assert "schedule_decay" in str(definitions["optimizer.Nadam"])
