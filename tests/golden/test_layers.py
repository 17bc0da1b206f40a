"""Every layer against Keras: outputs, masks, gradients, state."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context, Layer
from nnctl.model import FlatVectors

from .cases import LayerCase, families
from .compare import check, collected, keras_numbers
from .inputs import draw_mask, draw_weight, normal
from .store import Numbers

LAYERS = [(family, case) for family in families() if family.startswith("layers_") for case in collected(family)]


def built(case: LayerCase) -> Layer:
    """Make the layer with the weights that Keras had."""
    layer: Layer = create("layer", case.spec)
    layer.build(case.x.shape[1:])
    layer.needs_dx = case.x.kind != "ints"
    trained = [w for w in layer.weights if w.trainable]
    others = [w for w in layer.weights if not w.trainable]
    for weights in (trained, others):
        FlatVectors(weights, "float64")
    for i, weight in enumerate([*trained, *others]):
        weight.value[...] = draw_weight(case.id, i, weight.name, weight.shape)
    return layer


@pytest.mark.parametrize(("family", "case"), LAYERS, ids=[case.id for _, case in LAYERS])
def test_layer_computes_what_keras_does(family: str, case: LayerCase) -> None:
    layer = built(case)
    got: Numbers = {}
    for call in range(case.calls):
        x = case.x.make(f"{case.id}/x{call}")
        mask = draw_mask(case.mask, case.x.shape[:2]) if case.mask else None
        ctx = Context(case.training, np.random.default_rng(0), mask)
        y, cache = layer.forward(x, ctx)
        for weight in layer.weights:
            weight.grad[...] = np.nan  # backward writes all of it, whatever was there
        dx = layer.backward(normal(*y.shape).make(f"{case.id}/u{call}"), cache)
        got[f"y{call}"] = y
        if dx is not None and layer.needs_dx:
            got[f"dx{call}"] = dx
        for i, weight in enumerate(w for w in layer.weights if w.trainable):
            got[f"dw{i} {call}"] = weight.grad.copy()
        if (out := layer.compute_mask(x, mask)) is not None:
            got[f"mask{call}"] = out
    if case.training:
        for i, weight in enumerate(w for w in layer.weights if not w.trainable):
            got[f"state{i}"] = weight.value
    check(case, got, keras_numbers(family, case))
