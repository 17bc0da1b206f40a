"""Losses: how far predictions y are from targets t, one number a sample, and the slope of it.

The contract, all of it in `Loss`; the other files of this folder are examples of it:

    values, cache = loss.forward(y, t)       values (B, ...): one number a sample (and time step)
    dy = loss.backward(scale, cache)         scale times d values / dy; scale is a number or (B, ..., 1)

and, for a crossentropy that follows softmax or sigmoid and `fuses`, the same from the logits z,
which is exact where the probabilities are 0 or 1 (`expects` names its activation; y is None where
the network closes with the other one, whose logits Keras takes all the same):

    values, cache = loss.forward_logits(z, y, t)
    dz = loss.backward_logits(scale, cache)

The reduction is Keras 3's: the weighted sum over the batch divided by the number of samples.
A loss whose `values` are one number for the whole batch (Dice) gives an array of no dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from nnctl.errors import ConfigError
from nnctl.fields import Thing, field
from nnctl.registry import exported
from nnctl.rules import Of

Array = np.ndarray[Any, np.dtype[Any]]

EPSILON = 1e-7  # keras.config.epsilon(): probabilities are kept this far from 0 and 1
Reduction = Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] | None


class Loss(Thing):
    """values = f(y, t)"""

    kind: ClassVar[str] = "loss"

    targets: ClassVar[Literal["values", "binary", "index", "one_hot"]] = "values"
    expects: ClassVar[str | None] = None  # the activation that gives the probabilities it takes
    fuses: ClassVar[bool] = False  # whether it is computed from the logits of softmax and sigmoid
    positive: ClassVar[bool] = False  # whether it is a number only for predictions above 0
    boundary: ClassVar[float] = 0.5  # one output above it means class 1
    averages: ClassVar[bool] = True  # whether the mean of its values over samples is a metric

    reduction: Reduction = field("sum_over_batch_size", doc="How the values of a batch become one.", positional=False)
    name: str | None = field(None, doc="Name in the model file.", positional=False)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.reduction in (None, "none"):
            yield "reduction", "training needs one number a batch: write sum_over_batch_size or sum"

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, scale: Any, cache: Any) -> Array:
        raise NotImplementedError

    def forward_logits(self, z: Array, y: Array | None, t: Array) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward_logits(self, scale: Any, cache: Any) -> Array:
        raise NotImplementedError

    def closes(self, head: Any) -> bool:
        """Whether the outputs of this activation are the very probabilities that the loss makes of the logits."""
        return head.title() == self.expects and getattr(head, "axis", -1) == getattr(self, "axis", -1)

    def counted(self, values: Array, t: Array, mask: Array | None) -> Array | None:
        """Return which values count, None for all; a loss that leaves some out itself narrows the mask."""
        return mask

    def scale(self, values: Array, weight: Array | None, mask: Array | None) -> tuple[float, Any]:
        """Reduce the values of a batch: return the loss and the factor of each value's gradient.

        A mask takes its steps out of the sum and out of the count.
        """
        if values.ndim == 0:
            factor = self._share(weight)
            return float(values) * factor, factor
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

    def _share(self, weight: Array | None) -> float:
        """Return the weight of a batch that has one value alone."""
        if weight is None or self.reduction == "mean_with_sample_weight":
            return 1.0
        return float(weight.sum() if self.reduction == "sum" else weight.mean())

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
                raise ConfigError(
                    f"{self.title()} on outputs of shape {_shape('N', *output_shape)} expects "
                    f"targets of shape {_shape(*shown[0])}, got {_shape(*shown[1])}"
                )
        if self.targets == "index":
            return _as_indices(t, self.classes(output_shape), self.title(), getattr(self, "ignore_class", None))
        return t

    def classes(self, output_shape: tuple[int, ...]) -> int | None:
        """Return how many classes the outputs tell apart, where targets are classes; None for no such limit."""
        return output_shape[-1]


ALoss = Annotated[Loss, Of("loss")]


def widen(scale: Any, axis: int | tuple[int, ...], ndim: int) -> Any:
    """Give scale (..., 1) of values that were reduced over `axis` the rank of the predictions."""
    if isinstance(scale, float) or np.ndim(scale) == 0:  # the first alone takes no time
        return scale
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(scale[..., 0], tuple(a % ndim for a in axes))


def _shape(*sizes: Any) -> str:
    return "(" + ", ".join(map(str, sizes)) + ")"


def _as_indices(t: Array, classes: int | None, who: str, ignored: int | None) -> Array:
    """Check class numbers once, so that no number ever wraps round to the last class."""
    indices = t.astype(np.int64)
    if not np.array_equal(indices, t):
        raise ConfigError(f"{who} expects whole class numbers as targets, got {t.dtype} with fractions")
    wrong = indices < 0
    if classes is not None:
        wrong |= indices >= classes
    if ignored is not None:
        wrong &= indices != ignored
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        came = f"got {indices[wrong].flat[0]} in row {row}"
        limit = "0 on" if classes is None else f"0 to {classes - 1}"
        raise ConfigError(f"{who} expects class numbers from {limit}, {came}")
    return indices


def _spread(weight: Array, values: Array) -> Array:
    """Repeat weights (B,) over the time steps of values (B, T)."""
    return weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)) * np.ones_like(values)


def __getattr__(name: str) -> Any:
    return exported("loss", name)
