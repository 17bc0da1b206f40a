"""Losses between distributions: of counts, of classes."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt, Lt

from nnctl.fields import field
from nnctl.losses import EPSILON, Array, Loss
from nnctl.registry import register


@register("loss")
class Poisson(Loss):
    """value = mean(y - t log(y + 1e-7)), over the last axis: counts t around their mean y

    Source  keras.losses.Poisson
    """

    positive = True

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        with np.errstate(invalid="ignore", divide="ignore"):  # a mean below 0 is no number; the trainer says so
            return (y - t * np.log(y + EPSILON)).mean(axis=-1), (y, t)

    def backward(self, scale: Any, cache: tuple[Array, Array]) -> Array:
        y, t = cache
        return (1 - t / (y + EPSILON)) * (scale * (1 / y.shape[-1]))


@register("loss", aliases=("kld", "KLD", "kullback_leibler_divergence"))
class KLDivergence(Loss):
    """value = sum_i t_i log(t_i / y_i), over the last axis; both are cut to [1e-7, 1]

    Source  Kullback & Leibler 1951; keras.losses.KLDivergence
    """

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        p, t = np.clip(y, EPSILON, 1), np.clip(t, EPSILON, 1)
        return (t * np.log(t / p)).sum(axis=-1), (y, p, t)

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        y, p, t = cache
        return -t / p * (p == y) * scale


@register("loss")
class CategoricalGeneralizedCrossEntropy(Loss):
    """value = (1 - y_t^q) / q, where t is the number of the right class: robust against wrong labels

    Source  Zhang & Sabuncu 2018, eq. 6; keras.losses.CategoricalGeneralizedCrossEntropy
    """

    targets = "index"
    positive = True

    q: Annotated[float, Gt(0), Lt(1)] = field(0.5, doc="From crossentropy (near 0) to absolute error (near 1).")

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        p = np.take_along_axis(y, t[..., None], axis=-1)
        with np.errstate(invalid="ignore"):
            return (1 - p[..., 0] ** self.q) / self.q, (p, t, y.shape)

    def backward(self, scale: Any, cache: Any) -> Array:
        p, t, shape = cache
        dy = np.zeros(shape, p.dtype)
        with np.errstate(invalid="ignore"):
            slope = -(np.where(p == 0, np.finfo(p.dtype).tiny, p) ** (self.q - 1))
        np.put_along_axis(dy, t[..., None], slope * scale, axis=-1)
        return dy
