"""Intersection over union: of the places that are, or are said to be, of a class, the share that is both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import MinLen

from nnctl.fields import field
from nnctl.metrics import Array, Sums, spread, table
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt

EPSILON = 1e-7
Classes = Annotated[tuple[NonNegativeInt, ...], MinLen(1)]
NUMBER_DOC = "Number of classes."
IDS_DOC = "Classes whose mean is taken."
TRUTH_DOC = "Whether targets are class numbers, not one-hot rows."
PREDICTION_DOC = "Whether predictions are class numbers, not one score a class."


class Overlap(Sums):
    """result = mean over classes of n_ii / (n_i. + n_.i - n_ii); classes that never occur are left out

    n counts places by true and predicted class. Keras cuts weights to whole numbers; nnctl does not.
    """

    better = "max"
    sums = ("matrix",)

    num_classes: int
    sparse_y_true: bool
    sparse_y_pred: bool
    ignore_class: int | None
    axis: int

    def targeted(self) -> tuple[int, ...]:
        """Return the classes whose mean is taken."""
        return tuple(range(self.num_classes))

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        share = None if weight is None else spread(weight, y if self.sparse_y_pred else y[..., 0])
        truth = (t if self.sparse_y_true else t.argmax(axis=self.axis)).astype(np.int64).ravel()
        said = (y if self.sparse_y_pred else y.argmax(axis=self.axis)).astype(np.int64).ravel()
        known = (truth >= 0) & (truth < self.num_classes) & (said >= 0) & (said < self.num_classes)
        if self.ignore_class is not None:
            known &= truth != self.ignore_class
        weights = np.ones(len(truth)) if share is None else share.ravel()
        self.add(table(truth[known], said[known], weights[known], self.num_classes))

    def result(self) -> float:
        matrix = np.zeros((self.num_classes,) * 2) + self.matrix
        both = matrix.diagonal()[list(self.targeted())]
        either = (matrix.sum(axis=0) + matrix.sum(axis=1) - matrix.diagonal())[list(self.targeted())]
        occurs = either > 1e-9
        return float((both / (either + EPSILON) * occurs).sum() / (occurs.sum() + EPSILON))


class Settings(Overlap):
    """The fields of all but BinaryIoU"""

    num_classes: PositiveInt = field(doc=NUMBER_DOC)
    ignore_class: int | None = field(None, doc="Class number of places that do not count.", positional=False)
    axis: int = field(-1, doc="Axis of the classes, where something is one-hot.", positional=False)


class Targeted(Settings):
    """IoU of some classes"""

    num_classes: PositiveInt = field(doc=NUMBER_DOC)
    target_class_ids: Classes = field(doc=IDS_DOC)

    examples: ClassVar[Any] = ({"num_classes": 4, "target_class_ids": [1, 2]},)

    def targeted(self) -> tuple[int, ...]:
        return self.target_class_ids

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if max(self.target_class_ids) >= self.num_classes:
            yield "target_class_ids", f"must be below num_classes, {self.num_classes}, got {max(self.target_class_ids)}"


@register("metric")
class IoU(Targeted):
    """result = mean over target_class_ids of |both| / |either|

    Source  Jaccard 1912; keras.metrics.IoU
    """

    sparse_y_true: bool = field(True, doc=TRUTH_DOC, positional=False)
    sparse_y_pred: bool = field(True, doc=PREDICTION_DOC, positional=False)


@register("metric")
class MeanIoU(Settings):
    """result = mean over all classes of |both| / |either|

    Source  Jaccard 1912; keras.metrics.MeanIoU
    """

    sparse_y_true: bool = field(True, doc=TRUTH_DOC, positional=False)
    sparse_y_pred: bool = field(True, doc=PREDICTION_DOC, positional=False)

    examples = ({"num_classes": 4}, {"num_classes": 4, "sparse_y_pred": False, "ignore_class": 0})


@register("metric")
class OneHotIoU(Targeted):
    """result = mean over target_class_ids of |both| / |either|, for one-hot targets

    Source  Jaccard 1912; keras.metrics.OneHotIoU
    """

    sparse_y_true = False
    sparse_y_pred: bool = field(False, doc=PREDICTION_DOC, positional=False)


@register("metric")
class OneHotMeanIoU(Settings):
    """result = mean over all classes of |both| / |either|, for one-hot targets

    Source  Jaccard 1912; keras.metrics.OneHotMeanIoU
    """

    sparse_y_true = False
    sparse_y_pred: bool = field(False, doc=PREDICTION_DOC, positional=False)

    examples = ({"num_classes": 4},)


@register("metric")
class BinaryIoU(Overlap):
    """result = mean over target_class_ids of |both| / |either|, for outputs that mean class 1 from threshold on

    Source  Jaccard 1912; keras.metrics.BinaryIoU
    """

    num_classes, ignore_class, axis = 2, None, -1
    sparse_y_true = sparse_y_pred = True

    target_class_ids: Classes = field((0, 1), doc=IDS_DOC)
    threshold: float = field(0.5, doc="Outputs from it on mean class 1.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if max(self.target_class_ids) > 1:
            yield "target_class_ids", f"must be 0 or 1, got {max(self.target_class_ids)}"

    def targeted(self) -> tuple[int, ...]:
        return self.target_class_ids

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        super().update(t, y >= self.threshold, weight)
