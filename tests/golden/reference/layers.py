"""One layer, called on its own: outputs, masks, the gradients of sum(output * u), and the state that a call leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..cases import LayerCase
from ..inputs import draw_mask, draw_weight, normal
from ..store import Numbers
from .build import build, mask_of, tensor


def answer(case: LayerCase) -> Numbers:
    layer, call_layer = _callable(case)
    moved = np.moveaxis(np.empty(case.x.shape), _channels_axis(case), -1)
    layer.build(case.x.shape if call_layer is layer else moved.shape)
    for i, w in enumerate([*layer.trainable_weights, *layer.non_trainable_weights]):
        w.assign(draw_weight(case.id, i, w.name, w.shape))
    numbers: Numbers = {}
    for call in range(case.calls):
        mask = draw_mask(case.mask, case.x.shape[:2]) if case.mask else None
        x = tensor(case.x.make(f"{case.id}/x{call}"), mask, layer.dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call_layer(x, training=case.training)
            u = normal(*y.shape).make(f"{case.id}/u{call}")
            total = tf.reduce_sum(y * u.astype(layer.dtype))
        dx, *dw = tape.gradient(total, [x, *map(_variable, layer.trainable_weights)])
        numbers[f"y{call}"] = np.asarray(y)
        if case.x.kind != "ints" and dx is not None:  # none of a table, though Keras takes its indices as floats too
            numbers[f"dx{call}"] = np.asarray(dx)
        for i, gradient in enumerate(dw):
            numbers[f"dw{i} {call}"] = np.asarray(tf.convert_to_tensor(gradient))
        if (mask := mask_of(y)) is not None:
            numbers[f"mask{call}"] = mask
    if case.training:
        for i, weight in enumerate(w for w in layer.non_trainable_weights if w.dtype == "float64"):
            numbers[f"state{i}"] = np.asarray(weight)
    return numbers


def _channels_axis(case: LayerCase) -> int:
    """Return where channels_first has the channels: in front, but behind the time steps of a ConvLSTM."""
    return 2 if case.name.startswith("ConvLSTM") else 1


def _variable(weight: Any) -> Any:
    """Return what TensorFlow can derive by: Keras 2's weights are its own variables."""
    return weight if isinstance(weight, tf.Variable) else weight.value


def _callable(case: LayerCase) -> tuple[Any, Callable[..., Any]]:
    """Make the layer, and what to call.

    TensorFlow has no channels_first convolution or pooling on a CPU: there the layer runs channels_last between two
    moves of the axis, which is what channels_first means.
    """
    config = {**case.config, "dtype": "float32" if case.float32 else "float64"}
    if case.config.get("data_format") != "channels_first" or case.name == "Flatten":
        layer = build("layer", {case.name: config})
        return layer, layer
    layer = build("layer", {case.name: {**config, "data_format": "channels_last"}})

    axis = _channels_axis(case)

    def moved(x: Any, **options: Any) -> Any:
        y = layer(keras.ops.moveaxis(x, axis, -1), **options)
        if len(y.shape) == len(x.shape):
            return keras.ops.moveaxis(y, -1, axis)
        return keras.ops.moveaxis(y, -1, 1) if axis == 2 else y  # the last step alone has its channels in front

    return layer, moved
