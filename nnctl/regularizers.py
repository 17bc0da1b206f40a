"""Regularizers: a penalty on a weight, added to the loss.

The contract is `penalty(w) -> float` and `gradient(w) -> array`; the model adds both in one pass
over its weights, so that layers know nothing of them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, Of

Array = np.ndarray[Any, np.dtype[Any]]
EPSILON = 1e-7  # the least length that a vector is divided by


class Regularizer(Thing):
    """penalty = f(w)"""

    kind: ClassVar[str] = "regularizer"

    def penalty(self, w: Array) -> float:
        raise NotImplementedError

    def gradient(self, w: Array) -> Array:
        raise NotImplementedError


ARegularizer = Annotated[Regularizer, Of("regularizer")]


@register("regularizer", aliases=("l1_l2",), legacy=("l1l2", "activity_l1l2"))
class L1L2(Regularizer):
    """penalty = l1 * sum |w| + l2 * sum w^2

    Source  keras.regularizers.L1L2
    """

    l1: NonNegativeFloat = field(0.0, doc="Factor on the sum of the absolute values.")
    l2: NonNegativeFloat = field(0.0, doc="Factor on the sum of the squares.")

    def penalty(self, w: Array) -> float:
        return self.l1 * float(np.abs(w).sum()) + self.l2 * float(np.square(w).sum())

    def gradient(self, w: Array) -> Array:
        return self.l1 * np.sign(w) + (2 * self.l2) * w


@register("regularizer", legacy=("activity_l1",))
class L1(Regularizer):
    """penalty = l1 * sum |w|

    Source  Tibshirani 1996; keras.regularizers.L1
    """

    l1: NonNegativeFloat = field(0.01, doc="Factor on the sum of the absolute values.", legacy=("l",))

    def penalty(self, w: Array) -> float:
        return self.l1 * float(np.abs(w).sum())

    def gradient(self, w: Array) -> Array:
        return self.l1 * np.sign(w)


@register("regularizer", legacy=("activity_l2",))
class L2(Regularizer):
    """penalty = l2 * sum w^2

    Source  Hoerl & Kennard 1970; keras.regularizers.L2
    """

    l2: NonNegativeFloat = field(0.01, doc="Factor on the sum of the squares.", legacy=("l",))

    def penalty(self, w: Array) -> float:
        return self.l2 * float(np.square(w).sum())

    def gradient(self, w: Array) -> Array:
        return (2 * self.l2) * w


@register("regularizer")
class OrthogonalRegularizer(Regularizer):
    """penalty = factor * mean over pairs of rows (or columns) of |cosine of the angle between them|

    Source  keras.regularizers.OrthogonalRegularizer
    """

    factor: NonNegativeFloat = field(0.01, doc="Factor on the mean.")
    mode: Literal["rows", "columns"] = field("rows", doc="Which vectors of the matrix should stand at right angles.")

    examples = ({}, {"factor": 0.5, "mode": "columns"})

    def penalty(self, w: Array) -> float:
        units, _, pairs = self._units(w)
        return self.factor * float(np.abs(_cosines(units)).sum()) / pairs

    def gradient(self, w: Array) -> Array:
        units, inverse, pairs = self._units(w)
        slope = np.sign(_cosines(units)) @ units * (2 * self.factor / pairs)
        slope = (slope - units * (units * slope).sum(axis=1, keepdims=True)) * inverse
        return slope if self.mode == "rows" else slope.T

    def _units(self, w: Array) -> tuple[Array, Array, float]:
        """Return the vectors brought to length 1, one over their lengths, and the number of ordered pairs."""
        if w.ndim != 2:
            raise ConfigError(f"OrthogonalRegularizer takes a matrix, got a weight of shape {w.shape}")
        rows = w if self.mode == "rows" else w.T
        inverse = 1 / np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), EPSILON)
        return rows * inverse, inverse, float(max(len(rows) * (len(rows) - 1), 1))


def _cosines(units: Array) -> Array:
    """Return the cosine of the angle between each two rows, 0 for a row with itself."""
    products: Array = units @ units.T
    np.fill_diagonal(products, 0)
    return products
