"""Every layer and every activation of the registry, in every example it gives of itself, as onnxruntime runs it.

There is no layer among them that ONNX cannot say; test_refusals.py has the settings that it cannot.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.contract.test_layers import input_for
from tests.contract.walk import examples
from tests.onnx_export.runtime import ROWS, build, check

LAYERS = [p for p in examples("layer") if p.values[0] != "Input"]
# These see time steps (T, C), of which a mask may leave some out.
STEPS = [p for p in LAYERS if len(p.values[1].get("input_shape", ())) == 2 and p.values[0] != "Masking"]


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_layer(name: str, config: dict[str, Any]) -> None:
    model = build({name: config}, input_shape=config.get("input_shape", (5,)))
    check(model, input_for(model.layers[0], model.input_shape, "float32"))


@pytest.mark.parametrize(("name", "config"), STEPS)
def test_layer_behind_a_mask(name: str, config: dict[str, Any]) -> None:
    """Steps masked at the beginning, in the middle, at the end, and all of them but one."""
    shape = config["input_shape"]
    if config.get("data_format") == "channels_first":
        shape = [max(shape)] * 2  # the mask is along the first axis, the steps along the last: both must be as long
    model = build("Masking", {name: config | {"input_shape": None}}, input_shape=shape)
    steps = shape[0]
    x = np.random.default_rng(2).normal(size=(4, *shape)).astype(np.float32)
    for row, masked in enumerate((0, steps // 2, -1, slice(1, None))):
        x[row, masked] = 0
    check(model, x)


@pytest.mark.parametrize(("name", "config"), examples("activation"))
def test_activation(name: str, config: dict[str, Any]) -> None:
    """As the last of a network and as a layer within, for small numbers and for large ones (RELIABILITY N02)."""
    layer = {"Activation": {"activation": {name: config}}}
    model = build(layer, {"Rescaling": 0.5}, layer, input_shape=(4, 8))
    x = np.random.default_rng(3).normal(size=(ROWS, 4, 8)) * np.reshape([1, 10, 1000], (ROWS, 1, 1))
    check(model, x.astype(np.float32))
