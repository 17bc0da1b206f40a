"""Rescaling and normalization of the inputs by fixed numbers: said in the spec, or taken from the training data."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import Ones, Zeros
from nnctl.layers import Array, Context, Layer, Shape, show_shape
from nnctl.layers.normalization import axes_of
from nnctl.registry import register

Numbers = float | tuple[float, ...]
ROWS = 4096  # of the data that are looked at together
EPSILON = 1e-7  # least standard deviation, as keras.config.epsilon()


@register("layer")
class Rescaling(Layer):
    """y = x * scale + offset

    Shapes  x (B, ...)  y (B, ...)
    Source  keras.layers.Rescaling
    """

    scale: Numbers = field(doc="Factor: a number, or one for each value of the last axis.")
    offset: Numbers = field(0.0, doc="What is added then: a number, or one for each value of the last axis.")

    examples = ({"scale": 0.5}, {"scale": [1.0, 2.0], "offset": [0.0, -1.0], "input_shape": [3, 2]})

    def build(self, input_shape: Shape) -> Shape:
        for name in ("scale", "offset"):
            given = getattr(self, name)
            if isinstance(given, tuple) and len(given) not in (1, input_shape[-1]):
                raise ConfigError(f"Rescaling: {name} has {len(given)} numbers, inputs have {show_shape(input_shape)}")
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        return x * np.asarray(self.scale, x.dtype) + np.asarray(self.offset, x.dtype), None

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy * np.asarray(self.scale, dy.dtype)


@register("layer")
class Normalization(Layer):
    """y = (x - mean) / sqrt(variance);  with invert  y = mean + x * sqrt(variance)

    Without `mean` and `variance`, both are those of the training data, taken before training begins.
    Shapes  x (B, ...)  mean and variance: the sizes of `axis`  y (B, ...)
    Source  keras.layers.Normalization
    """

    adapts = True

    axis: int | tuple[int, ...] | None = field(
        -1, doc="Axis or axes with a mean of their own, counted with the batch axis in front; null: one mean for all."
    )
    mean: Numbers | None = field(None, doc="Mean, one number or one for each place along axis.")
    variance: Numbers | None = field(None, doc="Variance, of the form of mean.")
    invert: bool = field(False, doc="Undo a normalization.")

    examples = (
        {},
        {"axis": 1, "input_shape": [3, 2]},
        {"axis": None, "invert": True, "input_shape": [2, 2]},
        {"mean": [1.0, 2.0], "variance": [4.0, 0.25], "input_shape": [3, 2]},
    )

    def conflicts(self) -> Any:
        shapes = {np.shape(value) for value in (self.mean, self.variance) if value is not None}
        if (self.mean is None) != (self.variance is None) or len(shapes) > 1:
            yield "variance", "mean and variance go together: give both, of one length, or neither"

    def build(self, input_shape: Shape) -> Shape:
        own = axes_of(() if self.axis is None else self.axis, input_shape, self.title())
        full = (1, *input_shape)
        self.over = tuple(axis for axis in range(len(full)) if axis not in own)
        self.lying = tuple(n if axis in own else 1 for axis, n in enumerate(full))
        shape = tuple(full[axis] for axis in own)
        if self.mean is None:
            self.means = self.weight("mean", shape, Zeros(), trainable=False)
            self.variances = self.weight("variance", shape, Ones(), trainable=False)
            self.weight("count", (), Zeros(), trainable=False)  # nothing reads it; Keras' files have it
        elif isinstance(self.mean, tuple) and len(self.mean) not in (1, *shape[-1:]):
            raise ConfigError(
                f"Normalization: mean has {len(self.mean)} numbers, inputs have shape {show_shape(input_shape)}"
            )
        return input_shape

    def adapt(self, x: Array) -> None:
        """Take mean and variance from training rows x (N, ...), in float64 and in two passes."""
        if self.mean is not None:
            return
        starts = range(0, len(x), ROWS)  # x may be rows on disk, that are read when they are asked for
        count = x.size // max(1, self.means.size)
        mean = sum(x[at : at + ROWS].sum(axis=self.over, keepdims=True, dtype=np.float64) for at in starts) / count
        squares = sum(np.square(x[at : at + ROWS] - mean).sum(axis=self.over) for at in starts)
        self.means.value[...] = np.reshape(mean, self.means.shape)
        self.variances.value[...] = np.reshape(squares / count, self.variances.shape)

    def moments(self, dtype: Any) -> tuple[Array, Array]:
        """Return mean and standard deviation, shaped to go with x."""
        if self.mean is None:
            mean, variance = (weight.value.reshape(self.lying) for weight in (self.means, self.variances))
        else:
            mean, variance = (self.given(value, dtype) for value in (self.mean, self.variance))
        return mean, np.maximum(np.sqrt(variance), EPSILON)

    def given(self, value: Any, dtype: Any) -> Array:
        """Lay numbers of the spec along the last axis that has a mean of its own."""
        last = max((axis for axis in range(len(self.lying)) if axis not in self.over), default=None)
        lying = tuple(-1 if axis == last else 1 for axis in range(len(self.lying)))
        return np.asarray(value, dtype).reshape(lying)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        mean, deviation = self.moments(x.dtype)
        return (mean + x * deviation if self.invert else (x - mean) / deviation), deviation

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy * cache if self.invert else dy / cache
