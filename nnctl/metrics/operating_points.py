"""The best of one ratio where another is at least so much: SensitivityAtSpecificity and its kin."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnctl.fields import field
from nnctl.metrics import Array, Metric, Sums, hot, ratio
from nnctl.metrics.counts import check_class, confusion
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt, Probability

LEAST_DOC = "What is asked for, at least."


def even_thresholds(number: int) -> Array:
    """Return 0, ..., 1 in even steps; 0.5 where there is but one."""
    return np.array([0.5]) if number == 1 else np.arange(number) / (number - 1)


class OperatingPoint(Sums):
    """result = max of one ratio over the thresholds where the other is at least `least()`, 0 where there are none"""

    better = "max"
    sums = ("tp", "fp", "tn", "fn")

    num_thresholds: PositiveInt = field(200, doc="Number of thresholds, in even steps from 0 to 1.")
    class_id: NonNegativeInt | None = field(None, doc="The one class that is looked at; null for all together.")

    examples: ClassVar[Any]

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        check_class(self, self.class_id, output_shape)
        return self

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        t = hot(t, y)
        if self.class_id is not None:
            t, y = t[..., self.class_id, None], y[..., self.class_id, None]
        counts = confusion(t, np.clip(y, 0, 1), weight, even_thresholds(self.num_thresholds))
        self.add(*(count[:, 0] for count in counts))

    def sides(self) -> tuple[Any, Any, float]:
        """Return the ratio that must hold, the ratio that is wanted, and the least of the former."""
        raise NotImplementedError

    def result(self) -> float:
        held, wanted, least = self.sides()
        return float(np.max(np.where(held >= least, wanted, 0), initial=0))

    @property
    def sensitivity_of(self) -> Array:
        return ratio(self.tp, self.tp + self.fn)

    @property
    def specificity_of(self) -> Array:
        return ratio(self.tn, self.tn + self.fp)

    @property
    def precision_of(self) -> Array:
        return ratio(self.tp, self.tp + self.fp)


@register("metric")
class SensitivityAtSpecificity(OperatingPoint):
    """result = max of tp / (tp + fn) where tn / (tn + fp) >= specificity

    Source  keras.metrics.SensitivityAtSpecificity
    """

    specificity: Probability = field(doc=LEAST_DOC)
    examples = ({"specificity": 0.5},)

    def sides(self) -> tuple[Any, Any, float]:
        return self.specificity_of, self.sensitivity_of, self.specificity


@register("metric")
class SpecificityAtSensitivity(OperatingPoint):
    """result = max of tn / (tn + fp) where tp / (tp + fn) >= sensitivity

    Source  keras.metrics.SpecificityAtSensitivity
    """

    sensitivity: Probability = field(doc=LEAST_DOC)
    examples = ({"sensitivity": 0.5},)

    def sides(self) -> tuple[Any, Any, float]:
        return self.sensitivity_of, self.specificity_of, self.sensitivity


@register("metric")
class PrecisionAtRecall(OperatingPoint):
    """result = max of tp / (tp + fp) where tp / (tp + fn) >= recall

    Source  keras.metrics.PrecisionAtRecall
    """

    recall: Probability = field(doc=LEAST_DOC)
    examples = ({"recall": 0.5},)

    def sides(self) -> tuple[Any, Any, float]:
        return self.sensitivity_of, self.precision_of, self.recall


@register("metric")
class RecallAtPrecision(OperatingPoint):
    """result = max of tp / (tp + fn) where tp / (tp + fp) >= precision

    Source  keras.metrics.RecallAtPrecision
    """

    precision: Probability = field(doc=LEAST_DOC)
    examples = ({"precision": 0.5},)

    def sides(self) -> tuple[Any, Any, float]:
        return self.precision_of, self.sensitivity_of, self.precision
