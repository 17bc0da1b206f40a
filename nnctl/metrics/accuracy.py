"""Accuracy: the share of samples that were classified right, in the four forms of Keras."""

from __future__ import annotations

from typing import Any

from nnctl.fields import field
from nnctl.metrics import Array, MeanMetric, Metric
from nnctl.registry import register
from nnctl.rules import Probability


@register("metric", name="accuracy", legacy=("acc",))
class AutoAccuracy(Metric):
    """value = 1 where the class is right, in the form that fits the loss and the outputs

    One output: BinaryAccuracy. Class numbers as targets: SparseCategoricalAccuracy. Else
    CategoricalAccuracy, also for several yes/no outputs, as in Keras.
    Source  keras.src.trainers.compile_utils.get_metric
    """

    better = "max"

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        if output_shape[-1:] == (1,):
            kind: type[Metric] = BinaryAccuracy
        else:
            kind = SparseCategoricalAccuracy if loss.targets == "index" else CategoricalAccuracy
        return kind(name=self.column)


@register("metric", name="Accuracy", derive=False)
class Accuracy(MeanMetric):
    """value = 1 where y = t, else 0

    Source  keras.metrics.Accuracy
    """

    better = "max"

    def values(self, t: Array, y: Array) -> Array:
        return (y == t).mean(axis=-1)


@register("metric")
class BinaryAccuracy(MeanMetric):
    """value = mean((y > threshold) = t), over the last axis

    Source  keras.metrics.BinaryAccuracy
    """

    better = "max"
    threshold: Probability = field(0.5, doc="Outputs above it mean class 1.")

    def values(self, t: Array, y: Array) -> Array:
        right = (y > self.threshold) == t
        return right[..., 0] if right.shape[-1] == 1 else right.mean(axis=-1)


@register("metric")
class CategoricalAccuracy(MeanMetric):
    """value = 1 where argmax y = argmax t, else 0

    Source  keras.metrics.CategoricalAccuracy
    """

    better = "max"

    def values(self, t: Array, y: Array) -> Array:
        return y.argmax(axis=-1) == t.argmax(axis=-1)


@register("metric")
class SparseCategoricalAccuracy(MeanMetric):
    """value = 1 where argmax y = t, else 0

    Source  keras.metrics.SparseCategoricalAccuracy
    """

    better = "max"

    def values(self, t: Array, y: Array) -> Array:
        return y.argmax(axis=-1) == t.reshape(y.shape[:-1])
