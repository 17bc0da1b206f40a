"""Hinge losses: classes held apart by a margin; targets are -1 and 1, and labels 0 and 1 become these."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.losses import Array, Loss
from nnctl.registry import register


@register("loss")
class Hinge(Loss):
    """value = mean(max(1 - t y, 0)), over the last axis, t -1 or 1; a batch of 0 and 1 alone is turned into these

    Source  keras.losses.Hinge
    """

    targets = "binary"
    boundary = 0.0

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = signs(t)
        short = 1 - t * y
        return np.maximum(short, 0).mean(axis=-1), (short, t)

    def backward(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        short, t = cache
        return -t * (short >= 0) * (scale * (1 / t.shape[-1]))


@register("loss")
class SquaredHinge(Loss):
    """value = mean(max(1 - t y, 0)^2), over the last axis, t -1 or 1; a batch of 0 and 1 alone is turned into these

    Source  keras.losses.SquaredHinge
    """

    targets = "binary"
    boundary = 0.0

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        t = signs(t)
        short = np.maximum(1 - t * y, 0)
        return np.square(short).mean(axis=-1), (short, t)

    def backward(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        short, t = cache
        return -t * short * (scale * (2 / t.shape[-1]))


@register("loss")
class CategoricalHinge(Loss):
    """value = max(1 + max_i (1 - t_i) y_i - sum_i t_i y_i, 0), over the last axis, with one-hot t

    Source  keras.losses.CategoricalHinge
    """

    targets = "one_hot"

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        others = (1 - t) * y
        short = others.max(axis=-1) - (t * y).sum(axis=-1) + 1
        return np.maximum(short, 0), (others, short, t)

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        others, short, t = cache
        strongest = (others == others.max(axis=-1, keepdims=True)).astype(t.dtype)
        strongest /= strongest.sum(axis=-1, keepdims=True)  # a tie shares the slope
        return (strongest * (1 - t) - t) * (short >= 0)[..., None] * scale


def signs(t: Array) -> Array:
    """Turn targets that are all 0 or 1 into -1 and 1."""
    return 2 * t - 1 if ((t == 0) | (t == 1)).all() else t
