"""What the layers that slide share: where the channels lie, and windows in the words of ONNX."""

from __future__ import annotations

from typing import Any

from nnctl.layers import Array
from nnctl.layers.convolution import Filtering
from nnctl.layers.windows import Sliding, Windows
from nnctl.onnx_export.graph import Graph, Value


def inward(g: Graph, layer: Sliding, x: Value) -> Value:
    """Return x with its channels in front, as ONNX wants them."""
    return x if layer.channels_first else g.transpose(x, (0, layer.axes + 1, *range(1, layer.axes + 1)))


def outward(g: Graph, layer: Sliding, y: Value) -> Value:
    """Return y, whose channels are in front, with its channels where the user wants them."""
    return y if layer.channels_first else g.transpose(y, (0, *range(2, layer.axes + 2), 1))


def closed(g: Graph, layer: Filtering, z: Value, *, turned: bool = True) -> Value:
    """Return the layer's output from what comes before its activation; `turned` says that channels are in front."""
    if turned:
        z = outward(g, layer, z)
    elif layer.channels_first:
        z = g.transpose(z, (0, layer.axes + 1, *range(1, layer.axes + 1)))
    return g.apply(layer.act, z)


def window(windows: Windows) -> dict[str, Any]:
    """Return attributes that place windows, with the padding counted out: `same` lies as in TensorFlow."""
    return {
        "kernel_shape": list(windows.size),
        "strides": list(windows.strides),
        "pads": [*windows.before, *windows.after],
    }


def space(layer: Sliding) -> range:
    """Return the axes of space, which the batch axis comes before."""
    first = 2 if layer.channels_first else 1
    return range(first, first + layer.axes)


def mixed(g: Graph, layer: Sliding, x: Value, matrices: list[Array]) -> Value:
    """Return x with each axis of space replaced by what a matrix (new, old) makes of it."""
    last = layer.axes + 1
    for axis, matrix in zip(space(layer), matrices, strict=True):
        order = [*range(last + 1)]
        order[axis], order[last] = last, axis  # the same order leads back
        x = g.transpose(g.transpose(x, order) @ g.constant(matrix.T, "matrix"), order)
    return x
