"""Input: the shape of one sample, said at the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from nnctl.fields import field
from nnctl.layers import BATCH_SIZE, Layer
from nnctl.registry import register
from nnctl.rules import PositiveInt


@register("layer", aliases=("InputLayer",))
class Input(Layer):
    """y = x

    Says the shape of the inputs; it computes nothing, and the model does not run it.
    Shapes  x (B, *shape)  y (B, *shape)
    Source  keras.Input
    """

    shape: tuple[PositiveInt | None, ...] = field(
        doc="Shape of one sample, without the batch axis.", legacy={"batch_shape": lambda shape: tuple(shape)[1:]}
    )

    without_effect: ClassVar[Mapping[str, str]] = {"batch_size": BATCH_SIZE}
    examples = ({"shape": [3]},)
