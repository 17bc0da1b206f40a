"""Spatial dropout: while training, whole channels are set to zero."""

from __future__ import annotations

from typing import Any

from nnctl.fields import field
from nnctl.layers import Array, Context, Shape
from nnctl.layers.dropout import SEED_DOC, draw_mask
from nnctl.layers.windows import DATA_FORMAT_DOC, ORDERINGS, DataFormat, Sliding
from nnctl.registry import register
from nnctl.rules import Fraction, NonNegativeInt


class SpatialDropout(Sliding):
    """y = x * keep / (1 - rate), one draw a channel"""

    own = ("trainable",)

    rate: Fraction = field(doc="Share of the channels set to zero.", legacy=("p",))
    seed: NonNegativeInt | None = field(None, doc=SEED_DOC)

    def build(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if not ctx.training or self.rate == 0:
            return x, None
        channels = self.split(x.shape[1:])[1]
        keep = draw_mask((len(x), *self.join((1,) * self.axes, channels)), self.rate, ctx.random, x.dtype)
        return x * keep, keep

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy if cache is None else dy * cache

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return mask


@register("layer")
class SpatialDropout1D(SpatialDropout):
    """y = x * keep / (1 - rate), keep = 1 with probability 1 - rate, one draw a channel;  y = x when not training

    Shapes  x (B, T, C)  y (B, T, C)
    Source  Tompson et al. 2015; keras.layers.SpatialDropout1D
    """

    axes = 1
    data_format = None
    examples = ({"rate": 0.5, "input_shape": [3, 4]},)


class _Ordered(SpatialDropout):
    """A SpatialDropout whose channels may come first."""

    rate: Fraction = field(doc="Share of the channels set to zero.", legacy=("p",))
    data_format: DataFormat = field("channels_last", doc=DATA_FORMAT_DOC, legacy={"dim_ordering": ORDERINGS})


@register("layer")
class SpatialDropout2D(_Ordered):
    """y = x * keep / (1 - rate), keep = 1 with probability 1 - rate, one draw a channel;  y = x when not training

    Shapes  x (B, H, W, C)  y (B, H, W, C)
    Source  Tompson et al. 2015; keras.layers.SpatialDropout2D
    """

    axes = 2
    examples = (
        {"rate": 0.5, "input_shape": [2, 2, 4]},
        {"rate": 0.3, "data_format": "channels_first", "input_shape": [4, 2, 2]},
    )


@register("layer")
class SpatialDropout3D(_Ordered):
    """y = x * keep / (1 - rate), keep = 1 with probability 1 - rate, one draw a channel;  y = x when not training

    Shapes  x (B, D, H, W, C)  y (B, D, H, W, C)
    Source  Tompson et al. 2015; keras.layers.SpatialDropout3D
    """

    axes = 3
    examples = ({"rate": 0.5, "input_shape": [2, 1, 2, 4]},)
