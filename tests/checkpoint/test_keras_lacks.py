"""What the note beside a saved model says; tests/checkpoint/test_keras_opens.py asks real Keras."""

from __future__ import annotations

from typing import Any

import pytest

from nnctl.checkpoint.keras_lacks import note
from nnctl.fields import create
from nnctl.model import Sequential

GLU = {"Activation": {"activation": "glu", "name": "gate"}}


def said(*layers: Any, metrics: tuple[Any, ...] = ()) -> str | None:
    model = Sequential([create("layer", layer) for layer in layers])
    model.build((4, 6))
    model.compile(create("optimizer", "sgd"), create("loss", "mse"), [create("metric", metric) for metric in metrics])
    return note(model)


def test_glu_may_close_a_network_of_keras() -> None:
    assert said({"Dense": 8}, GLU) is None


@pytest.mark.parametrize("layer", [GLU, {"TimeDistributed": {"layer": GLU, "name": "gate"}}])
def test_but_not_stand_in_front_of_a_layer(layer: Any) -> None:
    expected = "layer 'gate': Keras 3 builds what follows glu for the shape in front of it"
    assert said(layer, "Flatten", {"Dense": 2}) == f"Keras cannot open this model file: {expected}"


def test_fields_of_nnctls_own() -> None:
    assert said({"Dense": 8}, metrics=("Mean",)) is None
    only = "Keras opens this model file only with load_model(..., compile=False)"
    assert said({"Dense": 8}, metrics=({"Mean": {"output": 1}},)) == f"{only}: metric: Keras 3 has no output of Mean"
