"""What every layer must do, in every example it gives of itself (RELIABILITY N03, T04)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import seeds
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential
from nnctl.registry import known
from tests.contract.gradients import check_projection
from tests.contract.walk import examples

BATCH = 3
LAYERS = [p for p in examples("layer") if p.values[0] != "Input"]


def build(name: str, config: dict[str, Any], dtype: str = "float64") -> tuple[Sequential, Any]:
    """A network of one layer, and an input for it. Keeps the head in the layer: the layer alone is under test."""
    layer = create("layer", {name: config})
    model = Sequential([layer], dtype=dtype)
    shape = tuple(layer.input_shape or (5,))
    model.build(shape)
    if hasattr(layer, "act"):
        layer.act = model.head
    random = np.random.default_rng(1)
    for vector in (model.parameters.values, model.state.values):
        vector += 0.1 * random.random(vector.shape)
    layer.needs_dx = True
    return model, input_for(layer, shape, dtype)


def input_for(layer: Any, shape: tuple[int, ...], dtype: str) -> Any:
    random = np.random.default_rng(2)
    limit = getattr(layer, "input_dim", None) if type(layer).__name__ == "Embedding" else None
    if limit:
        return random.integers(0, limit, (BATCH, *shape))
    return random.normal(size=(BATCH, *shape)).astype(dtype)


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_shape_of_the_output_is_the_one_that_build_says(name: str, config: dict[str, Any]) -> None:
    model, x = build(name, config)
    for rows in (x, x[:1], x[:0]):
        y, _ = model.layers[0].forward(rows, Context())
        assert y.shape == (len(rows), *model.output_shape)


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_float32_stays_float32_and_inputs_stay_as_they_are(name: str, config: dict[str, Any]) -> None:
    model, x = build(name, config, "float32")
    layer, kept = model.layers[0], x.copy()
    x.setflags(write=False)
    y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout")))
    dy = np.ones_like(y)
    dy.setflags(write=False)
    dx = layer.backward(dy, cache)
    assert y.dtype == np.float32
    assert dx is None or dx.dtype == np.float32
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize(
    ("name", "config", "way"),
    [
        pytest.param(*p.values, way, id=f"{p.id}-{way}")
        for p in LAYERS
        for way in ("inference", "training", "one row", "mask")
        if way != "mask" or len(p.values[1].get("input_shape", ())) == 2
        if way != "training"
        or not known("layer")[p.values[0]].moves_weights  # it would move the points; golden holds it
    ],
)
def test_gradient(name: str, config: dict[str, Any], way: str) -> None:
    """Random streams and moving averages are rewound before each pass, so that all passes are alike."""
    model, x = build(name, config)
    if way == "one row":
        x = x[:1].copy()
    layer = model.layers[0]
    mask = some_steps(layer, x) if way == "mask" else None
    weights = [w for w in layer.weights if w.trainable]
    moving = model.state.values.copy()

    def run() -> tuple[Any, Any]:
        model.state.values[:] = moving
        layer.reset_state()
        return layer.forward(x, Context(way == "training", seeds.generator(0, "dropout"), mask))

    def gradients(u: Any) -> list[Any]:
        model.parameters.grads[:] = np.nan
        dx = layer.backward(u, run()[1])
        return [w.grad.copy() for w in weights] + ([dx] if x.dtype.kind == "f" else [])

    points = [w.value for w in weights] + ([x] if x.dtype.kind == "f" else [])
    check_projection(lambda: run()[0], gradients, points)


def some_steps(layer: Any, x: Any) -> Any:
    """A mask (B, T) with a step missing at the start, in the middle and at the end."""
    steps = x.shape[2 if getattr(layer, "data_format", None) == "channels_first" else 1]
    mask = np.ones((BATCH, steps), bool)
    if steps > 1:
        for row, step in enumerate((0, steps // 2, -1)):
            mask[row, step] = False
    return mask


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_an_evaluation_between_forward_and_backward_changes_nothing(name: str, config: dict[str, Any]) -> None:
    results = []
    for disturb in (False, True):
        model, x = build(name, config)
        layer = model.layers[0]
        y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout")))
        if disturb:
            layer.forward(x[:1], Context())
        dx = layer.backward(np.ones_like(y), cache)
        results.append((dx, model.parameters.grads.copy()))
    np.testing.assert_array_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][0], results[1][0])


@pytest.mark.parametrize(("name", "config"), LAYERS)
def test_a_row_does_not_depend_on_its_batch(name: str, config: dict[str, Any]) -> None:
    """RELIABILITY D12: the same result alone and among others, up to rounding."""
    model, x = build(name, config)
    together = model.layers[0].forward(x, Context())[0]
    alone = np.concatenate([model.layers[0].forward(x[i : i + 1], Context())[0] for i in range(BATCH)])
    np.testing.assert_allclose(alone, together, rtol=1e-12, atol=1e-12)


def test_every_layer_is_walked() -> None:
    assert {p.values[0] for p in LAYERS} == set(known("layer")) - {"Input"}
