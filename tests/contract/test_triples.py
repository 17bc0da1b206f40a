"""Layer, activation and loss together: every layer meets every activation and every loss (RELIABILITY N03).

All pairs of an activation and a loss are checked elsewhere; here they take turns behind each layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential
from nnctl.registry import known
from tests.contract.gradients import check_projection
from tests.contract.test_activations_and_losses import ACTIVATIONS, CLASSES, LOSSES, possible, targets
from tests.contract.test_layers import BATCH, input_for
from tests.contract.walk import configs


def pairs(turn: int) -> list[tuple[Any, Any]]:
    """Return pairs in which every activation and every loss occurs, others for another turn."""
    count = max(len(ACTIVATIONS), len(LOSSES))
    chosen = [(ACTIVATIONS[i % len(ACTIVATIONS)], LOSSES[(i + turn) % len(LOSSES)]) for i in range(count)]
    return [(a.values, loss.values) for a, loss in chosen if possible(*a.values, *loss.values)]


@pytest.mark.parametrize("name", sorted(set(known("layer")) - {"Input"}))
def test_gradient_through_a_whole_net(name: str) -> None:
    through(name, pairs(sorted(known("layer")).index(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Dense", "Activation", "Dropout", "Flatten", "Reshape"])
def test_gradient_of_every_triple(name: str) -> None:
    """The layers of the foundation with every activation and every loss that exist."""
    through(name, [(a.values, b.values) for a in ACTIVATIONS for b in LOSSES if possible(*a.values, *b.values)])


def through(name: str, ends: list[tuple[Any, Any]]) -> None:
    """Check the first example of a layer in a net for each activation and loss that it may end with."""
    config = next(configs(known("layer")[name]))
    for (activation, activation_config), (loss_name, loss_config) in ends:
        layer = create("layer", {name: config})
        head = create("layer", {"Dense": {"units": CLASSES, "activation": {activation: activation_config}}})
        model = Sequential([layer, create("layer", "Flatten"), head], dtype="float64")
        shape = tuple(layer.input_shape or (5,))
        model.build(shape)
        loss = create("loss", {loss_name: loss_config})
        model.compile(create("optimizer", "sgd"), loss)
        random = np.random.default_rng(6)
        x, t = input_for(layer, shape, "float64"), targets(loss, random)
        if (model.forward(x, Context()).y < 0.05).any():
            head.bias.value[:] += 3  # where overlaps and logarithms are far from a division by zero
        check(model, x, t, random.random(BATCH))


def check(model: Sequential, x: Any, t: Any, weight: Any) -> None:
    def value() -> Any:
        model.reset_state()
        return np.array(model.loss_and_gradient(model.forward(x, Context()), t, weight)[0])

    def gradients(u: Any) -> list[Any]:
        model.reset_state()
        outputs = model.forward(x, Context())
        model.backward(model.loss_and_gradient(outputs, t, weight)[1], outputs)
        return [u * model.parameters.grads]

    check_projection(value, gradients, [model.parameters.values])
