"""Layers that are products, or rows of a matrix: Dense, EinsumDense, MaxoutDense, Embedding, LocallyConnected."""

from __future__ import annotations

import math

import numpy as np

from nnctl import kernels
from nnctl.layers.dense import Dense
from nnctl.layers.einsum_dense import EinsumDense
from nnctl.layers.embedding import Embedding
from nnctl.layers.locally_connected import LocallyConnected
from nnctl.layers.maxout import MaxoutDense
from nnctl.onnx_export import converts, makes_mask
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.sliding import closed


@converts(Dense)
def dense(g: Graph, layer: Dense, x: Value) -> Value:
    z = x @ g.constant(layer.kernel.value, "kernel")
    if layer.use_bias:
        z = z + g.constant(layer.bias.value, "bias")
    return g.apply(layer.act, z)


@converts(EinsumDense)
def einsum_dense(g: Graph, layer: EinsumDense, x: Value) -> Value:
    z = g.Einsum(x, g.constant(layer.kernel.value, "kernel"), equation=layer.full_equation)
    if layer.bias is not None:
        z = z + g.constant(layer.bias.value, "bias")
    return g.apply(layer.act, z)


@converts(MaxoutDense)
def maxout_dense(g: Graph, layer: MaxoutDense, x: Value) -> Value:
    z = x @ g.constant(layer.kernel.value, "kernel")  # (nb_feature, B, units)
    if layer.use_bias:
        z = z + g.constant(layer.bias.value[:, None], "bias")
    return g.reduce("Max", z, [0], keep=False)


@converts(Embedding)
def embedding(g: Graph, layer: Embedding, x: Value) -> Value:
    """Rows of the table; what is no row's number becomes one that the runtime refuses, as nnctl does."""
    indices = _indices(g, x)
    right = g.Not(indices < np.int64(0))
    if indices is not x:
        right = g.And(right, g.Equal(g.cast(indices, "float32"), x))
    table = g.constant(layer.embeddings.value, "embeddings")
    return g.Gather(table, g.where(right, indices, np.int64(layer.input_dim)))


@makes_mask(Embedding)
def embedding_mask(g: Graph, layer: Embedding, x: Value) -> Value:
    return g.Not(g.Equal(_indices(g, x), np.int64(0)))


def _indices(g: Graph, x: Value) -> Value:
    """Return x as whole numbers, which the inputs of a graph that begins with an Embedding are."""
    return x if g.takes_indices else g.cast(x, "int64")


@converts(LocallyConnected)
def locally_connected(g: Graph, layer: LocallyConnected, x: Value) -> Value:
    """The windows of all places, picked by their numbers, each times the kernel of its place."""
    windows, axes = layer.windows, layer.axes
    channels = layer.split(g.shape)[1]
    numbers = np.arange(math.prod(windows.input) * channels)
    order = (channels, *windows.input) if layer.channels_first else (*windows.input, channels)
    lying = np.moveaxis(numbers.reshape(order), 0, -1) if layer.channels_first else numbers.reshape(order)
    seen = kernels.windows(lying[None], *windows.steps)[0]  # (*P, *K, C)
    if layer.channels_first:
        seen = np.moveaxis(seen, -1, axes)
    places = layer.kernel.shape[0]
    columns = g.Gather(g.reshape(x, -1), seen.reshape(places, 1, -1), axis=1)  # (B, P, 1, K C)
    z = columns @ g.constant(layer.kernel.value, "kernel")
    z = g.reshape(z, *windows.output, layer.filters)
    if layer.use_bias:
        z = z + g.constant(layer.by_place(layer.bias.value), "bias")
    return closed(g, layer, z, turned=False)
