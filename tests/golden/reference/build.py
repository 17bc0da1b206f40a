"""From a spec's way to name things to Keras objects, and from NumPy arrays to watched tensors."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras.src import backend

MODULES = {
    "activation": keras.activations,
    "callback": keras.callbacks,
    "constraint": keras.constraints,
    "initializer": keras.initializers,
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "regularizer": keras.regularizers,
    "schedule": keras.optimizers.schedules,
}
FIELDS = {"backward_layer": "layer", "layer": "layer", "learning_rate": "schedule"}  # of which kind a field's thing is


KERAS_2 = {"hard_sigmoid_keras2": tf_keras.activations.hard_sigmoid, **vars(tf_keras.layers)}  # what Keras 3 dropped


def build(kind: str, value: Any) -> Any:
    """Make Keras' object of `Name` or `{Name: {field: value}}`; a function of Keras stays one."""
    name, fields = next(iter(value.items())) if isinstance(value, Mapping) else (value, {})
    target = getattr(MODULES[kind], name, None) or KERAS_2[name]
    arguments = {key: _argument(key, inner) for key, inner in (fields or {}).items()}
    if kind == "activation" and not isinstance(target, type):
        return functools.partial(target, **arguments) if arguments else target
    return target(**arguments)


def _argument(field: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    kind = FIELDS.get(field) or field.rsplit("_", 1)[-1]
    return build(kind, value) if kind in MODULES else value


def tensor(array: np.ndarray, mask: np.ndarray | None = None, dtype: str = "float64") -> Any:
    """Make a tensor that carries Keras' mask; floating numbers become `dtype`."""
    made = tf.constant(array if array.dtype.kind in "iub" else array.astype(dtype))
    if mask is not None:
        backend.set_keras_mask(made, tf.constant(mask))
    return made


def mask_of(result: Any) -> np.ndarray | None:
    mask = backend.get_keras_mask(result)
    return None if mask is None else np.asarray(mask)
