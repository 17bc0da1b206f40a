"""Metrics of numbers: how near predictions come to targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl.fields import field
from nnctl.losses.regression import LogCosh, inverse_norm
from nnctl.metrics import Array, MeanMetric, Sums, spread
from nnctl.registry import register
from nnctl.rules import NonNegativeInt

EPSILON = 1e-7


@register("metric", aliases=("rmse", "RMSE"))
class RootMeanSquaredError(MeanMetric):
    """result = sqrt(mean of (y - t)^2)

    Masked steps count, as in Keras.
    Source  keras.metrics.RootMeanSquaredError
    """

    better = "min"
    takes_mask = False

    def values(self, t: Array, y: Array) -> Array:
        return np.square(y - t).mean(axis=-1)

    def result(self) -> float:
        return float(np.sqrt(super().result()))


@register("metric")
class LogCoshError(MeanMetric):
    """value = mean(log cosh(y - t)), over the last axis

    Source  keras.metrics.LogCoshError
    """

    better = "min"
    called: ClassVar[str | None] = "logcosh"

    def values(self, t: Array, y: Array) -> Array:
        return LogCosh().distance(y - t).mean(axis=-1)


class Similarity(MeanMetric):
    """value = likeness of two vectors, 1 where they are alike"""

    better = "max"

    axis: int = field(-1, doc="Axis of the vectors, not the batch axis 0.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.axis == 0:
            yield "axis", "0 is the batch: the result would depend on how rows are cut into batches"


@register("metric", legacy=("cosine_proximity", "cosine"))
class CosineSimilarity(Similarity):
    """value = sum(y t) / (|y| |t|), over `axis`

    The loss of this name is minus that.
    Source  keras.metrics.CosineSimilarity
    """

    def values(self, t: Array, y: Array) -> Array:
        return (y * inverse_norm(y, self.axis) * t * inverse_norm(t, self.axis)).sum(axis=self.axis)


@register("metric")
class PearsonCorrelation(Similarity):
    """value = cov(y, t) / (std(y) std(t)), over `axis`: NaN for a vector whose elements are all the same

    Source  Pearson 1895; keras.metrics.PearsonCorrelation
    """

    def values(self, t: Array, y: Array) -> Array:
        y, t = y - y.mean(axis=self.axis, keepdims=True), t - t.mean(axis=self.axis, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (y * t).mean(axis=self.axis) / (y.std(axis=self.axis) * t.std(axis=self.axis))


@register("metric")
class ConcordanceCorrelation(Similarity):
    """value = 2 cov(y, t) / (var(y) + var(t) + (mean(y) - mean(t))^2 + 1e-7), over `axis`

    Source  Lin 1989; keras.metrics.ConcordanceCorrelation
    """

    def values(self, t: Array, y: Array) -> Array:
        centres = y.mean(axis=self.axis, keepdims=True), t.mean(axis=self.axis, keepdims=True)
        covariance = ((y - centres[0]) * (t - centres[1])).mean(axis=self.axis)
        apart = np.square(centres[0] - centres[1]).sum(axis=self.axis)
        return 2 * covariance / (y.var(axis=self.axis) + t.var(axis=self.axis) + apart + EPSILON)


@register("metric")
class R2Score(Sums):
    """result = 1 - sum (y - t)^2 / sum (t - mean t)^2 of each output, then over the outputs

    Without class_aggregation the column is the mean over the outputs.
    Source  keras.metrics.R2Score
    """

    better = "max"
    sums = ("total", "squares", "residual", "count", "samples")

    class_aggregation: Literal["uniform_average", "variance_weighted_average"] | None = field(
        "uniform_average", doc="How the outputs' scores become one; null for one each."
    )
    num_regressors: NonNegativeInt = field(0, doc="Number of inputs, for the adjusted score; 0 for the plain one.")

    examples = (
        {},
        {"class_aggregation": "variance_weighted_average", "num_regressors": 1},
        {"class_aggregation": None},
    )

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        share = np.ones(y.shape) if weight is None else spread(weight, y)
        share, t, y = (array.reshape(-1, y.shape[-1]) for array in (share, t, y))
        weighted = share * t
        self.add(
            weighted.sum(axis=0),
            (weighted * t).sum(axis=0),
            (share * np.square(t - y)).sum(axis=0),
            share.sum(axis=0),
            float(t.size),
        )

    def result(self) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            spread_of = self.squares - self.total * np.divide(self.total, self.count)
            scores = 1 - np.divide(self.residual, spread_of)
            scores = np.where(np.isinf(scores), 0, scores)
            if self.class_aggregation == "variance_weighted_average":
                scores = np.sum(spread_of * scores) / np.sum(spread_of)
        if self.class_aggregation == "uniform_average":
            scores = np.mean(scores)
        free = self.samples - self.num_regressors - 1
        if self.num_regressors and free > 0:
            scores = 1 - (1 - scores) * (self.samples - 1) / free
        return scores if np.ndim(scores) else float(scores)
