"""ConvLSTM: the convolution of all steps at once, then a Scan whose steps convolve the state; channels in front."""

from __future__ import annotations

from collections.abc import Sequence

from nnctl.activations import Activation
from nnctl.activations.along_axis import AlongAxis
from nnctl.layers.conv_lstm import ConvLSTM
from nnctl.onnx_export import converts
from nnctl.onnx_export.convolution import filters_first
from nnctl.onnx_export.graph import Graph, Value
from nnctl.onnx_export.scan import lstm_states, over_steps, refuse_stateful
from nnctl.onnx_export.sliding import inward, outward, window


@converts(ConvLSTM)
def conv_lstm(g: Graph, layer: ConvLSTM, x: Value) -> Value:
    refuse_stateful(layer)
    bias = g.constant(layer.bias.value, "bias") if layer.use_bias else None
    images = inward(g, layer, g.Reshape(x, [-1, *g.shape[1:]]))
    kernel = g.constant(filters_first(layer.kernel.value), "kernel")
    z = g.Conv(images, kernel, bias, **window(layer.windows), dilations=list(layer.windows.dilation))
    places = layer.windows.output
    z = g.Reshape(z, [-1, layer.steps, 4 * layer.filters, *places])
    y = over_steps(g, layer, z, step, 2, (layer.filters, *places))
    if not layer.return_sequences or layer.channels_first:
        return outward(g, layer, y)
    return g.transpose(y, (0, 1, *range(3, layer.axes + 3), 2))


def step(g: Graph, layer: ConvLSTM, z: Value, states: Sequence[Value]) -> list[Value]:
    """As lstm_step, with a convolution for the product"""
    h, c = states
    kernel = g.constant(filters_first(layer.recurrent_kernel.value), "recurrent_kernel")

    def apply(f: Activation, block: Value) -> Value:
        if not isinstance(f, AlongAxis):
            return g.apply(f, block)
        last = layer.axes + 1  # where such an activation wants the filters
        turned = g.apply(f, g.transpose(block, (0, *range(2, last + 1), 1)))
        return g.transpose(turned, (0, last, *range(1, last)))

    blocks = g.split(z + g.Conv(h, kernel, **window(layer.recurrent_windows)), 4, axis=1)
    return lstm_states(layer, blocks, c, apply)
