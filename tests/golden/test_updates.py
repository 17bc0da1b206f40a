"""Optimizers, schedules, initializers, regularizers and constraints against Keras."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.initializers import Zeros
from nnctl.layers import Weight
from nnctl.model import FlatVectors

from .cases import OptimizerCase, ScheduleCase, WeightCase
from .compare import check, collected, keras_numbers
from .inputs import draw_weight
from .store import Numbers


@pytest.mark.parametrize("case", collected("optimizers"), ids=lambda case: case.id)
def test_optimizer(case: OptimizerCase) -> None:
    optimizer = create("optimizer", case.spec)
    weights = [Weight(f"w{i}", shape, Zeros()) for i, shape in enumerate(case.shapes)]
    vectors = FlatVectors(weights, "float64")
    for i, weight in enumerate(weights):
        weight.value[...] = draw_weight(case.id, i, "", weight.shape)
    optimizer.prepare(vectors)
    got: Numbers = {}
    for step in range(case.steps):
        for weight, gradient in zip(weights, case.gradients(step), strict=True):
            weight.grad[...] = gradient
        optimizer.step()
        got |= {f"{weight.name} {step}": weight.value.copy() for weight in weights}
    if finish := getattr(optimizer, "finish", None):
        finish()
    got |= {f"{weight.name} final": weight.value for weight in weights}
    check(case, got, keras_numbers("optimizers", case))


@pytest.mark.parametrize("case", collected("schedules"), ids=lambda case: case.id)
def test_schedule(case: ScheduleCase) -> None:
    schedule = create("schedule", case.spec)
    rates = np.array([schedule(step) for step in case.steps])
    check(case, {"rate": rates}, keras_numbers("schedules", case))


@pytest.mark.parametrize("case", collected("initializers"), ids=lambda case: case.id)
def test_initializer(case: WeightCase) -> None:
    initializer = create("initializer", case.spec)
    drawn = initializer(case.w.shape, np.random.default_rng(0), "float64")
    check(case, {"w": drawn}, keras_numbers("initializers", case))


@pytest.mark.parametrize("case", collected("regularizers"), ids=lambda case: case.id)
def test_regularizer(case: WeightCase) -> None:
    regularizer, w = create("regularizer", case.spec), case.w.make(case.id)
    got = {"penalty": np.asarray(regularizer.penalty(w)), "gradient": regularizer.gradient(w)}
    check(case, got, keras_numbers("regularizers", case))


@pytest.mark.parametrize("case", collected("constraints"), ids=lambda case: case.id)
def test_constraint(case: WeightCase) -> None:
    w = case.w.make(case.id)
    create("constraint", case.spec).project(w)
    check(case, {"w": w}, keras_numbers("constraints", case))
