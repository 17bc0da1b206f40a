"""Batch normalization: every channel brought to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import AnInitializer, Initializer
from nnctl.layers import Array, Context, Layer, Shape, Weight, show_shape
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveFloat, Probability

MASK_EPSILON = 1e-7  # keeps the mean over no step finite, as keras.config.epsilon() does


Clipping = dict[Literal["rmax", "rmin", "dmax"], float]


class Affine(Layer):
    """y = gamma * n + beta, where n is x normalized: the end of every normalization.

    gamma and beta have the sizes of the axes `own`, which count with the batch axis in front.
    """

    center: bool = field(True, doc="Add beta.")
    scale: bool = field(True, doc="Multiply by gamma.")
    beta_initializer: AnInitializer = field("zeros", doc="How beta starts.", legacy=("beta_init",))
    gamma_initializer: AnInitializer = field("ones", doc="How gamma starts.", legacy=("gamma_init",))
    beta_regularizer: ARegularizer | None = field(None, doc="Penalty on beta.")
    gamma_regularizer: ARegularizer | None = field(None, doc="Penalty on gamma.")
    beta_constraint: AConstraint | None = field(None, doc="Projection of beta.")
    gamma_constraint: AConstraint | None = field(None, doc="Projection of gamma.")

    gamma: Weight | None
    beta: Weight | None

    def add_affine(self, input_shape: Shape, own: tuple[int, ...], *, center: bool, scale: bool) -> None:
        """Declare gamma and beta; remember along which axes they lie."""
        full = (1, *input_shape)
        self.lying = tuple(n if axis in own else 1 for axis, n in enumerate(full))
        shape = tuple(full[axis] for axis in own)
        gamma = self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
        beta = self.beta_initializer, self.beta_regularizer, self.beta_constraint
        self.gamma = self.weight("gamma", shape, *gamma) if scale else None
        self.beta = self.weight("beta", shape, *beta) if center else None

    def along(self, values: Array) -> Array:
        """Give values of `own` axes the other axes too, each of size 1."""
        return values.reshape(self.lying)

    def affine(self, n: Array) -> Array:
        y = n * self.along(self.gamma.value) if self.gamma else n.copy()
        if self.beta:
            y += self.along(self.beta.value)
        return y

    def affine_slope(self, dy: Array, n: Array) -> Array:
        """Write the gradients of gamma and beta; return that of n."""
        over = tuple(axis for axis, size in enumerate(self.lying) if axis == 0 or size == 1)
        if self.gamma:
            self.gamma.grad[...] = total(dy * n, over).reshape(self.gamma.shape)
        if self.beta:
            self.beta.grad[...] = total(dy, over).reshape(self.beta.shape)
        return dy * self.along(self.gamma.value) if self.gamma else dy


def total(x: Array, over: tuple[int, ...]) -> Array:
    """Return the sum over `over`, which has 0, with these axes kept; sums of sums lose less in float32."""
    inner = tuple(axis for axis in over if axis)
    return x.sum(axis=0, keepdims=True).sum(axis=inner, keepdims=True)


def axes_of(axes: int | tuple[int, ...], input_shape: Shape, who: str) -> tuple[int, ...]:
    """Return axes counted from the front in order, the batch being 0; ConfigError where there is none."""
    rank = len(input_shape) + 1
    given = axes if isinstance(axes, tuple) else (axes,)
    for axis in given:
        if not -rank < axis < rank or axis == 0:
            raise ConfigError(f"{who}: inputs of shape {show_shape(input_shape)} have no axis {axis} (the batch is 0)")
    return tuple(sorted({axis % rank for axis in given}))


class _Root(Initializer):
    """value = the square root of another initializer's"""

    def __init__(self, other: Initializer) -> None:
        self.other = other

    def __call__(self, shape: Shape, random: np.random.Generator, dtype: str) -> Array:
        return np.sqrt(self.other(shape, random, dtype))


@register("layer")
class BatchNormalization(Affine):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta

    While training, mean and variance are those of the batch, over all axes but `axis`, without masked steps, and
    moving <- momentum * moving + (1 - momentum) * batch. Otherwise, and where `trainable` is false, the moving ones.
    With renorm, r n + d is what gamma multiplies while training: n is x normalized by the batch, r = deviation / other
    deviation, d = (mean - other mean) / other deviation, the others moving with renorm_momentum; no gradient goes
    through r and d.
    Shapes  x (B, ..., C)  gamma (C,)  beta (C,)  moving_mean (C,)  moving_variance (C,)  y (B, ..., C)
    Source  Ioffe & Szegedy 2015, Ioffe 2017 (renorm); keras.layers.BatchNormalization
    """

    axis: int | tuple[int] = field(-1, doc="Axis of the channels, counted with the batch axis in front.")
    momentum: Probability = field(0.99, doc="How much of the moving mean and variance a step keeps.")
    epsilon: PositiveFloat = field(1e-3, doc="Keeps the division finite.")
    moving_mean_initializer: AnInitializer = field("zeros", doc="How the moving mean starts.", positional=False)
    moving_variance_initializer: AnInitializer = field("ones", doc="How the moving variance starts.", positional=False)

    renorm: bool = field(False, doc="Normalize as if by moving moments while training, too.", positional=False)
    renorm_clipping: Clipping | None = field(
        None, doc="Limits of renorm: rmin <= r <= rmax and -dmax <= d <= dmax; what is left out is no limit.",
        positional=False,
    )  # fmt: skip
    renorm_momentum: Probability = field(0.99, doc="How much of the moments for renorm a step keeps.", positional=False)

    mixes_rows = True
    recent = ("renorm", "renorm_clipping", "renorm_momentum")
    without_effect: ClassVar[Mapping[str, str]] = {"synchronized": "one process sees the whole batch"}
    examples = (
        {},
        {"axis": 1, "momentum": 0.5, "center": False, "input_shape": [3, 4]},
        {"scale": False, "input_shape": [2, 3, 2]},
        {"trainable": False},
        {"renorm": True, "renorm_clipping": {"rmax": 3.0, "dmax": 5.0}, "trainable": False},
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        limits = self.renorm_clipping or {}
        if limits.get("rmax", np.inf) < limits.get("rmin", -np.inf):
            yield "renorm_clipping", f"expected rmax >= rmin, got {limits['rmax']:g} < {limits['rmin']:g}"
        if limits.get("dmax", 0) < 0:
            yield "renorm_clipping", f"expected dmax >= 0, got {limits['dmax']:g}"

    def build(self, input_shape: Shape) -> Shape:
        (axis,) = axes_of(self.axis, input_shape, self.title())
        self.add_affine(input_shape, (axis,), center=self.center, scale=self.scale)
        self.over = tuple(other for other in range(len(input_shape) + 1) if other != axis)
        shape = (input_shape[axis - 1],)
        self.moving_mean = self.weight("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.weight("moving_variance", shape, self.moving_variance_initializer, trainable=False)
        if self.renorm:
            root = _Root(self.moving_variance_initializer)
            self.moving_stddev = self.weight("moving_stddev", shape, root, trainable=False)
            self.renorm_mean = self.weight("renorm_mean", shape, self.moving_mean_initializer, trainable=False)
            self.renorm_stddev = self.weight("renorm_stddev", shape, root, trainable=False)
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not (ctx.training and self.trainable):
            inverse = 1 / np.sqrt(self.along(self.moving_variance.value) + self.epsilon)
            n = (x - self.along(self.moving_mean.value)) * inverse
            return self.affine(n), (n, n, inverse, None, None)
        kept, count = self.counted(x, ctx.mask)
        mean = total(x if kept is None else np.where(kept, x, 0), self.over) / count
        n = x - mean
        among = n if kept is None else n * kept
        variance = total(among * n, self.over) / count
        inverse = 1 / np.sqrt(variance + self.epsilon)
        n *= inverse
        seen, r = n, None
        if self.renorm:
            r, d = self.corrections(mean, 1 / inverse)
            seen = n * r + d
            self.move_deviations(mean, 1 / inverse)
        else:
            self.move(self.moving_variance.value, variance)
        self.move(self.moving_mean.value, mean)
        return self.affine(seen), (seen, n, inverse, (kept, count), r)

    def corrections(self, mean: Array, deviation: Array) -> tuple[Array, Array]:
        """Return r and d of batch renormalization."""
        other = np.maximum(self.along(self.renorm_stddev.value), np.sqrt(self.epsilon).astype(mean.dtype))
        r, d = deviation / other, (mean - self.along(self.renorm_mean.value)) / other
        limits = self.renorm_clipping or {}
        r = r.clip(limits.get("rmin", -np.inf), limits.get("rmax", np.inf))
        return r, d.clip(-limits.get("dmax", np.inf), limits.get("dmax", np.inf))

    def move_deviations(self, mean: Array, deviation: Array) -> None:
        self.move(self.renorm_mean.value, mean, self.renorm_momentum)
        self.move(self.renorm_stddev.value, deviation, self.renorm_momentum)
        self.move(self.moving_stddev.value, deviation)
        squares = np.square(self.moving_stddev.value)
        self.moving_variance.value[...] = np.maximum(squares - self.epsilon, 0)

    def counted(self, x: Array, mask: Array | None) -> tuple[Array | None, float]:
        """Return which values count for the moments (None: all), and how many of each channel."""
        if mask is None:
            return None, float(x.size // self.moving_mean.size)
        kept = np.broadcast_to(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), x.shape)
        return kept, float(kept.sum() // self.moving_mean.size) + MASK_EPSILON

    def move(self, moving: Array, batch: Array, momentum: float | None = None) -> None:
        momentum = self.momentum if momentum is None else momentum
        moving *= momentum
        moving += (1 - momentum) * batch.reshape(moving.shape)

    def backward(self, dy: Array, cache: Any) -> Array | None:
        seen, n, inverse, moments, r = cache
        dn = self.affine_slope(dy, seen)
        if not self.needs_dx:
            return None
        if r is not None:
            dn = dn * r
        if moments is None:
            return dn * inverse
        # With n = (x - mean) * inverse: what moves x moves the mean and the variance as well.
        kept, count = moments
        by_mean = total(dn, self.over) / count
        by_variance = total(dn * n, self.over) / count
        if kept is None:
            dx = dn - by_mean
            dx -= n * by_variance
        else:
            # The masked mean is divided by a little more than the number of steps, so n does not sum to 0.
            by_mean -= by_variance * total(n * kept, self.over) / count
            dx = dn - kept * (by_mean + n * by_variance)
        dx *= inverse
        return dx
