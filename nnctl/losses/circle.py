"""Circle loss: embeddings of one class drawn together, those of others pushed away, within the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations.saturating import sigmoid, softplus
from nnctl.fields import field
from nnctl.losses import Array, Loss
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, PositiveFloat


@register("loss")
class Circle(Loss):
    """value_i = log(1 + sum_pos exp(gamma (d^2 - m^2)) sum_neg exp(gamma (1 + m - d) (1 - m - d)))

    d = max(1 - y_i y_j, 0) is the distance of samples i and j; the second sum takes no 1 + m - d below 0.
    pos are the other samples of the batch with the class of i, neg those of other classes; y should
    have length 1 (UnitNormalization). A value of 0 does not count in the mean.
    Source  Sun et al. 2020, eq. 6; keras.losses.Circle
    """

    targets = "index"
    averages = False

    gamma: PositiveFloat = field(80.0, doc="How sharply the hardest pairs are picked out.")
    margin: NonNegativeFloat = field(0.4, doc="m: how far apart the classes must be.")
    remove_diagonal: bool = field(True, doc="Leave the pair of a sample with itself out.")

    examples = ({"gamma": 2.0}, {"gamma": 3.0, "margin": 0.2, "remove_diagonal": False})

    def classes(self, output_shape: tuple[int, ...]) -> None:
        return None  # the outputs are an embedding, not one a class

    def counted(self, values: Array, t: Array, mask: Array | None) -> Array | None:
        return values > 0 if mask is None else mask & (values > 0)

    def forward(self, y: Array, t: Array) -> tuple[Array, Any]:
        apart = 1 - y @ y.T
        d = np.maximum(apart, 0)
        same = t[:, None] == t[None, :]
        others = ~same
        if self.remove_diagonal:
            same = same & ~np.eye(len(t), dtype=bool)
        near, near_share = _log_sum_exp(self.gamma * (d * d - self.margin**2), same)
        far = self.gamma * np.maximum(1 + self.margin - d, 0) * (1 - self.margin - d)
        far, far_share = _log_sum_exp(far, others)
        inside = 1 + self.margin - d > 0
        slope = near_share * (2 * self.gamma * d) + far_share * inside * (2 * self.gamma * (d - 1))
        return softplus(near + far), (y, near + far, slope * (apart >= 0))

    def backward(self, scale: Any, cache: tuple[Array, ...]) -> Array:
        y, total, slope = cache
        pairs = slope * (sigmoid(total)[:, None] * scale)
        return -(pairs @ y + pairs.T @ y)


def _log_sum_exp(x: Array, kept: Array) -> tuple[Array, Array]:
    """Return log sum exp x over the kept of each row, and the share of each; a row without any gives a far negative."""
    lowest = np.finfo(x.dtype).min / 4
    x = np.where(kept, x, lowest)
    top = x.max(axis=1, keepdims=True, initial=lowest)
    e = np.exp(x - top) * kept
    total = e.sum(axis=1, keepdims=True)
    empty = total == 0
    total = np.where(empty, 1, total)
    return (top + np.log(total))[:, 0], e / total
