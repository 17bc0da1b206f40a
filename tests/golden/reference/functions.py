"""Activations, losses and metrics."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend

from ..cases import ActivationCase, LossCase, MetricCase
from ..inputs import draw_mask, normal, uniform
from ..store import Numbers
from .build import build, tensor

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight")


def activation(case: ActivationCase) -> Numbers:
    x = tensor(case.x.make(case.id))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = build("activation", case.spec)(x)
        total = tf.reduce_sum(y * normal(*y.shape).make(f"{case.id}/u"))
    return {"y": np.asarray(y), "dx": np.asarray(tape.gradient(total, x))}


def loss(case: LossCase) -> Numbers:
    """Values and totals, and the gradient of the default total; then the same with weights."""
    y = tensor(case.y.make(f"{case.id}/y"))
    mask = draw_mask(case.mask, case.prediction.shape[:2]) if case.mask else None
    prediction = tensor(case.prediction.make(f"{case.id}/p"), mask)
    values, _ = _loss(case, y, prediction, None, "none")
    numbers = {"values": values, **_totals(case, y, prediction, None)}
    for label, weight in case.weights(values.shape).items():
        for name, array in _totals(case, y, prediction, weight).items():
            numbers[f"{label} {name}"] = array
    return numbers


def _totals(case: LossCase, y: Any, prediction: Any, weight: np.ndarray | None) -> Numbers:
    numbers = {}
    for reduction in REDUCTIONS:
        total, gradient = _loss(case, y, prediction, weight, reduction)
        numbers[reduction] = total
        if reduction == "sum_over_batch_size":
            numbers["gradient"] = gradient
    return numbers


def _loss(case: LossCase, y: Any, x: Any, weight: Any, reduction: str) -> tuple[np.ndarray, np.ndarray]:
    function = build("loss", {case.name: {**case.config, "reduction": reduction}})
    with tf.GradientTape() as tape:
        tape.watch(x)
        prediction = build("activation", case.through)(x) if case.through else x
        backend.set_keras_mask(prediction, backend.get_keras_mask(x))
        value = function(y, prediction, weight)
        total = tf.reduce_sum(value)
    gradient = tape.gradient(total, x, unconnected_gradients="zero")
    return np.asarray(value), np.asarray(gradient)


def metric(case: MetricCase) -> Numbers:
    """The result after each batch."""
    dtype = "float32" if case.float32 else "float64"
    if hasattr(keras.metrics, case.name):
        target = build("metric", {case.name: {**case.config, "dtype": dtype}})
    else:  # a loss that Keras takes as a metric only as a function
        values = build("loss", {case.name: {**case.config, "reduction": "none"}})
        target = keras.metrics.MeanMetricWrapper(values, dtype=dtype)
    y, prediction = case.y.make(f"{case.id}/y"), case.prediction.make(f"{case.id}/p")
    weight = uniform(len(y), high=2.0).make(f"{case.id}/weight") if case.weighted else None
    mask = draw_mask(case.mask, case.prediction.shape[:2]) if case.mask else None
    numbers, start = {}, 0
    for batch, size in enumerate(case.sizes):
        rows = slice(start, start := start + size)
        masked = tensor(prediction[rows], None if mask is None else mask[rows], dtype)
        target.update_state(tensor(y[rows]), masked, None if weight is None else tf.constant(weight[rows]))
        numbers[f"after {batch}"] = np.asarray(target.result())
    return numbers
