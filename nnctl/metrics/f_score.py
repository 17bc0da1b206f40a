"""F scores: precision and recall in one number, class by class."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Le

from nnctl.fields import field
from nnctl.metrics import Array, Sums, hot, spread
from nnctl.registry import register
from nnctl.rules import PositiveFloat

EPSILON = 1e-7
Average = Literal["micro", "macro", "weighted"] | None
Threshold = Annotated[float, Gt(0), Le(1)] | None
AVERAGE_DOC = "Over the classes: of the counts, of the scores, of the scores weighted by class; null for one each."
THRESHOLD_DOC = "Outputs above it mean yes; null for the highest output, or for 0.5 where there is one output."


class FScore(Sums):
    """(1 + beta^2) precision recall / (beta^2 precision + recall) of each class"""

    better = "max"
    sums = ("tp", "fp", "fn", "weights")

    beta: float

    average: Average
    threshold: Threshold

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        t = hot(t, y)
        if self.threshold is not None or y.shape[-1] == 1:
            said = y > (0.5 if self.threshold is None else self.threshold)
        else:
            said = (y >= y.max(axis=-1, keepdims=True)) & (np.abs(y) > 1e-9)
        share = np.ones(y.shape) if weight is None else spread(weight, y)
        over = None if self.average == "micro" else tuple(range(y.ndim - 1))
        self.add(
            (share * said * t).sum(axis=over),
            (share * said * (1 - t)).sum(axis=over),
            (share * ~said * t).sum(axis=over),
            (share * t).sum(axis=over),
        )

    def result(self) -> Any:
        precision = self.tp / (self.tp + self.fp + EPSILON)
        recall = self.tp / (self.tp + self.fn + EPSILON)
        score = (1 + self.beta**2) * precision * recall / (self.beta**2 * precision + recall + EPSILON)
        if self.average == "weighted":
            return float(np.sum(score * self.weights) / (np.sum(self.weights) + EPSILON))
        return score if self.average is None and np.size(score) > 1 else float(np.mean(score))


@register("metric", aliases=("fbeta_score", "FBeta"))
class FBetaScore(FScore):
    """result = (1 + beta^2) precision recall / (beta^2 precision + recall), of each class or an average

    Without an average the column is the mean over the classes. With one output and no threshold
    Keras calls every sample positive; nnctl takes 0.5.
    Source  van Rijsbergen 1979; keras.metrics.FBetaScore
    """

    called: ClassVar[str | None] = "fbeta_score"

    average: Average = field(None, doc=AVERAGE_DOC)
    beta: PositiveFloat = field(1.0, doc="How many times as much recall counts as precision.")
    threshold: Threshold = field(None, doc=THRESHOLD_DOC)

    examples = ({}, {"beta": 2.0, "average": "weighted"}, {"average": "micro", "threshold": 0.3})


@register("metric")
class F1Score(FScore):
    """result = 2 precision recall / (precision + recall), of each class or an average

    Without an average the column is the mean over the classes. With one output and no threshold
    Keras calls every sample positive; nnctl takes 0.5.
    Source  van Rijsbergen 1979; keras.metrics.F1Score
    """

    beta = 1.0

    average: Average = field(None, doc=AVERAGE_DOC)
    threshold: Threshold = field(None, doc=THRESHOLD_DOC)

    examples = ({}, {"average": "macro", "threshold": 0.5})
