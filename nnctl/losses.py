"""Losses: how far predictions y are from targets t, one number a sample, and the slope of it.

The contract, all of it in `Loss`:

    values, cache = loss.forward(y, t)       values (B, ...): one number a sample (and time step)
    dy = loss.backward(scale, cache)         scale times d values / dy; scale is a number or (B, ..., 1)

and, for a crossentropy that follows softmax or sigmoid, the same from the logits z, which is
exact where the probabilities are 0 or 1 (`fuses` names the activation):

    values, cache = loss.forward_logits(z, y, t)
    dz = loss.backward_logits(scale, cache)

The reduction is Keras 3's: the weighted sum over the batch divided by the number of samples.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import Of, Probability

Array = np.ndarray[Any, np.dtype[Any]]

EPSILON = 1e-7  # keras.config.epsilon(): probabilities are kept this far from 0 and 1
Reduction = Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]
SMOOTHING_DOC = "Moves hard 0/1 targets this share of the way to the uniform distribution."
LOGITS_DOC = "The predictions are logits: the network ends without softmax or sigmoid."


class Loss(Thing):
    """values = f(y, t)"""

    targets: ClassVar[Literal["values", "binary", "index", "one_hot"]] = "values"
    fuses: ClassVar[str | None] = None

    reduction: Reduction = field("sum_over_batch_size", doc="How the values of a batch become one.", positional=False)
    name: str | None = field(None, doc="Name in the model file.", positional=False)

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, scale: Any, cache: Any) -> Array:
        raise NotImplementedError

    def forward_logits(self, z: Array, y: Array, t: Array) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward_logits(self, scale: Any, cache: Any) -> Array:
        raise NotImplementedError

    def scale(self, values: Array, weight: Array | None, mask: Array | None) -> tuple[float, Any]:
        """Reduce the values of a batch: return the loss and the factor of each value's gradient.

        A mask takes its steps out of the sum and out of the count.
        """
        if mask is not None:
            kept = mask.astype(values.dtype)
            weight = kept if weight is None else _spread(weight, values) * kept
            count = max(float(kept.sum()), EPSILON)
        else:
            count = float(values.size)
        if self.reduction == "sum":
            count = 1.0
        if weight is None:
            return float(values.sum()) / count, 1 / count
        weight = _spread(weight, values)
        if self.reduction == "mean_with_sample_weight":
            count = max(float(weight.sum()), EPSILON)
        return float((values * weight).sum()) / count, (weight * values.dtype.type(1 / count))[..., None]

    def adapt_targets(self, t: Array, output_shape: tuple[int, ...]) -> Array:
        """Give targets (N, ...) the rank that the predictions (N, *output_shape) need; done once, not a batch.

        Raises ConfigError where the shapes do not fit.
        """
        wanted = output_shape[:-1] if self.targets == "index" else output_shape
        if t.shape[1:] != wanted:
            if t.shape[1:] == (*wanted, 1):
                t = t[..., 0]
            elif (*t.shape[1:], 1) == wanted:
                t = t[..., None]
            else:
                shown = ("N", *wanted), ("N", *t.shape[1:])
                raise ConfigError(f"{self.title()} on outputs of shape {_shape('N', *output_shape)} expects "
                                  f"targets of shape {_shape(*shown[0])}, got {_shape(*shown[1])}")
        if self.targets == "index":
            return _as_indices(t, output_shape[-1], self.title(), getattr(self, "ignore_class", None))
        return t


ALoss = Annotated[Loss, Of("loss")]


def _shape(*sizes: Any) -> str:
    return "(" + ", ".join(map(str, sizes)) + ")"


def _as_indices(t: Array, classes: int, who: str, ignored: int | None) -> Array:
    """Check class numbers once, so that no number ever wraps round to the last class."""
    indices = t.astype(np.int64)
    if not np.array_equal(indices, t):
        raise ConfigError(f"{who} expects whole class numbers as targets, got {t.dtype} with fractions")
    wrong = (indices < 0) | (indices >= classes)
    if ignored is not None:
        wrong &= indices != ignored
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise ConfigError(f"{who} expects class numbers from 0 to {classes - 1}, got {indices[wrong].flat[0]} in row {row}")
    return indices


def _spread(weight: Array, values: Array) -> Array:
    """Repeat weights (B,) over the time steps of values (B, T)."""
    return weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)) * np.ones_like(values)


@register("loss", aliases=("mse", "MSE"))
class MeanSquaredError(Loss):
    """value = mean((y - t)^2), over the last axis

    Source  keras.losses.MeanSquaredError
    """

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        difference = y - t
        return np.square(difference).mean(axis=-1), difference

    def backward(self, scale: Any, cache: Array) -> Array:
        return cache * (scale * (2 / cache.shape[-1]))


@register("loss", aliases=("mae", "MAE"))
class MeanAbsoluteError(Loss):
    """value = mean(|y - t|), over the last axis; the slope at 0 is 0

    Source  keras.losses.MeanAbsoluteError
    """

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        difference = y - t
        return np.abs(difference).mean(axis=-1), difference

    def backward(self, scale: Any, cache: Array) -> Array:
        return np.sign(cache) * (scale * (1 / cache.shape[-1]))


@register("loss", aliases=("bce",))
class BinaryCrossentropy(Loss):
    """value = mean(-t log y - (1 - t) log(1 - y)), over the last axis

    From logits: max(z, 0) - z t + log(1 + exp(-|z|)), with slope y - t.
    Source  keras.losses.BinaryCrossentropy
    """

    targets = "binary"
    fuses = "sigmoid"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    label_smoothing: Probability = field(0.0, doc=SMOOTHING_DOC)

    def smooth(self, t: Array) -> Array:
        return t * (1 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else t

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        p = np.clip(y, EPSILON, 1 - EPSILON)
        return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(axis=-1), (y, p, t)

    def backward(self, scale: Any, cache: tuple[Array, Array, Array]) -> Array:
        y, p, t = cache
        dy = (p - t) / (p * (1 - p)) * (scale * (1 / y.shape[-1]))
        return dy * (p == y)  # no slope where the probability was cut

    def forward_logits(self, z: Array, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        values = np.abs(z)
        np.negative(values, out=values)
        np.exp(values, out=values)
        np.log1p(values, out=values)
        values += np.maximum(z, 0)
        values -= z * t
        return values.mean(axis=-1) if z.shape[-1] > 1 else values[..., 0], (y, t)

    def backward_logits(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, t = cache
        dz = y - t
        dz *= scale * (1 / y.shape[-1])
        return dz


@register("loss")
class CategoricalCrossentropy(Loss):
    """value = -sum_i t_i log y_i, over the last axis, with one-hot t

    From logits: -sum_i t_i (z_i - log sum_j exp z_j), with slope y sum(t) - t.
    Source  keras.losses.CategoricalCrossentropy
    """

    targets = "one_hot"
    fuses = "softmax"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    label_smoothing: Probability = field(0.0, doc=SMOOTHING_DOC)

    def smooth(self, t: Array) -> Array:
        if not self.label_smoothing:
            return t
        return t * (1 - self.label_smoothing) + self.label_smoothing / t.shape[-1]

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        total = y.sum(axis=-1, keepdims=True)
        p = np.clip(y / total, EPSILON, 1 - EPSILON)
        return -(t * np.log(p)).sum(axis=-1), (y / total, p, total, t)

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        return _through_normalisation(*cache) * scale

    def forward_logits(self, z: Array, y: Array, t: Array) -> tuple[Array, Any]:
        t = self.smooth(t)
        return -(t * log_softmax(z)).sum(axis=-1), (y, t)

    def backward_logits(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, t = cache
        dz = y * t.sum(axis=-1, keepdims=True)
        dz -= t
        dz *= scale
        return dz


@register("loss")
class SparseCategoricalCrossentropy(Loss):
    """value = -log y_t, where t is the number of the right class

    From logits: log sum_j exp z_j - z_t, with slope y - onehot(t).
    Source  keras.losses.SparseCategoricalCrossentropy
    """

    targets = "index"
    fuses = "softmax"

    from_logits: bool = field(False, doc=LOGITS_DOC)
    ignore_class: int | None = field(None, doc="Class number that stands for 'no label': such places cost nothing.")

    def kept(self, t: Array) -> tuple[Array, Array | None]:
        """Return indices that can be looked up, and which of them count (None: all)."""
        if self.ignore_class is None:
            return t, None
        counts = t != self.ignore_class
        return np.where(counts, t, 0), counts

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        t, counts = self.kept(t)
        total = y.sum(axis=-1, keepdims=True)
        p = np.clip(y / total, EPSILON, 1 - EPSILON)
        values = -np.log(np.take_along_axis(p, t[..., None], axis=-1)[..., 0])
        return _only(values, counts), (y / total, p, total, t, counts)

    def backward(self, scale: Any, cache: Any) -> Array:
        q, p, total, t, counts = cache
        hot = (np.arange(p.shape[-1]) == t[..., None]).astype(p.dtype)
        dy = _through_normalisation(q, p, total, hot) * scale
        return dy if counts is None else dy * counts[..., None]

    def forward_logits(self, z: Array, y: Array, t: Array) -> tuple[Array, Any]:
        t, counts = self.kept(t)
        shifted = z - z.max(axis=-1, keepdims=True)
        flat = shifted.reshape(-1, z.shape[-1])
        at = np.arange(len(flat)), t.reshape(-1)
        values = np.log(np.exp(flat).sum(axis=-1))
        values -= flat[at]
        return _only(values.reshape(t.shape), counts), (y, at, counts)

    def backward_logits(self, scale: Any, cache: Any) -> Array:
        y, at, counts = cache
        dz = y.copy()
        dz.reshape(-1, y.shape[-1])[at] -= 1
        dz *= scale
        return dz if counts is None else dz * counts[..., None]


def _only(values: Array, counts: Array | None) -> Array:
    return values if counts is None else values * counts


def _through_normalisation(q: Array, p: Array, total: Array, t: Array) -> Array:
    """Slope of -sum t log p with respect to y, where q = y / total and p is q, cut to [eps, 1 - eps]."""
    slope = np.where(p == q, -t / p, 0)
    return (slope - (slope * q).sum(axis=-1, keepdims=True)) / total


def log_softmax(z: Array) -> Array:
    """Return z - log sum exp z over the last axis, finite for any finite z."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
