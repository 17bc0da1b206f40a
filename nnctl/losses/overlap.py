"""Overlap losses: how much of a region is found, one number for all of `axis`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.fields import field
from nnctl.losses import EPSILON, Array, Loss, widen
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat

AXIS_DOC = "Axis or axes that are summed over; null for all, the batch included: one number a batch."
Axis = int | tuple[int, ...] | None


class Overlap(Loss):
    """value = 1 - n / d, where n and d are sums over `axis`"""

    targets = "binary"
    averages = False  # the value of a batch is no mean over its samples

    axis: Axis = field(None, doc=AXIS_DOC, positional=False)

    def ratio(self, y: Array, t: Array) -> tuple[Array, Array]:
        """Return n and d before the sums."""
        raise NotImplementedError

    def slopes(self, t: Array) -> tuple[Any, Any]:
        """Return dn/dy and dd/dy, which do not depend on y."""
        raise NotImplementedError

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        n, d = (np.asarray(part.sum(axis=self.axis, keepdims=True)) for part in self.ratio(y, t))
        d = d + EPSILON
        return 1 - np.squeeze(n / d, axis=self.axis), (n, d, t)

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        n, d, t = cache
        dn, dd = self.slopes(t)
        slope = (dd * n - dn * d) / np.square(d)
        return slope * (scale if self.axis is None else widen(scale, self.axis, t.ndim))


@register("loss")
class Dice(Overlap):
    """value = 1 - 2 sum(t y) / (sum t + sum y + 1e-7)

    Source  Dice 1945, Milletari et al. 2016; keras.losses.Dice
    """

    examples = ({}, {"axis": 1})

    def ratio(self, y: Array, t: Array) -> tuple[Array, Array]:
        return 2 * t * y, t + y

    def slopes(self, t: Array) -> tuple[Any, Any]:
        return 2 * t, 1


@register("loss")
class Tversky(Overlap):
    """value = 1 - n / (n + alpha sum(t (1 - y)) + beta sum((1 - t) y) + 1e-7), n = sum(t y)

    Source  Salehi, Erdogmus & Gholipour 2017; keras.losses.Tversky
    """

    alpha: NonNegativeFloat = field(0.5, doc="Price of what was missed.")
    beta: NonNegativeFloat = field(0.5, doc="Price of what was found and is not there.")

    examples = ({}, {"alpha": 0.3, "beta": 0.7, "axis": 1})

    def ratio(self, y: Array, t: Array) -> tuple[Array, Array]:
        return t * y, t * y + self.alpha * (t * (1 - y)) + self.beta * ((1 - t) * y)

    def slopes(self, t: Array) -> tuple[Any, Any]:
        return t, (1 - self.alpha) * t + self.beta * (1 - t)
