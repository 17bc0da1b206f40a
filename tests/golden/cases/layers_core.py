"""Dense and its neighbours: shapes, masks, lookups, noise at rest, activation layers."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, ints, normal
from . import LayerCase


def on(x: Draw, name: str, **config: Any) -> LayerCase:
    # TensorFlow's kernels hold a slope below zero, and gelu's constants, in float32.
    float32 = any(word in f"{name} {config}" for word in ("gelu", "leaky_relu", "LeakyReLU", "negative_slope"))
    return LayerCase(name=name, config=config, x=x, float32=float32)


def masked(x: Draw, name: str, mask: str = "right", **config: Any) -> LayerCase:
    return LayerCase(name=name, config=config, x=x, mask=mask)


ROWS, STEPS, IMAGE = normal(4, 5), normal(3, 4, 5), normal(2, 4, 3, 2)

CASES = [
    on(ROWS, "Dense", units=3),
    on(STEPS, "Dense", units=3),
    on(IMAGE, "Dense", units=3, activation="relu"),
    on(ROWS, "Dense", units=3, use_bias=False),
    on(normal(1, 1), "Dense", units=1),
    *(
        on(ROWS, "Dense", units=3, activation=name)
        for name in (
            "relu",
            "tanh",
            "sigmoid",
            "softmax",
            "elu",
            "selu",
            "gelu",
            "silu",
            "softplus",
            "softsign",
            "exponential",
            "hard_sigmoid",
            "leaky_relu",
            "mish",
            "log_softmax",
        )
    ),
    on(ROWS, "Dense", units=3, activation={"leaky_relu": {"negative_slope": 0.1}}),
    on(STEPS, "Dense", units=3, activation="softmax"),
    masked(STEPS, "Dense", units=3),
    on(ROWS, "EinsumDense", equation="ab,bc->ac", output_shape=3, bias_axes="c"),
    on(STEPS, "EinsumDense", equation="abc,cd->abd", output_shape=[None, 3], bias_axes="d", activation="tanh"),
    on(STEPS, "EinsumDense", equation="abc,cd->abd", output_shape=[4, 3], bias_axes="bd", activation="softmax"),
    on(STEPS, "EinsumDense", equation="...x,xy->...y", output_shape=3, bias_axes="y"),
    on(ROWS, "EinsumDense", equation="...x,xy->...y", output_shape=3),
    on(IMAGE, "EinsumDense", equation="...xy,yxz->...z", output_shape=3, activation="relu"),
    on(IMAGE, "EinsumDense", equation="ab...,bc->ac...", output_shape=5, bias_axes="c"),
    on(STEPS, "EinsumDense", equation="abc,bcd->abd", output_shape=[4, 3], bias_axes="b"),
    on(STEPS, "EinsumDense", equation="abc,cde->adbe", output_shape=[2, 4, 3], bias_axes="de"),
    on(STEPS, "EinsumDense", equation="abc,cd->ad", output_shape=2, bias_axes="d"),
    masked(STEPS, "EinsumDense", equation="abc,cd->abd", output_shape=[4, 2]),
    on(ROWS, "Activation", activation="tanh"),
    on(STEPS, "Activation", activation="softmax"),
    masked(STEPS, "Activation", activation="relu"),
    on(ROWS, "Flatten"),
    on(IMAGE, "Flatten"),
    on(IMAGE, "Flatten", data_format="channels_first"),
    on(normal(3), "Flatten"),
    on(IMAGE, "Reshape", target_shape=[6, 4]),
    on(IMAGE, "Reshape", target_shape=[-1, 3]),
    on(ROWS, "Reshape", target_shape=[5, 1]),
    on(STEPS, "Permute", dims=[2, 1]),
    on(IMAGE, "Permute", dims=[3, 1, 2]),
    on(ROWS, "RepeatVector", n=3),
    LayerCase(name="Masking", x=Draw("ints_as_floats", (3, 5, 2))),
    LayerCase(name="Masking", config={"mask_value": 1.0}, x=Draw("ints_as_floats", (3, 5, 2))),
    on(ints(4, 3, high=6), "Embedding", input_dim=6, output_dim=3),
    on(ints(4, 5, high=4), "Embedding", input_dim=4, output_dim=2, mask_zero=True),
    on(ints(4, high=4), "Embedding", input_dim=4, output_dim=2),
    on(ints(2, 3, 2, high=4), "Embedding", input_dim=4, output_dim=2, mask_zero=True),
    on(ROWS, "Rescaling", scale=0.5),
    on(ROWS, "Rescaling", scale=2.0, offset=-1.0),
    on(normal(2, 3), "Rescaling", scale=[1.0, 2.0, 3.0], offset=[0.0, 1.0, -1.0]),
    on(normal(4, 3), "Normalization", mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 0.25]),
    on(normal(4, 3), "Normalization", mean=[1.0, 2.0, 3.0], variance=[1.0, 0.0, 0.25]),
    on(normal(4, 3), "Normalization", axis=None, mean=1.0, variance=4.0),
    on(STEPS, "Normalization", mean=[1.0, 2.0, 3.0, 4.0, 5.0], variance=[1.0, 4.0, 0.25, 9.0, 1.0]),
    on(STEPS, "Normalization", axis=1, mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 0.25, 9.0]),
    on(normal(4, 3), "Normalization", invert=True, mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 0.25]),
    on(STEPS, "Identity"),
    on(ROWS, "Dropout", rate=0.5),
    masked(STEPS, "Dropout", rate=0.5),
    on(STEPS, "SpatialDropout1D", rate=0.5),
    on(IMAGE, "SpatialDropout2D", rate=0.5),
    on(normal(1, 2, 2, 2, 2), "SpatialDropout3D", rate=0.5),
    on(ROWS, "GaussianNoise", stddev=0.5),
    on(ROWS, "GaussianDropout", rate=0.5),
    on(ROWS, "AlphaDropout", rate=0.5),
    on(ROWS, "ReLU"),
    on(ROWS, "ReLU", max_value=0.5),
    on(ROWS, "ReLU", negative_slope=0.1),
    on(ROWS, "ReLU", threshold=0.3),
    on(ROWS, "ReLU", max_value=1.0, negative_slope=0.2, threshold=0.1),
    on(ROWS, "LeakyReLU"),
    on(ROWS, "LeakyReLU", negative_slope=0.1),
    on(ROWS, "PReLU"),
    on(STEPS, "PReLU", shared_axes=[1]),
    on(IMAGE, "PReLU", shared_axes=[1, 2]),
    on(ROWS, "ELU"),
    on(ROWS, "ELU", alpha=0.5),
    on(ROWS, "Softmax"),
    on(STEPS, "Softmax", axis=1),
    on(STEPS, "Softmax", axis=[1, 2]),
]
