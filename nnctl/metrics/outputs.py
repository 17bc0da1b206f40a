"""Mean and Sum of the outputs themselves; targets play no part."""

from __future__ import annotations

import numpy as np

from nnctl.metrics import Array, MeanMetric, Sums, spread
from nnctl.registry import register


@register("metric")
class Mean(MeanMetric):
    """result = weighted mean of the outputs

    Source  keras.metrics.Mean
    """

    def values(self, t: Array, y: Array) -> Array:
        return y.mean(axis=-1)


@register("metric")
class Sum(Sums):
    """result = weighted sum of the outputs

    Source  keras.metrics.Sum
    """

    sums = ("total",)

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        self.add(float(np.sum(y, dtype=np.float64) if weight is None else np.sum(y * spread(weight, y))))

    def result(self) -> float:
        return float(self.total)
