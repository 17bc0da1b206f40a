"""Normalisation layers, in training and at rest, with masks and over every axis."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, normal
from . import LayerCase


def on(x: Draw, name: str, *, training: bool = False, mask: str = "", **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x, training=training, mask=mask)


ROWS, STEPS, PLANE = normal(5, 3), normal(4, 5, 3), normal(2, 3, 4, 2)
BATCH = "BatchNormalization"

BATCHES = [
    case
    for training in (False, True)
    for case in (
        on(ROWS, BATCH, training=training),
        on(STEPS, BATCH, training=training),
        on(PLANE, BATCH, training=training),
        on(PLANE, BATCH, training=training, axis=1),
        on(STEPS, BATCH, training=training, axis=1),
        on(ROWS, BATCH, training=training, momentum=0.5),
        on(ROWS, BATCH, training=training, epsilon=0.1),
        on(ROWS, BATCH, training=training, center=False),
        on(ROWS, BATCH, training=training, scale=False),
        on(ROWS, BATCH, training=training, center=False, scale=False),
        *(on(STEPS, BATCH, training=training, mask=mask) for mask in ("right", "middle", "all")),
    )
] + [
    on(normal(1, 3), BATCH, training=True),
    LayerCase(name=BATCH, x=normal(5, 3, scale=0.1, shift=100.0), training=True, note="far from zero"),
    LayerCase(name=BATCH, config={"momentum": 0.9}, x=ROWS, training=True, calls=3),
    on(ROWS, BATCH, training=True, trainable=False),
    *(
        LayerCase(name=BATCH, config={"renorm": True, **config}, x=x, training=True, mask=mask, calls=3)
        for x, mask, config in (
            (ROWS, "", {}),
            (STEPS, "middle", {"renorm_momentum": 0.5}),
            (PLANE, "", {"axis": 1, "scale": False, "momentum": 0.8}),
            (ROWS, "", {"center": False, "renorm_clipping": {"rmax": 1.2, "rmin": 0.9, "dmax": 0.3}}),
        )
    ),
    on(ROWS, BATCH, renorm=True),
]

LAYER = "LayerNormalization"
GROUP = "GroupNormalization"
OTHERS = [
    on(ROWS, LAYER),
    on(STEPS, LAYER),
    on(STEPS, LAYER, axis=[1, 2]),
    on(STEPS, LAYER, axis=1),
    on(PLANE, LAYER, axis=[1, 2, 3]),
    on(ROWS, LAYER, epsilon=0.1),
    on(ROWS, LAYER, center=False),
    on(ROWS, LAYER, scale=False),
    on(ROWS, LAYER, center=False, scale=False),
    on(STEPS, LAYER, mask="right"),
    on(normal(2, 3, 4), GROUP, groups=2),
    on(normal(2, 6), GROUP, groups=3),
    on(normal(2, 3, 2, 4), GROUP, groups=2),
    on(normal(2, 3, 2, 4), GROUP, groups=4),
    on(normal(2, 3, 2, 4), GROUP, groups=1),
    on(normal(2, 3, 2, 4), GROUP, groups=-1),
    on(normal(2, 4, 3, 2), GROUP, groups=2, axis=1),
    on(normal(2, 3, 4), GROUP, groups=2, epsilon=0.1, center=False),
    on(normal(2, 3, 4), GROUP, groups=2, scale=False),
    on(ROWS, "UnitNormalization"),
    on(STEPS, "UnitNormalization", axis=1),
    on(STEPS, "UnitNormalization", axis=[1, 2]),
    on(ROWS, "RMSNormalization"),
    on(STEPS, "RMSNormalization", axis=[1, 2], epsilon=0.1),
]

DENSE, CONV = {"Dense": {"units": 4, "activation": "tanh"}}, {"Conv2D": {"filters": 3, "kernel_size": 2}}
TABLE = {"Embedding": {"input_dim": 3, "output_dim": 4}}
SPECTRAL = [
    case
    for training in (False, True)
    for case in (
        on(ROWS, "SpectralNormalization", training=training, layer=DENSE),
        on(STEPS, "SpectralNormalization", training=training, layer=DENSE, mask="right"),
        on(PLANE, "SpectralNormalization", training=training, layer=CONV, power_iterations=3),
        on(Draw("ints_as_floats", (3, 5, 1)), "SpectralNormalization", training=training, layer=TABLE),
        LayerCase(
            name="SpectralNormalization", config={"layer": DENSE}, x=ROWS, training=training, calls=3, note="again"
        ),
    )
] + [
    on(
        STEPS,
        "SpectralNormalization",
        training=True,
        layer={"EinsumDense": {"equation": "abc,cde->abde", "output_shape": [None, 2, 3]}},
    ),
    on(
        PLANE,
        "SpectralNormalization",
        training=True,
        layer={"DepthwiseConv2D": {"kernel_size": 2, "depth_multiplier": 2}},
    ),
]

CASES = [*BATCHES, *OTHERS, *SPECTRAL]
