"""A whole network as a graph: its layers one after the other, and the activation that closes it."""

from __future__ import annotations

import numpy as np

from nnctl.errors import ModelFileError
from nnctl.layers import Array, Layer
from nnctl.layers.embedding import Embedding
from nnctl.layers.spectral_normalization import SpectralNormalization
from nnctl.layers.wrappers import TimeDistributed
from nnctl.model import Sequential
from nnctl.onnx_export import converted_mask
from nnctl.onnx_export.graph import Graph, Mask, Value

BATCH = "batch"  # the name of the axis whose size is not fixed


def network(model: Sequential) -> Graph:
    """Return the graph of a built model.

    Raises ModelFileError with a sentence for each layer that ONNX cannot say.
    """
    g = Graph()
    g.takes_indices = _takes_indices(model.layers[0])
    given = model.input.name if model.input else None
    x = g.input(given or "input", "int64" if g.takes_indices else "float32", (BATCH, *model.input_shape))
    failures = []
    for layer, before, after in zip(model.layers, (model.input_shape, *model.shapes), model.shapes, strict=False):
        g.scope, g.shape, g.output_shape = str(layer.name), before, after
        try:
            y = g.apply(layer, x)
            g.mask = _mask_after(g, layer, x)
            x = g.apply(model.head, y) if layer is model.layers[-1] else y
        except ModelFileError as error:
            failures.append(f"layer {layer.name!r}: {error}")
            x, g.mask = g.Identity(x), None  # so that the layers behind it are looked at, too
    if failures:
        raise ModelFileError("; ".join(failures))
    g.output(x, "output")
    g.prune()
    return g


def _takes_indices(layer: Layer) -> bool:
    while isinstance(layer, (SpectralNormalization, TimeDistributed)):
        layer = layer.layer
    return isinstance(layer, Embedding)


def _mask_after(g: Graph, layer: Layer, x: Value) -> Mask | None:
    """Return the mask behind a layer: what the layer does with one is seen from what it does with an example."""
    if g.mask is None and not layer.makes_mask:
        return None
    before: Array | None = g.mask.like if g.mask else None
    after = layer.compute_mask(np.zeros((1, *g.shape)), before)
    if after is None or after is before:
        return None if after is None else g.mask
    return Mask(converted_mask(g, layer, x), after)
