"""Rectifiers: straight lines that bend at a point."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.activations import Activation, Array, Elementwise
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat

SLOPE_DOC = "Slope of the line below the threshold."


@register("activation", name="relu")
class Relu(Activation):
    """y = max(z, 0); with settings: z from threshold to max_value, negative_slope (z - threshold) below

    The derivative at the threshold is 0; with a negative_slope alone it is that.
    Source  Nair & Hinton 2010; keras.activations.relu
    """

    negative_slope: float = field(0.0, doc=SLOPE_DOC)
    max_value: NonNegativeFloat | None = field(None, doc="Largest value; null for no limit.")
    threshold: float = field(0.0, doc="Where the line begins.")

    examples = ({}, {"negative_slope": 0.1}, {"max_value": 0.7, "threshold": 0.2, "negative_slope": 0.3})

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        super()._fill(values, findings, path)
        self.simple = self.by_parts = (self.negative_slope, self.max_value, self.threshold) == (0, None, 0)

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        if self.simple:
            y = np.maximum(z, 0, out=out)
            return y, y
        y = np.where(z > self.threshold, z, self.negative_slope * (z - self.threshold))
        if self.max_value is not None:
            np.minimum(y, self.max_value, out=y)
        return y, z

    def forward_biased(self, z: Array, bias: Array | None) -> tuple[Array, Any]:
        if bias is None or not self.simple:
            return super().forward_biased(z, bias)
        kernels.bias_relu(z, bias)
        return z, z

    def backward(self, dy: Array, cache: Array) -> Array:
        if self.simple:
            dz = np.empty_like(dy)
            kernels.relu_gradient(cache, dy, dz)
            return dz
        dz = np.where(cache > self.threshold, dy, dy * self.negative_slope)
        if self.threshold or self.max_value is not None:
            dz *= cache != self.threshold
        if self.max_value is not None:
            # Keras cuts at 6 with relu6, whose slope at 6 is 0; it is 1 at any other limit.
            sharp = self.max_value == 6 and self.threshold == 0
            dz *= cache < self.max_value if sharp else cache <= self.max_value
        return dz


@register("activation", name="relu6")
class Relu6(Elementwise):
    """y = min(max(z, 0), 6)

    Source  Krizhevsky 2010; keras.activations.relu6
    """

    def curve(self, z: Array) -> Array:
        return np.clip(z, 0, 6)

    def slope(self, z: Array) -> Array:
        return (z > 0) & (z < 6)


@register("activation", name="leaky_relu")
class LeakyRelu(Elementwise):
    """y = z where z > 0, else negative_slope z

    Source  Maas et al. 2013; keras.activations.leaky_relu
    """

    negative_slope: float = field(0.2, doc="Slope below 0.", legacy=("alpha",))

    def curve(self, z: Array) -> Array:
        return np.where(z > 0, z, self.negative_slope * z)

    def slope(self, z: Array) -> Array:
        return np.where(z > 0, 1, z.dtype.type(self.negative_slope))


@register("activation", name="threshold")
class Threshold(Elementwise):
    """y = z where z > threshold, else default_value

    Source  keras.activations.threshold
    """

    threshold: float = field(doc="Values up to it are replaced.")
    default_value: float = field(doc="What stands in their place.")

    examples = ({"threshold": 0.1, "default_value": -0.5},)

    def curve(self, z: Array) -> Array:
        return np.where(z > self.threshold, z, z.dtype.type(self.default_value))

    def slope(self, z: Array) -> Array:
        return z > self.threshold


@register("activation", name="hard_tanh")
class HardTanh(Elementwise):
    """y = min(max(z, -1), 1)

    Source  Collobert 2004; keras.activations.hard_tanh
    """

    def curve(self, z: Array) -> Array:
        return np.clip(z, -1, 1)

    def slope(self, z: Array) -> Array:
        return np.abs(z) <= 1


@register("activation", name="hard_sigmoid")
class HardSigmoid(Elementwise):
    """y = min(max(z + 3, 0), 6) / 6

    Keras 2 had another one under this name: hard_sigmoid_keras2.
    Source  keras.activations.hard_sigmoid
    """

    def curve(self, z: Array) -> Array:
        return np.clip(z + 3, 0, 6) / 6

    def slope(self, z: Array) -> Array:
        return (np.abs(z) < 3) * z.dtype.type(1 / 6)


@register("activation", name="hard_sigmoid_keras2")
class HardSigmoidKeras2(Elementwise):
    """y = min(max(0.2 z + 0.5, 0), 1): what `hard_sigmoid` means in Keras 1 and 2 and their model files

    Source  Courbariaux et al. 2015; tf_keras.activations.hard_sigmoid
    """

    def curve(self, z: Array) -> Array:
        return np.clip(0.2 * z + 0.5, 0, 1)

    def slope(self, z: Array) -> Array:
        return (np.abs(z) <= 2.5) * z.dtype.type(0.2)


@register("activation", name="hard_silu", aliases=("hard_swish",))
class HardSilu(Elementwise):
    """y = z min(max(z + 3, 0), 6) / 6

    Source  Howard et al. 2019, eq. 2; keras.activations.hard_silu
    """

    def curve(self, z: Array) -> Array:
        return z * (np.clip(z + 3, 0, 6) / 6)

    def slope(self, z: Array) -> Array:
        return np.where(np.abs(z) < 3, (2 * z + 3) / 6, z >= 3)


@register("activation", name="hard_shrink")
class HardShrink(Elementwise):
    """y = z where |z| > threshold, else 0

    Source  keras.activations.hard_shrink
    """

    threshold: NonNegativeFloat = field(0.5, doc="Values up to this size become 0.")

    def curve(self, z: Array) -> Array:
        return np.where(np.abs(z) > self.threshold, z, 0)

    def slope(self, z: Array) -> Array:
        return np.abs(z) > self.threshold


@register("activation", name="soft_shrink")
class SoftShrink(Elementwise):
    """y = sign(z) max(|z| - threshold, 0)

    Source  Donoho & Johnstone 1994; keras.activations.soft_shrink
    """

    threshold: NonNegativeFloat = field(0.5, doc="How far every value moves towards 0.")

    def curve(self, z: Array) -> Array:
        return np.sign(z) * np.maximum(np.abs(z) - self.threshold, 0)

    def slope(self, z: Array) -> Array:
        return np.abs(z) > self.threshold


@register("activation", name="sparse_plus")
class SparsePlus(Elementwise):
    """y = 0 up to -1, (z + 1)^2 / 4 up to 1, z from there on

    Source  Lu et al. 2024; keras.activations.sparse_plus
    """

    def curve(self, z: Array) -> Array:
        return np.where(z < 1, np.square(np.maximum(z + 1, 0)) / 4, z)

    def slope(self, z: Array) -> Array:
        return np.clip((z + 1) / 2, 0, 1)


@register("activation", name="sparse_sigmoid")
class SparseSigmoid(Elementwise):
    """y = 0 up to -1, (z + 1) / 2 up to 1, 1 from there on

    Source  Lu et al. 2024; keras.activations.sparse_sigmoid
    """

    def curve(self, z: Array) -> Array:
        return np.clip((z + 1) / 2, 0, 1)

    def slope(self, z: Array) -> Array:
        return (np.abs(z) < 1) * z.dtype.type(0.5)
