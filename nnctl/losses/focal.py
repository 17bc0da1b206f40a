"""Focal losses: crossentropies that look away from what is already predicted well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnctl.activations.along_axis import softmax
from nnctl.activations.saturating import sigmoid
from nnctl.fields import field
from nnctl.losses import EPSILON, Array, widen
from nnctl.losses.crossentropy import (
    AXIS_DOC,
    LOGITS_DOC,
    SMOOTHING_DOC,
    BinaryCrossentropy,
    Crossentropy,
    binary,
    binary_of_logits,
    normalised,
    through_normalisation,
)
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, Probability

GAMMA_DOC = "How quickly a good prediction loses weight; 0 leaves the crossentropy."


@register("loss")
class BinaryFocalCrossentropy(BinaryCrossentropy):
    """value = mean((1 - p)^gamma (-t log y - (1 - t) log(1 - y))), p = t y + (1 - t)(1 - y), over `axis`

    Source  Lin et al. 2017, eq. 4 and 5; keras.losses.BinaryFocalCrossentropy
    """

    apply_class_balancing: bool = field(False, doc="Weigh class 1 with alpha and class 0 with 1 - alpha.")
    alpha: Probability = field(0.25, doc="Weight of class 1.")
    gamma: NonNegativeFloat = field(2.0, doc=GAMMA_DOC)

    examples = ({}, {"apply_class_balancing": True, "gamma": 3.0, "label_smoothing": 0.1}, {"from_logits": True})

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        p = np.clip(y, EPSILON, 1 - EPSILON)
        cost = binary(y, t)
        slope = (p - t) / (p * (1 - p)) * (p == y)
        return self.focus(y, t, cost, slope, lambda dy: dy)

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        cost, p = binary_of_logits(z, t), sigmoid(z) if y is None else y
        if y is None and not self.from_logits:  # closed by softmax: Keras weighs the sigmoid's cost by its outputs
            q = softmax(z)
            return self.focus(q, t, cost, p - t, lambda dy: q * (dy - (dy * q).sum(axis=-1, keepdims=True)))
        return self.focus(p, t, cost, p - t, lambda dy: dy * p * (1 - p))

    def focus(
        self, y: Array, t: Array, cost: Array, slope: Array, through: Callable[[Array], Array]
    ) -> tuple[Array, Array]:
        """Weigh the crossentropy `cost`, whose slope is given; `through` brings slopes of y to the same variable."""
        balance = t * self.alpha + (1 - t) * (1 - self.alpha) if self.apply_class_balancing else 1
        miss = 1 - (t * y + (1 - t) * (1 - y))
        held = np.where(miss == 0, np.finfo(y.dtype).tiny, miss)  # keeps 0^(gamma - 1) finite
        weight = balance * miss**self.gamma
        dy = balance * self.gamma * held ** (self.gamma - 1) * (1 - 2 * t) * cost
        return (weight * cost).mean(axis=self.axis), weight * slope + through(dy)

    def backward_probabilities(self, scale: Any, cache: Any) -> Array:
        return cache * self.factor(scale, cache)

    backward_logits = backward_probabilities


@register("loss")
class CategoricalFocalCrossentropy(Crossentropy):
    """value = -sum_i alpha (1 - y_i)^gamma t_i log y_i, over `axis`, with one-hot t

    Source  Lin et al. 2017, eq. 5; keras.losses.CategoricalFocalCrossentropy
    """

    targets = "one_hot"
    expects = "softmax"
    fuses = False  # Keras clips the probabilities, also after softmax

    alpha: NonNegativeFloat = field(0.25, doc="Weight of every class.")
    gamma: NonNegativeFloat = field(2.0, doc=GAMMA_DOC)
    from_logits: bool = field(False, doc=LOGITS_DOC)
    label_smoothing: Probability = field(0.0, doc=SMOOTHING_DOC)
    axis: int = field(-1, doc=AXIS_DOC)

    examples = ({}, {"alpha": 0.5, "gamma": 1.0, "label_smoothing": 0.1}, {"from_logits": True})

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        if self.label_smoothing:
            t = t * (1 - self.label_smoothing) + self.label_smoothing / t.shape[-1]
        q, p, total = normalised(y, self.axis)
        miss = 1 - p
        values = -self.alpha * miss**self.gamma * t * np.log(p)
        slope = self.alpha * t * (self.gamma * miss ** (self.gamma - 1) * np.log(p) - miss**self.gamma / p) * (p == q)
        return values.sum(axis=self.axis), through_normalisation(slope, q, total, self.axis)

    def backward_probabilities(self, scale: Any, cache: Array) -> Array:
        return cache * widen(scale, self.axis, cache.ndim)

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        y = softmax(z, self.axis) if y is None else y
        values, dy = self.forward_probabilities(y, t)
        return values, y * (dy - (dy * y).sum(axis=self.axis, keepdims=True))

    backward_logits = backward_probabilities
