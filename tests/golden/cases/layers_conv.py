"""Convolutions of every kind: strides, dilation, groups, padding, both orders of the axes."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x)


LINE, PLANE, CUBE = normal(2, 7, 2), normal(2, 5, 6, 2), normal(1, 4, 3, 4, 2)
LINE_FIRST, PLANE_FIRST, CUBE_FIRST = normal(2, 2, 7), normal(2, 2, 5, 6), normal(1, 2, 4, 3, 4)
FIRST = {"data_format": "channels_first"}

CONV_1D = [
    *(on(LINE, "Conv1D", filters=3, kernel_size=3, padding=padding) for padding in ("valid", "same", "causal")),
    *(
        on(LINE, "Conv1D", filters=2, kernel_size=size, strides=2, padding=padding)
        for size in (2, 3)
        for padding in ("valid", "same", "causal")
    ),
    *(
        on(LINE, "Conv1D", filters=2, kernel_size=2, dilation_rate=2, padding=padding)
        for padding in ("valid", "same", "causal")
    ),
    on(LINE, "Conv1D", filters=2, kernel_size=4, padding="same", activation="relu", use_bias=False),
    on(LINE, "Conv1D", filters=2, kernel_size=1),
    on(LINE, "Conv1D", filters=2, kernel_size=7),
    on(normal(2, 6, 4), "Conv1D", filters=4, kernel_size=2, groups=2),
    on(normal(2, 6, 4), "Conv1D", filters=8, kernel_size=3, groups=4, padding="same"),
    on(LINE_FIRST, "Conv1D", filters=3, kernel_size=3, **FIRST),
    on(LINE_FIRST, "Conv1D", filters=3, kernel_size=2, strides=2, padding="same", **FIRST),
    LayerCase(name="Conv1D", config={"filters": 2, "kernel_size": 2}, x=LINE, mask="right"),
]

CONV_2D = [
    *(on(PLANE, "Conv2D", filters=3, kernel_size=[3, 2], padding=padding) for padding in ("valid", "same")),
    *(
        on(PLANE, "Conv2D", filters=2, kernel_size=size, strides=strides, padding=padding)
        for size, strides in ((2, 2), (3, 2), ([3, 2], [1, 3]), ([1, 4], [3, 2]))
        for padding in ("valid", "same")
    ),
    *(
        on(PLANE, "Conv2D", filters=2, kernel_size=2, dilation_rate=rate, padding=padding)
        for rate in (2, [1, 3])
        for padding in ("valid", "same")
    ),
    on(PLANE, "Conv2D", filters=2, kernel_size=1),
    on(PLANE, "Conv2D", filters=2, kernel_size=[5, 6]),
    on(PLANE, "Conv2D", filters=2, kernel_size=5, padding="same"),
    on(PLANE, "Conv2D", filters=2, kernel_size=2, use_bias=False, activation="tanh"),
    on(PLANE, "Conv2D", filters=2, kernel_size=2, activation="softmax"),
    on(normal(2, 4, 4, 4), "Conv2D", filters=4, kernel_size=2, groups=2),
    on(normal(2, 4, 4, 4), "Conv2D", filters=4, kernel_size=3, groups=4, padding="same", strides=2),
    on(normal(2, 4, 4, 6), "Conv2D", filters=4, kernel_size=2, groups=2, dilation_rate=2),
    on(normal(1, 1, 1, 1), "Conv2D", filters=1, kernel_size=1),
    on(PLANE_FIRST, "Conv2D", filters=3, kernel_size=[3, 2], **FIRST),
    on(PLANE_FIRST, "Conv2D", filters=2, kernel_size=2, strides=2, padding="same", **FIRST),
    on(normal(2, 4, 4, 4), "Conv2D", filters=4, kernel_size=2, groups=2, **FIRST),
]

CONV_3D = [
    *(on(CUBE, "Conv3D", filters=2, kernel_size=2, padding=padding) for padding in ("valid", "same")),
    on(CUBE, "Conv3D", filters=2, kernel_size=[2, 1, 3], strides=2, padding="same"),
    on(CUBE, "Conv3D", filters=2, kernel_size=2, strides=[1, 2, 1]),
    on(CUBE, "Conv3D", filters=2, kernel_size=2, dilation_rate=2),
    on(CUBE, "Conv3D", filters=2, kernel_size=1, use_bias=False, activation="relu"),
    on(normal(1, 3, 3, 3, 4), "Conv3D", filters=2, kernel_size=2, groups=2),
    on(CUBE_FIRST, "Conv3D", filters=2, kernel_size=2, **FIRST),
]

TRANSPOSED = [
    *(
        on(normal(2, 4, 2), "Conv1DTranspose", filters=3, kernel_size=size, strides=strides, padding=padding)
        for size in (2, 3)
        for strides in (1, 2, 3)
        for padding in ("valid", "same")
    ),
    on(normal(2, 4, 2), "Conv1DTranspose", filters=2, kernel_size=3, strides=2, output_padding=1),
    on(normal(2, 4, 2), "Conv1DTranspose", filters=2, kernel_size=3, strides=2, output_padding=0, padding="same"),
    on(normal(2, 4, 2), "Conv1DTranspose", filters=2, kernel_size=2, use_bias=False, activation="tanh"),
    on(normal(2, 2, 4), "Conv1DTranspose", filters=2, kernel_size=3, strides=2, **FIRST),
    *(
        on(normal(2, 3, 4, 2), "Conv2DTranspose", filters=2, kernel_size=size, strides=strides, padding=padding)
        for size, strides in ((2, 1), (3, 2), (2, 3), ([3, 2], [1, 2]))
        for padding in ("valid", "same")
    ),
    on(normal(2, 3, 4, 2), "Conv2DTranspose", filters=2, kernel_size=3, strides=2, output_padding=1, padding="same"),
    on(normal(2, 3, 4, 2), "Conv2DTranspose", filters=2, kernel_size=3, strides=2, output_padding=[0, 1]),
    on(normal(2, 3, 4, 2), "Conv2DTranspose", filters=2, kernel_size=2, use_bias=False, activation="relu"),
    on(normal(2, 2, 3, 4), "Conv2DTranspose", filters=2, kernel_size=3, strides=2, padding="same", **FIRST),
    on(normal(1, 2, 3, 2, 2), "Conv3DTranspose", filters=2, kernel_size=2, strides=2),
    on(normal(1, 2, 3, 2, 2), "Conv3DTranspose", filters=2, kernel_size=3, strides=2, padding="same"),
]

DEPTHWISE = [
    *(on(LINE, "DepthwiseConv1D", kernel_size=3, padding=padding) for padding in ("valid", "same")),
    on(LINE, "DepthwiseConv1D", kernel_size=2, strides=2, depth_multiplier=2, padding="same"),
    on(LINE, "DepthwiseConv1D", kernel_size=2, dilation_rate=2, use_bias=False, activation="tanh"),
    on(LINE_FIRST, "DepthwiseConv1D", kernel_size=2, depth_multiplier=2, **FIRST),
    *(on(PLANE, "DepthwiseConv2D", kernel_size=[2, 3], padding=padding) for padding in ("valid", "same")),
    on(PLANE, "DepthwiseConv2D", kernel_size=2, strides=2, depth_multiplier=3),
    on(PLANE, "DepthwiseConv2D", kernel_size=3, strides=2, padding="same", activation="relu"),
    on(PLANE, "DepthwiseConv2D", kernel_size=2, dilation_rate=2, use_bias=False),
    on(PLANE_FIRST, "DepthwiseConv2D", kernel_size=2, depth_multiplier=2, **FIRST),
    *(on(LINE, "SeparableConv1D", filters=3, kernel_size=3, padding=padding) for padding in ("valid", "same")),
    on(LINE, "SeparableConv1D", filters=3, kernel_size=2, strides=2, depth_multiplier=2, activation="tanh"),
    on(LINE, "SeparableConv1D", filters=3, kernel_size=2, dilation_rate=2, use_bias=False),
    on(LINE_FIRST, "SeparableConv1D", filters=3, kernel_size=2, **FIRST),
    *(on(PLANE, "SeparableConv2D", filters=3, kernel_size=[2, 3], padding=padding) for padding in ("valid", "same")),
    on(PLANE, "SeparableConv2D", filters=3, kernel_size=2, strides=2, depth_multiplier=2, activation="relu"),
    on(PLANE, "SeparableConv2D", filters=3, kernel_size=2, dilation_rate=2, use_bias=False),
    on(PLANE_FIRST, "SeparableConv2D", filters=3, kernel_size=2, **FIRST),
]

CASES = [*CONV_1D, *CONV_2D, *CONV_3D, *TRANSPOSED, *DEPTHWISE]
