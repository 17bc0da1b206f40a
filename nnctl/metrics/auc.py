"""AUC: the area under a curve that a moving threshold draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from nnctl.activations.saturating import sigmoid
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.metrics import Array, Metric, Sums, hot, ratio, spread
from nnctl.metrics.counts import confusion
from nnctl.metrics.operating_points import even_thresholds
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, PositiveInt, Probability

HEIGHTS: dict[str, Any] = {"interpolation": np.mean, "minoring": np.min, "majoring": np.max}
EPSILON = 1e-7  # the outer thresholds lie this far beyond 0 and 1


@register("metric")
class AUC(Sums):
    """result = area under the curve: ROC (fp rate, recall), PR (recall, precision), PRGAIN (gains of both)

    The curve has a point for each of `num_thresholds` in even steps, as in Keras; with `exact`, for
    each score that occurs.
    Source  Davis & Goadrich 2006 (PR, interpolation); keras.metrics.AUC
    """

    better = "max"
    own = ("exact",)
    sums = ("tp", "fp", "tn", "fn")

    num_thresholds: Annotated[int, Ge(2)] = field(200, doc="Number of thresholds, the two outer ones included.")
    curve: Literal["ROC", "PR", "PRGAIN"] = field("ROC", doc="What the axes are.")
    summation_method: Literal["interpolation", "minoring", "majoring"] = field(
        "interpolation", doc="Height of each strip: between its two sides, the lower one, the higher one."
    )
    thresholds: tuple[Probability, ...] | None = field(None, doc="Thresholds in place of the even ones.")
    multi_label: bool = field(False, doc="One curve an output; the result is the mean of the areas.")
    num_labels: PositiveInt | None = field(None, doc="Number of outputs, where multi_label is true.")
    label_weights: tuple[NonNegativeFloat, ...] | None = field(None, doc="Weight of each output.")
    from_logits: bool = field(False, doc="The outputs are logits; sigmoid makes scores of them.")
    exact: bool = field(False, doc="Use every score as a threshold; keeps all scores in memory.")

    examples = (
        {},
        {"curve": "PR", "thresholds": [0.2, 0.6]},
        {"exact": True},
        {"multi_label": True, "num_thresholds": 20},
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.num_labels is not None and not self.multi_label:
            yield "num_labels", "goes with multi_label: true"
        if self.exact and self.multi_label:
            yield "exact", "takes all outputs as one curve; remove multi_label"

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        for name, number in (("num_labels", self.num_labels), ("label_weights", self.label_weights)):
            given = len(number) if isinstance(number, tuple) else number
            if given is not None and given != output_shape[-1]:
                raise ConfigError(f"AUC: {name} is for {given} outputs, the network has {output_shape[-1]}")
        return self

    def limits(self) -> Array:
        inner = even_thresholds(self.num_thresholds)[1:-1] if self.thresholds is None else np.sort(self.thresholds)
        return np.concatenate([[-EPSILON], inner, [1 + EPSILON]])

    def reset(self) -> None:
        super().reset()
        # Of `exact`: the distinct scores, and the weights of the positives and negatives that have them.
        self.scores: Array = np.zeros(0)
        self.positives: Array = np.zeros(0)
        self.negatives: Array = np.zeros(0)

    def state(self) -> dict[str, Any]:
        kept = {"scores": self.scores, "positives": self.positives, "negatives": self.negatives} if self.exact else {}
        return super().state() | kept

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        t = hot(t, y)
        if self.from_logits:
            y = sigmoid(y)
        if self.thresholds is None:
            y = np.clip(y, 0, 1)
        if self.label_weights is not None and not self.multi_label:
            share = np.ones(y.shape) if weight is None else spread(weight, y)
            weight = share * np.array(self.label_weights)
        if self.exact:
            self._gather(t, y, weight)
        else:
            self.add(*confusion(t, y, weight, self.limits(), y.shape[-1] if self.multi_label else 1))

    def _gather(self, t: Array, y: Array, weight: Array | None) -> None:
        share = np.ones(y.size) if weight is None else spread(weight, y).ravel()
        yes = t.ravel() != 0
        scores = np.concatenate([self.scores, y.ravel()])
        self.scores, at = np.unique(scores, return_inverse=True)
        self.positives = np.bincount(at, np.concatenate([self.positives, share * yes]))
        self.negatives = np.bincount(at, np.concatenate([self.negatives, share * ~yes]))

    def counts(self) -> tuple[Any, ...]:
        """Return the four counts at rising thresholds, from one below to one above all scores."""
        if not self.exact:
            return self.tp, self.fp, self.tn, self.fn
        sides = []
        for weights in (self.positives, self.negatives):
            above = np.concatenate([weights[::-1].cumsum()[::-1], [0.0]])[:, None]
            sides.append((above, weights.sum() - above))
        (tp, fn), (fp, tn) = sides
        return tp, fp, tn, fn

    def result(self) -> float:
        if not np.ndim(counts := self.counts()[0]) or not len(counts):
            return 0.0  # nothing came yet
        areas = self._strips().sum(axis=0)
        weights = self.label_weights if self.multi_label and self.label_weights is not None else np.ones(len(areas))
        return float(ratio(np.sum(areas * weights), np.sum(weights)))

    def _strips(self) -> Array:
        """Return the area between each two thresholds, (thresholds - 1, labels)."""
        tp, fp, tn, fn = self.counts()
        recall, precision = ratio(tp, tp + fn), ratio(tp, tp + fp)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(tp, fp, fn)
        if self.curve == "ROC":
            x, y = ratio(fp, fp + tn), recall
        elif self.curve == "PR":
            x, y = recall, precision
        else:
            odds = ratio(tp + fn, tn + fp)
            x = np.where(tp == 0, 0, np.maximum(1 - odds * ratio(fn, tp), 0))
            y = np.where(tp == 0, 1, 1 - odds * ratio(fp, tp))
        sides = np.stack([y[:-1], y[1:]])
        height = HEIGHTS[self.summation_method](sides, axis=0)
        strips: Array = (x[:-1] - x[1:]) * height
        return strips


def _interpolated(tp: Array, fp: Array, fn: Array) -> Array:
    """Return the strips under a PR curve on which true positives, not precision, go straight between points."""
    p = tp + fp
    rise = tp[:-1] - tp[1:]
    slope = ratio(rise, np.maximum(p[:-1] - p[1:], 0))
    intercept = tp[1:] - slope * p[1:]
    growth = np.where((p[:-1] > 0) & (p[1:] > 0), ratio(p[:-1], p[1:]), 1)
    return ratio(slope * (rise + intercept * np.log(growth)), tp[1:] + fn[1:])
