"""Let Keras compute in float64 throughout.

With floatx float64, Keras on TensorFlow still rounds its own constants: `ops.cast(0.9, "float64")` goes through
float32, so the beta of an optimizer or the factor of a regularizer is off by 1e-8. Here TensorFlow takes a Python
number for the float64 that it is; nothing else of Keras is touched. What is float32 even so is marked in the cases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf_keras


def use_float64() -> None:
    keras.backend.set_floatx("float64")
    tf_keras.backend.set_floatx("float64")
    tf.cast = _unrounded(tf.cast)
    tf.convert_to_tensor = _unrounded(tf.convert_to_tensor)


def _unrounded(convert: Callable[..., Any]) -> Callable[..., Any]:
    def convert_as_float64(x: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(x, float):
            x = np.float64(x)
        elif isinstance(x, (list, tuple)) and x and all(isinstance(item, float) for item in x):
            x = np.array(x, dtype=np.float64)
        return convert(x, *args, **kwargs)

    return convert_as_float64
