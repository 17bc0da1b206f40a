"""Pooling, padding, cropping and upsampling."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x)


def in_float32(x: Draw, name: str, **config: Any) -> LayerCase:
    """TensorFlow pools in three dimensions, and resizes images, in float32 only."""
    return LayerCase(name=name, config=config, x=x, float32=True)


LINE, PLANE, CUBE = normal(2, 7, 2), normal(2, 5, 6, 2), normal(1, 4, 3, 4, 2)
LINE_FIRST, PLANE_FIRST, CUBE_FIRST = normal(2, 2, 7), normal(2, 2, 5, 6), normal(1, 2, 4, 3, 4)
FIRST = {"data_format": "channels_first"}
PADDINGS = ("valid", "same")

POOLS = [
    case
    for kind in ("Max", "Average")
    for case in (
        *(
            on(LINE, f"{kind}Pooling1D", pool_size=size, strides=strides, padding=padding)
            for size, strides in ((2, None), (3, 2), (3, 1), (2, 3))
            for padding in PADDINGS
        ),
        on(LINE_FIRST, f"{kind}Pooling1D", pool_size=2, **FIRST),
        LayerCase(name=f"{kind}Pooling1D", config={"pool_size": 2}, x=LINE, mask="right"),
        *(
            on(PLANE, f"{kind}Pooling2D", pool_size=size, strides=strides, padding=padding)
            for size, strides in ((2, None), ([3, 2], 2), (3, 1), (2, [3, 1]))
            for padding in PADDINGS
        ),
        on(PLANE_FIRST, f"{kind}Pooling2D", pool_size=2, **FIRST),
        on(PLANE_FIRST, f"{kind}Pooling2D", pool_size=3, strides=2, padding="same", **FIRST),
        *(in_float32(CUBE, f"{kind}Pooling3D", pool_size=2, padding=padding) for padding in PADDINGS),
        in_float32(CUBE, f"{kind}Pooling3D", pool_size=[2, 1, 3], strides=1),
        in_float32(CUBE_FIRST, f"{kind}Pooling3D", pool_size=2, **FIRST),
    )
] + [on(LINE, "MaxPooling1D"), on(PLANE, "MaxPooling2D"), in_float32(CUBE, "MaxPooling3D")]

GLOBAL = [
    on(x, f"Global{kind}Pooling{rank}D", **config)
    for kind in ("Max", "Average")
    for rank, last, first in ((1, LINE, LINE_FIRST), (2, PLANE, PLANE_FIRST), (3, CUBE, CUBE_FIRST))
    for x, config in ((last, {}), (last, {"keepdims": True}), (first, FIRST), (first, {**FIRST, "keepdims": True}))
]
MASKED = [
    LayerCase(name=f"Global{kind}Pooling1D", x=normal(3, 5, 2), mask=mask, config=config)
    for kind, mask, config in (
        ("Average", "right", {}),
        ("Average", "left", {}),
        ("Average", "middle", {}),
        ("Average", "all", {}),
        ("Average", "right", {"keepdims": True}),
        ("Max", "right", {}),
    )
]

ADAPTIVE = [
    on(x, f"Adaptive{kind}Pooling{rank}D", output_size=size)
    for kind in ("Max", "Average")
    for rank, x, size in ((1, LINE, 3), (2, PLANE, [2, 3]), (2, PLANE, 2))
]

SHAPING = [
    on(LINE, "ZeroPadding1D"),
    on(LINE, "ZeroPadding1D", padding=2),
    on(LINE, "ZeroPadding1D", padding=[0, 3]),
    on(LINE_FIRST, "ZeroPadding1D", padding=[1, 2], **FIRST),
    on(PLANE, "ZeroPadding2D"),
    on(PLANE, "ZeroPadding2D", padding=[1, 2]),
    on(PLANE, "ZeroPadding2D", padding=[[0, 1], [2, 3]]),
    on(PLANE_FIRST, "ZeroPadding2D", padding=[[0, 1], [2, 3]], **FIRST),
    on(CUBE, "ZeroPadding3D", padding=[[0, 1], [2, 0], [1, 1]]),
    on(LINE, "Cropping1D"),
    on(LINE, "Cropping1D", cropping=2),
    on(LINE, "Cropping1D", cropping=[0, 3]),
    on(PLANE, "Cropping2D", cropping=1),
    on(PLANE, "Cropping2D", cropping=[1, 2]),
    on(PLANE, "Cropping2D", cropping=[[0, 1], [2, 0]]),
    on(PLANE_FIRST, "Cropping2D", cropping=[[0, 1], [2, 0]], **FIRST),
    on(CUBE, "Cropping3D", cropping=[[0, 1], [1, 0], [1, 1]]),
    on(LINE, "UpSampling1D"),
    on(LINE, "UpSampling1D", size=3),
    on(PLANE, "UpSampling2D"),
    on(PLANE, "UpSampling2D", size=[1, 3]),
    *(in_float32(PLANE, "UpSampling2D", size=size, interpolation="bilinear") for size in (2, [3, 2])),
    on(PLANE_FIRST, "UpSampling2D", size=2, **FIRST),
    in_float32(PLANE_FIRST, "UpSampling2D", size=[2, 3], interpolation="bilinear", **FIRST),
    on(CUBE, "UpSampling3D", size=[1, 2, 2]),
]

CASES = [*POOLS, *GLOBAL, *MASKED, *ADAPTIVE, *SHAPING]
