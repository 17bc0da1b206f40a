"""Regularizers: a penalty on a weight, added to the loss.

The contract is `penalty(w) -> float` and `gradient(w) -> array`; the model adds both in one pass
over its weights, so that layers know nothing of them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, Of

Array = np.ndarray[Any, np.dtype[Any]]


class Regularizer(Thing):
    """penalty = f(w)"""

    kind: ClassVar[str] = "regularizer"

    def penalty(self, w: Array) -> float:
        raise NotImplementedError

    def gradient(self, w: Array) -> Array:
        raise NotImplementedError


ARegularizer = Annotated[Regularizer, Of("regularizer")]


@register("regularizer", aliases=("l1_l2",), legacy=("l1l2",))
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
