"""Constraints: a projection of a weight onto an allowed set, after every update.

The contract is `project(w)`, in place. Norms are taken over `axis`, 0 by default: over the inputs
of each unit of a Dense kernel.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, Of, PositiveFloat, Probability

Array = np.ndarray[Any, np.dtype[Any]]
Axis = int | tuple[int, ...]
AXIS_DOC = "Axis or axes over which the norm is taken: [0, 1, 2] for the kernel of a Conv2D."
EPSILON = 1e-7  # keeps a division by a zero norm finite, as keras.config.epsilon() does


class Constraint(Thing):
    """w <- projection of w"""

    kind: ClassVar[str] = "constraint"

    def project(self, w: Array) -> None:
        raise NotImplementedError


AConstraint = Annotated[Constraint, Of("constraint")]


def norms(w: Array, axis: Axis) -> Array:
    """Return the Euclidean norms of w over `axis`, with that axis kept as 1."""
    return np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))


@register("constraint", legacy=("maxnorm",))
class MaxNorm(Constraint):
    """w <- w * min(norm, max_value) / (eps + norm)

    Source  Srebro & Shraibman 2005; keras.constraints.MaxNorm
    """

    max_value: PositiveFloat = field(2.0, doc="Largest norm that is left alone.", legacy=("m",))
    axis: Axis = field(0, doc=AXIS_DOC)

    def project(self, w: Array) -> None:
        norm = norms(w, self.axis)
        w *= np.minimum(norm, self.max_value) / (EPSILON + norm)


@register("constraint", legacy=("nonneg",))
class NonNeg(Constraint):
    """w <- max(w, 0)

    Source  keras.constraints.NonNeg
    """

    def project(self, w: Array) -> None:
        np.maximum(w, 0, out=w)


@register("constraint", legacy=("unitnorm",))
class UnitNorm(Constraint):
    """w <- w / (eps + norm)

    Source  keras.constraints.UnitNorm
    """

    axis: Axis = field(0, doc=AXIS_DOC)

    def project(self, w: Array) -> None:
        w /= EPSILON + norms(w, self.axis)


@register("constraint")
class MinMaxNorm(Constraint):
    """w <- w * (rate * clip(norm, min_value, max_value) + (1 - rate) * norm) / (eps + norm)

    Source  keras.constraints.MinMaxNorm
    """

    min_value: NonNegativeFloat = field(0.0, doc="Smallest norm.")
    max_value: PositiveFloat = field(1.0, doc="Largest norm.")
    rate: Probability = field(1.0, doc="How much of the way to the allowed range one step goes.")
    axis: Axis = field(0, doc=AXIS_DOC)

    def project(self, w: Array) -> None:
        norm = norms(w, self.axis)
        wanted = self.rate * np.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm
        w *= wanted / (EPSILON + norm)
