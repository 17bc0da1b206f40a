"""Every activation on one grid of values, from far negative to far positive."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, given, normal
from . import ActivationCase

GRID = given(
    [
        -1e4,
        -100.0,
        -30.0,
        -6.0,
        -3.5,
        -3.0,
        -2.5,
        -1.0,
        -0.7,
        -0.5,
        -0.25,
        -1e-3,
        -1e-8,
        0.0,
        1e-8,
        1e-3,
        0.25,
        0.5,
        0.7,
        1.0,
        2.5,
        3.0,
        3.5,
        6.0,
        6.5,
        30.0,
        100.0,
        1e4,
    ]
)
NONZERO = given([value for value in GRID.values if value != 0])  # at 0, TensorFlow's slope of celu is doubled
MODERATE = given([-30.0, -6.0, -2.5, -1.0, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.0, 2.5, 6.0, 30.0])  # exp() overflows beyond
EXTREME_ROWS = given([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4 + 0.5], [0.1, 0.2, 0.3], [30.0, 0.0, -30.0]])


def on(x: Draw, name: str, **config: Any) -> ActivationCase:
    # TensorFlow's kernels hold a slope below zero, and gelu's constants, in float32.
    float32 = name in ("gelu", "leaky_relu") or "negative_slope" in config
    return ActivationCase(name=name, config=config, x=x, float32=float32)


ELEMENTWISE = (
    "linear",
    "relu",
    "relu6",
    "elu",
    "selu",
    "gelu",
    "silu",
    "swish",
    "hard_silu",
    "hard_swish",
    "sigmoid",
    "hard_sigmoid",
    "log_sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "mish",
    "leaky_relu",
    "tanh_shrink",
    "hard_tanh",
    "hard_shrink",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
)

CASES = [
    *(on(GRID, name) for name in ELEMENTWISE),
    on(MODERATE, "exponential"),
    on(GRID, "relu", negative_slope=0.1),
    on(GRID, "relu", max_value=6.0),
    on(GRID, "relu", threshold=1.0),
    on(GRID, "relu", negative_slope=0.2, max_value=3.0, threshold=0.5),
    on(GRID, "elu", alpha=0.5),
    on(GRID, "gelu", approximate=True),
    on(GRID, "leaky_relu", negative_slope=0.01),
    on(NONZERO, "celu"),
    on(NONZERO, "celu", alpha=2.0),
    on(GRID, "hard_sigmoid_keras2"),
    on(GRID, "hard_shrink", threshold=1.0),
    on(GRID, "soft_shrink", threshold=1.0),
    on(GRID, "squareplus", b=1.0),
    on(GRID, "threshold", threshold=0.5, default_value=-1.0),
    *(
        ActivationCase(name=name, x=x, note=note)
        for name in ("softmax", "log_softmax", "sparsemax")
        for x, note in ((normal(4, 5), "rows"), (normal(2, 3, 4), "steps"), (EXTREME_ROWS, "extreme"))
    ),
    on(normal(2, 3, 4), "softmax", axis=1),
    on(normal(2, 3, 4), "log_softmax", axis=1),
    on(normal(2, 3, 4), "sparsemax", axis=1),
    on(normal(3, 6), "glu"),
    on(normal(2, 4, 3), "glu", axis=1),
]
