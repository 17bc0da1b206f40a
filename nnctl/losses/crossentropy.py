"""Crossentropies: minus the logarithm of the probability that the prediction gave to the truth."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from nnctl.activations.along_axis import log_softmax, softmax
from nnctl.activations.saturating import sigmoid
from nnctl.fields import field
from nnctl.losses import EPSILON, Array, Loss, widen
from nnctl.registry import register
from nnctl.rules import Probability

SMOOTHING_DOC = "Moves hard 0/1 targets this share of the way to the uniform distribution."
LOGITS_DOC = "The predictions are logits: the network ends without softmax or sigmoid."
AXIS_DOC = "Axis of the classes, counted with the batch axis in front."


class Crossentropy(Loss):
    """A loss of probabilities or, `from_logits`, of what softmax or sigmoid would make them from"""

    fuses = True

    from_logits: bool

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        return self.forward_logits(y, None, t) if self.from_logits else self.forward_probabilities(y, t)

    def backward(self, scale: Any, cache: Any) -> Array:
        return self.backward_logits(scale, cache) if self.from_logits else self.backward_probabilities(scale, cache)

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward_probabilities(self, scale: Any, cache: Any) -> Array:
        raise NotImplementedError


@register("loss", aliases=("bce", "BCE"))
class BinaryCrossentropy(Crossentropy):
    """value = mean(-t log y - (1 - t) log(1 - y)), over `axis`

    From logits: max(z, 0) - z t + log(1 + exp(-|z|)), with slope y - t.
    Source  keras.losses.BinaryCrossentropy
    """

    targets = "binary"
    expects = "sigmoid"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    label_smoothing: Probability = field(0.0, doc=SMOOTHING_DOC)
    axis: int = field(-1, doc="Axis of the mean.")

    examples = ({}, {"label_smoothing": 0.1, "axis": 1}, {"from_logits": True})

    def smooth(self, t: Array) -> Array:
        return t * (1 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else t

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        return binary(y, t).mean(axis=self.axis), (y, np.clip(y, EPSILON, 1 - EPSILON), t)

    def backward_probabilities(self, scale: Any, cache: tuple[Array, Array, Array]) -> Array:
        y, p, t = cache
        dy = (p - t) / (p * (1 - p)) * self.factor(scale, y)
        return dy * (p == y)  # no slope where the probability was cut

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        values = binary_of_logits(z, t)
        y = sigmoid(z) if y is None else y
        return values.mean(axis=self.axis) if z.shape[-1] > 1 or self.axis != -1 else values[..., 0], (y, t)

    def backward_logits(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, t = cache
        dz = y - t
        dz *= self.factor(scale, y)
        return dz

    def factor(self, scale: Any, y: Array) -> Any:
        """Return the factor of each element's slope: its value's, shared over the mean."""
        return widen(scale, self.axis, y.ndim) * (1 / y.shape[self.axis])


@register("loss")
class CategoricalCrossentropy(Crossentropy):
    """value = -sum_i t_i log y_i, over `axis`, with one-hot t

    From logits: -sum_i t_i (z_i - log sum_j exp z_j), with slope y - t: that of targets that sum to 1, and
    Keras' also for others.
    Source  keras.losses.CategoricalCrossentropy
    """

    targets = "one_hot"
    expects = "softmax"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    label_smoothing: Probability = field(0.0, doc=SMOOTHING_DOC)
    axis: int = field(-1, doc=AXIS_DOC)

    examples = ({}, {"label_smoothing": 0.1, "axis": 1}, {"from_logits": True})

    def smooth(self, t: Array) -> Array:
        if not self.label_smoothing:
            return t
        return t * (1 - self.label_smoothing) + self.label_smoothing / t.shape[-1]

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        q, p, total = normalised(y, self.axis)
        return -(t * np.log(p)).sum(axis=self.axis), (q, p, total, t)

    def backward_probabilities(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        q, p, total, t = cache
        slope = np.where(p == q, -t / p, 0)
        return through_normalisation(slope, q, total, self.axis) * widen(scale, self.axis, q.ndim)

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        y = softmax(z, self.axis) if y is None else y
        return -(t * log_softmax(z, self.axis)).sum(axis=self.axis), (y, t)

    def backward_logits(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, t = cache
        dz = y - t
        dz *= widen(scale, self.axis, y.ndim)
        return dz


@register("loss")
class SparseCategoricalCrossentropy(Crossentropy):
    """value = -log y_t, where t is the number of the right class

    From logits: log sum_j exp z_j - z_t, with slope y - onehot(t).
    Source  keras.losses.SparseCategoricalCrossentropy
    """

    targets = "index"
    expects = "softmax"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    ignore_class: int | None = field(None, doc="Class number that stands for 'no label': such places do not count.")
    axis: Literal[-1] = field(-1, doc="Axis of the classes: the last, the one that Keras takes here.")

    examples = ({}, {"ignore_class": 1}, {"from_logits": True})

    def counted(self, values: Array, t: Array, mask: Array | None) -> Array | None:
        if self.ignore_class is None:
            return mask
        return t != self.ignore_class if mask is None else mask & (t != self.ignore_class)

    def kept(self, t: Array) -> tuple[Array, Array | None]:
        """Return indices that can be looked up, and which of them count (None: all)."""
        if self.ignore_class is None:
            return t, None
        counts = t != self.ignore_class
        return np.where(counts, t, 0), counts

    def forward_probabilities(self, y: Array, t: Array) -> tuple[Array, Any]:
        t, counts = self.kept(t)
        p = np.clip(y, EPSILON, 1 - EPSILON)
        total = p.sum(axis=-1, keepdims=True)
        values = np.log(total / np.take_along_axis(p, t[..., None], axis=-1))[..., 0]
        return _only(values, counts), (y, p, total, t, counts)

    def backward_probabilities(self, scale: Any, cache: Any) -> Array:
        y, p, total, t, counts = cache
        hot = np.arange(p.shape[-1]) == t[..., None]
        dy = (1 / total - hot / p) * (p == y) * scale
        return dy if counts is None else dy * counts[..., None]

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        t, counts = self.kept(t)
        shifted = z - z.max(axis=-1, keepdims=True)
        flat = shifted.reshape(-1, z.shape[-1])
        at = np.arange(len(flat)), t.reshape(-1)
        values = np.log(np.exp(flat).sum(axis=-1))
        values -= flat[at]
        y = softmax(z) if y is None else y
        return _only(values.reshape(t.shape), counts), (y, at, counts)

    def backward_logits(self, scale: Any, cache: Any) -> Array:
        y, at, counts = cache
        dz = y.copy()
        dz.reshape(-1, y.shape[-1])[at] -= 1
        dz *= scale
        return dz if counts is None else dz * counts[..., None]


def binary(y: Array, t: Array) -> Array:
    """Return -t log y - (1 - t) log(1 - y) of each element, neither logarithm of less than 1e-7.

    1 - y is cut by itself: in float32, 1 - (1 - 1e-7) is 19 % more than 1e-7.
    """
    p, q = np.clip(y, EPSILON, 1 - EPSILON), np.clip(1 - y, EPSILON, 1 - EPSILON)
    return -(t * np.log(p) + (1 - t) * np.log(q))


def binary_of_logits(z: Array, t: Array) -> Array:
    """Return the same of p = sigmoid(z), in one new array."""
    values = np.abs(z)
    np.negative(values, out=values)
    np.exp(values, out=values)
    np.log1p(values, out=values)
    values += np.maximum(z, 0)
    values -= z * t
    return values


def normalised(y: Array, axis: int) -> tuple[Array, Array, Array]:
    """Return y / total, the same cut to [1e-7, 1 - 1e-7], and total = sum y."""
    total = y.sum(axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # all zero is no distribution; the trainer says so
        q = y / total
    return q, np.clip(q, EPSILON, 1 - EPSILON), total


def through_normalisation(slope: Array, q: Array, total: Array, axis: int) -> Array:
    """Turn the slope with respect to q = y / total into that with respect to y."""
    with np.errstate(invalid="ignore", divide="ignore"):  # as in `normalised`
        return (slope - (slope * q).sum(axis=axis, keepdims=True)) / total


def _only(values: Array, counts: Array | None) -> Array:
    return values if counts is None else values * counts
