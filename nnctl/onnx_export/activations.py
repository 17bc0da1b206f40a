"""Smooth activations and those along an axis as ONNX; each function reads like the formula of its class.

Where an operator of ONNX is the formula it is taken. Sigmoids that multiply their own argument are
written out: runtimes cut the sigmoid off far to the left, where times a large number it would show.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnctl.activations import Activation, Linear, saturating, smooth
from nnctl.activations.along_axis import LogSoftmax, Softmax, Sparsemax
from nnctl.activations.gated import Glu
from nnctl.onnx_export import converts
from nnctl.onnx_export.graph import Graph, Value

TINY = float(np.finfo(np.float32).tiny)

# Classes whose formula is an operator without settings.
PLAIN: dict[type[Activation], str] = {
    saturating.Tanh: "Tanh",
    saturating.Sigmoid: "Sigmoid",
    saturating.Softsign: "Softsign",
    smooth.Softplus: "Softplus",
    smooth.Exponential: "Exp",
}


@converts(*PLAIN)
def plain(g: Graph, f: Activation, z: Value) -> Value:
    return g.op(PLAIN[type(f)], z)


@converts(Linear)
def linear(g: Graph, f: Linear, z: Value) -> Value:
    return z


# --- along an axis ------------------------------------------------------------------------------


@converts(Softmax)
def softmax(g: Graph, f: Softmax, z: Value) -> Value:
    return g.Softmax(z, axis=f.axis)


@converts(LogSoftmax)
def log_softmax(g: Graph, f: LogSoftmax, z: Value) -> Value:
    return g.LogSoftmax(z, axis=f.axis)


@converts(Sparsemax)
def sparsemax(g: Graph, f: Sparsemax, z: Value) -> Value:
    size = g.Gather(g.Shape(z), [f.axis])
    falling = g.ops("TopK", 2, z, size, axis=f.axis)[0]
    axis = g.constant(np.int64(f.axis))
    sums, number = g.CumSum(falling, axis), g.CumSum(g.Expand(1.0, g.Shape(z)), axis)
    support = g.cast(falling - (sums - 1.0) / number > 0.0, "float32")
    total = g.reduce("Sum", sums * support, [f.axis])
    return g.Relu(z - (total - 1.0) / g.reduce("Sum", support, [f.axis]))


@converts(Glu)
def glu(g: Graph, f: Glu, z: Value) -> Value:
    a, b = g.split(z, 2, f.axis)
    return a / (1.0 + g.Exp(-b))


# --- smooth ---------------------------------------------------------------------------------------


@converts(saturating.LogSigmoid)
def log_sigmoid(g: Graph, f: Any, z: Value) -> Value:
    return -g.Softplus(-z)


@converts(saturating.TanhShrink)
def tanh_shrink(g: Graph, f: Any, z: Value) -> Value:
    return z - g.Tanh(z)


@converts(smooth.Elu)
def elu(g: Graph, f: smooth.Elu, z: Value) -> Value:
    return g.Elu(z, alpha=float(f.alpha))


@converts(smooth.Selu)
def selu(g: Graph, f: Any, z: Value) -> Value:
    return g.Selu(z, alpha=smooth.SELU_ALPHA, gamma=smooth.SELU_SCALE)


@converts(smooth.Celu)
def celu(g: Graph, f: smooth.Celu, z: Value) -> Value:
    return g.Relu(z) + f.alpha * (g.Exp(g.Min(z, 0.0) / f.alpha) - 1.0)


@converts(smooth.Gelu)
def gelu(g: Graph, f: smooth.Gelu, z: Value) -> Value:
    if f.approximate:
        return z / (1.0 + g.Exp(-math.sqrt(8 / math.pi) * (z + 0.044715 * (z * z * z))))
    return z * (0.5 * (1.0 + g.Erf(math.sqrt(0.5) * z)))


@converts(smooth.Silu)
def silu(g: Graph, f: Any, z: Value) -> Value:
    return z / (1.0 + g.Exp(-z))


@converts(smooth.Mish)
def mish(g: Graph, f: Any, z: Value) -> Value:
    return z * g.Tanh(g.Softplus(z))


@converts(smooth.Squareplus)
def squareplus(g: Graph, f: smooth.Squareplus, z: Value) -> Value:
    far = g.Sqrt(z * z + f.b) + g.Abs(z)
    return g.where(z > 0.0, far / 2.0, f.b / (2.0 * g.Max(far, TINY)))
