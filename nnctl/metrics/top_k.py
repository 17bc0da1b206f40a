"""Top-k accuracy: the right class is among the k highest outputs; equal outputs share a place."""

from __future__ import annotations

import numpy as np

from nnctl.fields import field
from nnctl.metrics import Array, MeanMetric
from nnctl.registry import register
from nnctl.rules import PositiveInt

K_DOC = "How many outputs may be tried."


@register("metric", aliases=("TopK",))
class TopKCategoricalAccuracy(MeanMetric):
    """value = 1 where fewer than k outputs are higher than that of the class argmax t, else 0

    Source  keras.metrics.TopKCategoricalAccuracy
    """

    better = "max"

    k: PositiveInt = field(5, doc=K_DOC)

    def values(self, t: Array, y: Array) -> Array:
        return among_highest(t.argmax(axis=-1), y, self.k)


@register("metric", aliases=("SparseTopK",))
class SparseTopKCategoricalAccuracy(MeanMetric):
    """value = 1 where fewer than k outputs are higher than that of class t, else 0

    Source  keras.metrics.SparseTopKCategoricalAccuracy
    """

    better = "max"

    k: PositiveInt = field(5, doc=K_DOC)
    from_sorted_ids: bool = field(False, doc="The outputs are class numbers, the likeliest first.")

    examples = ({}, {"k": 2}, {"from_sorted_ids": True})

    def values(self, t: Array, y: Array) -> Array:
        t = t.reshape(y.shape[:-1]).astype(np.int64)
        if self.from_sorted_ids:
            return (y[..., : self.k] == t[..., None]).any(axis=-1)
        return among_highest(t, y, self.k)


def among_highest(classes: Array, y: Array, k: int) -> Array:
    own = np.take_along_axis(y, classes[..., None], axis=-1)
    return (y > own).sum(axis=-1) < k
