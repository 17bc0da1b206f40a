"""Batch normalization: every channel brought to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nnctl.constraints import AConstraint
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, Layer, Shape, Weight, show_shape
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import PositiveFloat, Probability

MASK_EPSILON = 1e-7  # keeps the mean over no step finite, as keras.config.epsilon() does


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


@register("layer")
class BatchNormalization(Affine):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta

    While training, mean and variance are those of the batch, over all axes but `axis`, without masked steps, and
    moving <- momentum * moving + (1 - momentum) * batch. Otherwise, and where `trainable` is false, the moving ones.
    Shapes  x (B, ..., C)  gamma (C,)  beta (C,)  moving_mean (C,)  moving_variance (C,)  y (B, ..., C)
    Source  Ioffe & Szegedy 2015; keras.layers.BatchNormalization
    """

    axis: int | tuple[int] = field(-1, doc="Axis of the channels, counted with the batch axis in front.")
    momentum: Probability = field(0.99, doc="How much of the moving mean and variance a step keeps.")
    epsilon: PositiveFloat = field(1e-3, doc="Keeps the division finite.")
    moving_mean_initializer: AnInitializer = field("zeros", doc="How the moving mean starts.", positional=False)
    moving_variance_initializer: AnInitializer = field("ones", doc="How the moving variance starts.", positional=False)

    mixes_rows = True
    without_effect: ClassVar[Mapping[str, str]] = {"synchronized": "one process sees the whole batch"}
    examples = (
        {},
        {"axis": 1, "momentum": 0.5, "center": False, "input_shape": [3, 4]},
        {"scale": False, "input_shape": [2, 3, 2]},
        {"trainable": False},
    )

    def build(self, input_shape: Shape) -> Shape:
        (axis,) = axes_of(self.axis, input_shape, self.title())
        self.add_affine(input_shape, (axis,), center=self.center, scale=self.scale)
        self.over = tuple(other for other in range(len(input_shape) + 1) if other != axis)
        shape = (input_shape[axis - 1],)
        self.moving_mean = self.weight("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.weight("moving_variance", shape, self.moving_variance_initializer, trainable=False)
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not (ctx.training and self.trainable):
            inverse = 1 / np.sqrt(self.along(self.moving_variance.value) + self.epsilon)
            n = (x - self.along(self.moving_mean.value)) * inverse
            return self.affine(n), (n, inverse, None)
        kept, count = self.counted(x, ctx.mask)
        mean = total(x if kept is None else np.where(kept, x, 0), self.over) / count
        n = x - mean
        among = n if kept is None else n * kept
        variance = total(among * n, self.over) / count
        self.move(self.moving_mean.value, mean)
        self.move(self.moving_variance.value, variance)
        inverse = 1 / np.sqrt(variance + self.epsilon)
        n *= inverse
        return self.affine(n), (n, inverse, (kept, count))

    def counted(self, x: Array, mask: Array | None) -> tuple[Array | None, float]:
        """Return which values count for the moments (None: all), and how many of each channel."""
        if mask is None:
            return None, float(x.size // self.moving_mean.size)
        kept = np.broadcast_to(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), x.shape)
        return kept, float(kept.sum() // self.moving_mean.size) + MASK_EPSILON

    def move(self, moving: Array, batch: Array) -> None:
        moving *= self.momentum
        moving += (1 - self.momentum) * batch.reshape(moving.shape)

    def backward(self, dy: Array, cache: Any) -> Array | None:
        n, inverse, moments = cache
        dn = self.affine_slope(dy, n)
        if not self.needs_dx:
            return None
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
