"""What moves weights: optimizers, schedules; and what looks at one: initializers, regularizers, constraints."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..cases import OptimizerCase, ScheduleCase, WeightCase
from ..inputs import draw_weight
from ..store import Numbers
from .build import build, tensor


def optimizer(case: OptimizerCase) -> Numbers:
    """The weights after each step, and after what fit does at its end (averages overwrite the weights)."""
    target = build("optimizer", case.spec)
    if case.name == "ScheduleFreeAdamW":
        target.assign_sub = _into_new_memory
    start = [draw_weight(case.id, i, "", shape) for i, shape in enumerate(case.shapes)]
    variables = [keras.Variable(array) for array in start]
    target.build(variables)
    numbers: Numbers = {}
    for step in range(case.steps):
        target.apply([tf.constant(g) for g in case.gradients(step)], variables)
        for i, variable in enumerate(variables):
            numbers[f"w{i} {step}"] = np.array(variable)
    target.finalize_variable_values(variables)
    for i, variable in enumerate(variables):
        numbers[f"w{i} final"] = np.array(variable)
    return numbers


def _into_new_memory(variable: keras.Variable, value: Any) -> None:
    """Let the optimizer still see what a variable was before, as on JAX, where it can write into none."""
    variable._value = tf.Variable(variable._value - value)


def schedule(case: ScheduleCase) -> Numbers:
    target = build("schedule", case.spec)
    return {"rate": np.array([np.asarray(target(tf.constant(step, "int64"))) for step in case.steps])}


def initializer(case: WeightCase) -> Numbers:
    return {"w": np.asarray(build("initializer", case.spec)(case.w.shape, dtype="float64"))}


def regularizer(case: WeightCase) -> Numbers:
    w = tensor(case.w.make(case.id), dtype="float32" if case.float32 else "float64")
    with tf.GradientTape() as tape:
        tape.watch(w)
        penalty = build("regularizer", case.spec)(w)
    gradient = tape.gradient(penalty, w, unconnected_gradients="zero")
    return {"penalty": np.asarray(penalty), "gradient": np.asarray(gradient)}


def constraint(case: WeightCase) -> Numbers:
    return {"w": np.asarray(build("constraint", case.spec)(tensor(case.w.make(case.id))))}
