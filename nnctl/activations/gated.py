"""The gated linear unit: one half of the values opens and shuts the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Array
from nnctl.activations.along_axis import AlongAxis
from nnctl.activations.saturating import sigmoid
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.registry import register


@register("activation", name="glu")
class Glu(AlongAxis):
    """y = a * sigmoid(b), where a and b are the halves of z along `axis`

    Shapes  z (..., 2 n, ...)  y (..., n, ...)
    Raises  ConfigError for an axis of odd size, or one that z does not have
    Source  Dauphin et al. 2017; keras.activations.glu
    """

    keeps_shape = False

    axis: int = field(-1, doc="Axis that is halved, counted with the batch axis in front.")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        super().output_shape(shape)
        at = self.axis % (len(shape) + 1) - 1
        if shape[at] % 2:
            raise ConfigError(f"glu halves axis {self.axis}, whose size {shape[at]} is no multiple of 2")
        return (*shape[:at], shape[at] // 2, *shape[at + 1 :])

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        a, b = np.split(z, 2, axis=self.axis)
        gate = sigmoid(b)
        return a * gate, (a, gate)

    def backward(self, dy: Array, cache: Any) -> Array:
        a, gate = cache
        da = dy * gate
        return np.concatenate([da, da * a * (1 - gate)], axis=self.axis)
