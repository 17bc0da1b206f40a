"""Counts of right and wrong yes/no answers at thresholds, and the ratios made of them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.metrics import Array, Metric, Sums, hot, ratio, spread
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt, Probability

THRESHOLDS_DOC = "Outputs above it mean yes; a list gives one result each, whose mean is the column."
Thresholds = Probability | tuple[Probability, ...] | None
FAR_BELOW = -1e10  # the threshold that every output among the top k passes


def confusion(t: Array, y: Array, weight: Array | None, thresholds: Array, labels: int = 1) -> tuple[Array, ...]:
    """Return true and false positives, true and false negatives, each (thresholds, labels), in float64.

    An output means yes where it is above the threshold. Each output is sorted in between the
    thresholds once; sums from the right are the positives at each, sums from the left the negatives.
    """
    order = np.argsort(thresholds)
    below = np.searchsorted(thresholds[order].astype(y.dtype), y.ravel())  # how many thresholds y is above
    cell = below if labels == 1 else below * labels + np.tile(np.arange(labels), y.size // labels)
    share = np.ones(y.size) if weight is None else spread(weight, y).ravel()
    yes = t.ravel() != 0
    counted = []
    for side in (yes, ~yes):
        cells = np.bincount(cell, share * side, minlength=(len(order) + 1) * labels).reshape(-1, labels)
        positive, negative = np.empty((2, len(order), labels))
        positive[order] = cells[::-1].cumsum(axis=0)[::-1][1:]
        negative[order] = cells.cumsum(axis=0)[:-1]
        counted.append((positive, negative))
    (tp, fn), (fp, tn) = counted
    return tp, fp, tn, fn


class AtThresholds(Sums):
    """Sums of the four counts, one of each a threshold"""

    sums = ("tp", "fp", "tn", "fn")

    thresholds: Thresholds

    def limits(self, default: float = 0.5) -> Array:
        return np.atleast_1d(np.array(default if self.thresholds is None else self.thresholds, np.float64))

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        self.add(*(count[:, 0] for count in confusion(hot(t, y), y, weight, self.limits())))

    def answer(self) -> Array:
        """Return one number a threshold."""
        raise NotImplementedError

    def result(self) -> Any:
        answer = np.asarray(self.answer())
        return float(answer.reshape(())) if answer.size == 1 else answer


class Count(AtThresholds):
    """One of the four counts"""

    counted: ClassVar[str]

    thresholds: Thresholds = field(None, doc=THRESHOLDS_DOC)

    def answer(self) -> Array:
        count: Array = getattr(self, self.counted)
        return count


@register("metric")
class TruePositives(Count):
    """result = sum of the weights where t = 1 and y > threshold

    Source  keras.metrics.TruePositives
    """

    counted = "tp"
    examples = ({}, {"thresholds": [0.2, 0.8]})


@register("metric")
class FalsePositives(Count):
    """result = sum of the weights where t = 0 and y > threshold

    Source  keras.metrics.FalsePositives
    """

    counted = "fp"


@register("metric")
class TrueNegatives(Count):
    """result = sum of the weights where t = 0 and y <= threshold

    Source  keras.metrics.TrueNegatives
    """

    counted = "tn"


@register("metric")
class FalseNegatives(Count):
    """result = sum of the weights where t = 1 and y <= threshold

    Source  keras.metrics.FalseNegatives
    """

    counted = "fn"


class OfClass(AtThresholds):
    """Counts of one class, or of the k highest outputs"""

    better = "max"

    thresholds: Thresholds = field(None, doc=THRESHOLDS_DOC)
    top_k: PositiveInt | None = field(None, doc="Only the k highest outputs of a sample can mean yes.")
    class_id: NonNegativeInt | None = field(None, doc="The one class that is looked at; null for all together.")

    examples: ClassVar[Any] = ({}, {"thresholds": [0.2, 0.8]}, {"top_k": 2, "class_id": 1})

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        t = hot(t, y)
        if self.top_k is not None:
            rank = np.argsort(np.argsort(-y, axis=-1, kind="stable"), axis=-1)
            y = np.where(rank < self.top_k, y, -np.inf)
        if self.class_id is not None:
            t, y = t[..., self.class_id, None], y[..., self.class_id, None]
        limits = self.limits(0.5 if self.top_k is None else FAR_BELOW)
        self.add(*(count[:, 0] for count in confusion(t, y, weight, limits)))

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        check_class(self, self.class_id, output_shape)
        return self


@register("metric")
class Precision(OfClass):
    """result = tp / (tp + fp): the share of the yes that is right; 0 where nothing was said

    Source  keras.metrics.Precision
    """

    def answer(self) -> Array:
        return ratio(self.tp, self.tp + self.fp)


@register("metric")
class Recall(OfClass):
    """result = tp / (tp + fn): the share of the positives that is found; 0 where there are none

    Source  keras.metrics.Recall
    """

    def answer(self) -> Array:
        return ratio(self.tp, self.tp + self.fn)


def check_class(metric: Metric, class_id: int | None, output_shape: tuple[int, ...]) -> None:
    """Raise ConfigError for a class that the network has no output for."""
    if class_id is not None and output_shape and class_id >= output_shape[-1]:
        raise ConfigError(
            f"{metric.title()} expects class_id from 0 to {output_shape[-1] - 1}, one of the outputs, got {class_id}"
        )
