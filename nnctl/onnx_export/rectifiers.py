"""Activations of straight lines as ONNX; each function reads like the formula of its class."""

from __future__ import annotations

from typing import Any

from nnctl.activations import rectifiers as bent
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value


@converts(bent.Relu)
def relu(g: Graph, f: bent.Relu, z: Value) -> Value:
    return bent_line(g, z, f.negative_slope, f.max_value, f.threshold)


def bent_line(g: Graph, z: Value, slope: float, largest: float | None, threshold: float) -> Value:
    """y = z above the threshold, slope (z - threshold) below, largest at most"""
    if threshold:
        y = g.where(z > threshold, z, slope * (z - threshold) if slope else 0.0)
    else:
        y = g.LeakyRelu(z, alpha=float(slope)) if slope else g.Relu(z)
    return y if largest is None else g.Min(y, float(largest))


@converts(bent.Relu6)
def relu6(g: Graph, f: Any, z: Value) -> Value:
    return g.Clip(z, 0.0, 6.0)


@converts(bent.LeakyRelu)
def leaky_relu(g: Graph, f: bent.LeakyRelu, z: Value) -> Value:
    return g.LeakyRelu(z, alpha=float(f.negative_slope))


@converts(bent.Threshold)
def threshold(g: Graph, f: bent.Threshold, z: Value) -> Value:
    return g.where(z > f.threshold, z, float(f.default_value))


@converts(bent.HardTanh)
def hard_tanh(g: Graph, f: Any, z: Value) -> Value:
    return g.Clip(z, -1.0, 1.0)


@converts(bent.HardSigmoid)
def hard_sigmoid(g: Graph, f: Any, z: Value) -> Value:
    return g.Clip(z + 3.0, 0.0, 6.0) / 6.0


@converts(bent.HardSigmoidKeras2)
def hard_sigmoid_keras2(g: Graph, f: Any, z: Value) -> Value:
    return g.Clip(0.2 * z + 0.5, 0.0, 1.0)


@converts(bent.HardSilu)
def hard_silu(g: Graph, f: Any, z: Value) -> Value:
    return z * hard_sigmoid(g, f, z)


@converts(bent.HardShrink)
def hard_shrink(g: Graph, f: bent.HardShrink, z: Value) -> Value:
    return g.Shrink(z, lambd=float(f.threshold), bias=0.0)


@converts(bent.SoftShrink)
def soft_shrink(g: Graph, f: bent.SoftShrink, z: Value) -> Value:
    return g.Shrink(z, lambd=float(f.threshold), bias=float(f.threshold))


@converts(bent.SparsePlus)
def sparse_plus(g: Graph, f: Any, z: Value) -> Value:
    bend = g.Relu(z + 1.0)
    return g.where(z < 1.0, bend * bend / 4.0, z)


@converts(bent.SparseSigmoid)
def sparse_sigmoid(g: Graph, f: Any, z: Value) -> Value:
    return g.Clip((z + 1.0) / 2.0, 0.0, 1.0)
