"""Mean and Sum of the outputs themselves, or of one of them; targets play no part."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.metrics import Array, MeanMetric, Metric, Sums, spread
from nnctl.registry import register
from nnctl.rules import NonNegativeInt

OUTPUT_DOC = "Position of the one output that is meant, from 0; null for all of them."


class OfOutputs(Metric):
    """result = f(y), whatever the targets"""

    own = ("output",)

    output: NonNegativeInt | None = field(None, doc=OUTPUT_DOC)

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        if self.output is not None and self.output >= output_shape[-1]:
            raise ConfigError(f"{self.column}: output must be less than {output_shape[-1]}, got {self.output}")
        return self

    def meant(self, y: Array) -> Array:
        return y if self.output is None else y[..., self.output : self.output + 1]


@register("metric")
class Mean(OfOutputs, MeanMetric):
    """result = weighted mean of the outputs

    Source  keras.metrics.Mean
    """

    examples = ({"output": 0, "name": "mean_of_the_first"}, {})

    def values(self, t: Array, y: Array) -> Array:
        return self.meant(y).mean(axis=-1)


@register("metric")
class Sum(OfOutputs, Sums):
    """result = weighted sum of the outputs

    Source  keras.metrics.Sum
    """

    sums = ("total",)

    examples = ({"output": 0, "name": "sum_of_the_first"}, {})

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        y = self.meant(y)
        self.add(float(np.sum(y, dtype=np.float64) if weight is None else np.sum(y * spread(weight, y))))

    def result(self) -> float:
        return float(self.total)
