"""Layer, activation and loss together: every layer meets every activation and every loss (RELIABILITY N03).

All pairs of an activation and a loss are checked elsewhere; here they take turns behind each layer.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential
from nnctl.registry import known
from tests.contract.gradients import check_projection
from tests.contract.test_activations_and_losses import ACTIVATIONS, LOSSES, closed_by, possible, targets
from tests.contract.test_layers import BATCH, input_for
from tests.contract.walk import configs

Ends = list[tuple[Any, list[Any]]]  # activations, each with the losses that follow it


@cache
def all_ends() -> Ends:
    """Return every activation with every loss that is a number after it."""
    return [(a, [loss for loss in LOSSES if possible(*a.values, *loss.values)]) for a in ACTIVATIONS]


def some_ends(turn: int) -> Ends:
    """Return pairs in which every activation and every loss occurs, others for another turn."""
    count = max(len(ACTIVATIONS), len(LOSSES))
    chosen = {(ACTIVATIONS[i % len(ACTIVATIONS)].id, LOSSES[(i + turn) % len(LOSSES)].id) for i in range(count)}
    return [(a, [loss for loss in losses if (a.id, loss.id) in chosen]) for a, losses in all_ends()]


LAYERS = sorted(set(known("layer")) - {"Input"})  # the input computes nothing


@pytest.mark.parametrize("name", LAYERS)
def test_gradient_through_a_whole_net(name: str) -> None:
    through(name, some_ends(LAYERS.index(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_gradient_of_every_triple(name: str) -> None:
    through(name, all_ends())


def through(name: str, ends: Ends) -> None:
    """Check the first example of a layer in a net for each activation and loss that it may end with."""
    config = next(configs(known("layer")[name]))
    for activation, losses in ends:
        layer = create("layer", {name: config})
        dense, closing = closed_by(*activation.values)
        model = Sequential([layer, create("layer", "Flatten"), dense, closing], dtype="float64")
        shape = tuple(layer.input_shape or (5,))
        model.build(shape)
        x = input_for(layer, shape, "float64")
        lift(model, dense, x)
        for loss_name, loss_config in (loss.values for loss in losses):
            loss = create("loss", {loss_name: loss_config})
            model.compile(create("optimizer", "sgd"), loss)
            random = np.random.default_rng(6)
            check(model, x, targets(loss, random), random.random(BATCH))


def lift(model: Sequential, dense: Any, x: Any) -> None:
    """Raise the logits above 3, where hard_silu has a kink, if an output is near or below 0.

    Overlaps divide by it and logarithms are no numbers below it; `possible` asked what an activation gives at 3.
    """
    outputs = model.forward(x, Context())
    if (outputs.y < 0.05).any():
        dense.bias.value[:] += 3.2 - outputs.logits.min()


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
