"""Embedding: every whole number has a row of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.constraints import AConstraint
from nnctl.errors import DataError
from nnctl.fields import field
from nnctl.initializers import AnInitializer
from nnctl.layers import Array, Context, InputShape, Layer, Shape, rows
from nnctl.layers.dropout import draw_mask
from nnctl.registry import register
from nnctl.regularizers import ARegularizer
from nnctl.rules import Fraction, PositiveInt


@register("layer")
class Embedding(Layer):
    """y = embeddings[x]

    x holds whole numbers from 0 to input_dim - 1; any other raises DataError. With mask_zero, 0 is
    no word but padding: the time steps where it stands are masked.
    Shapes  x (B, ...)  embeddings (input_dim, output_dim)  y (B, ..., output_dim)
    Source  keras.layers.Embedding
    """

    rank = (0, None)
    own = ("dropout",)
    makes_mask = True

    input_dim: PositiveInt = field(doc="Rows of the table: the largest index + 1.")
    output_dim: PositiveInt = field(doc="Width of a row.")
    embeddings_initializer: AnInitializer = field("uniform", doc="How the table starts.", legacy=("init",))
    embeddings_regularizer: ARegularizer | None = field(None, doc="Penalty on the table.", legacy=("W_regularizer",))
    embeddings_constraint: AConstraint | None = field(None, doc="Projection of the table.", legacy=("W_constraint",))
    mask_zero: bool = field(False, doc="Mask the steps where x is 0.")
    dropout: Fraction | None = field(
        None, doc="Share of the table's rows set to zero while training; Keras 1 has it, Keras 3 not.", positional=False
    )
    input_shape: InputShape | None = field(
        None,
        doc="Shape of one input, for a first layer without an Input before it.",
        positional=False,
        legacy={"input_length": lambda length: (length,), "batch_input_shape": lambda shape: tuple(shape)[1:]},
    )

    examples = (
        {"input_dim": 5, "output_dim": 3, "input_shape": [4]},
        {"input_dim": 5, "output_dim": 2, "mask_zero": True, "dropout": 0.4, "input_shape": [4]},
    )

    def build(self, input_shape: Shape) -> Shape:
        self.embeddings = self.weight(
            "embeddings", (self.input_dim, self.output_dim),
            self.embeddings_initializer, self.embeddings_regularizer, self.embeddings_constraint,
        )  # fmt: skip
        return (*input_shape, self.output_dim)

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return x != 0 if self.mask_zero else None

    def misfit(self, x: Array, stop: int | None = None) -> tuple[int, ...] | None:
        """Return the place of the first value that is no whole number from 0 to `stop` (input_dim) - 1, or None."""
        stop = stop or self.input_dim
        if x.size == 0 or (x.min() >= 0 and x.max() < stop and (x.dtype.kind != "f" or _whole(x))):
            return None
        wrong = ~((x >= 0) & (x < stop) & (np.floor(x) == x))  # so that NaN is wrong, too
        return tuple(int(axis) for axis in np.argwhere(wrong)[0])

    def indices(self, x: Array) -> Array:
        """Return x as indices, none of which would wrap round; raise DataError naming row and value."""
        place = self.misfit(x)
        if place is None:
            return x.astype(np.intp, copy=False)
        raise DataError(
            f"Embedding {self.name!r} expects whole numbers from 0 to {self.input_dim - 1}, got {x[place]:g} "
            f"in row {place[0]}{f' at {list(place[1:])}' if place[1:] else ''}; set input_dim to the largest number + 1"
        )

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        indices = self.indices(x)
        y = self.embeddings.value.take(indices, axis=0)
        keep = None
        if ctx.training and self.dropout:
            keep = draw_mask((self.input_dim,), self.dropout, ctx.random, y.dtype)[indices][..., None]
            y *= keep
        return y, (indices, keep)

    def backward(self, dy: Array, cache: Any) -> None:
        indices, keep = cache
        kernels.add_rows(self.embeddings.grad, indices.reshape(-1), rows(dy if keep is None else dy * keep))


def _whole(x: Array) -> bool:
    return bool((np.floor(x) == x).all())
