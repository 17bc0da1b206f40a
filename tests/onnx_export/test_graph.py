"""The graph: nothing in it that is not needed, types and names, the same bytes for the same model."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from nnctl.errors import ModelFileError
from nnctl.onnx_export import protobuf
from nnctl.onnx_export.graph import Graph
from nnctl.onnx_export.network import network
from tests.onnx_export.runtime import ROWS, build, check, open_session, run, to_bytes

IMAGE = (6, 6, 2)


def operators(*layers: Any, input_shape: tuple[int, ...]) -> list[str]:
    return [node.op for node in network(build(*layers, input_shape=input_shape)).nodes]


def test_axes_are_turned_only_where_they_must_be() -> None:
    """Channels go to the front before the first convolution and back behind the last one, not in between."""
    conv = {"Conv2D": {"filters": 3, "kernel_size": 2, "activation": "relu"}}
    plain = {"Conv2D": {"filters": 3, "kernel_size": 2}}
    layers = plain, "BatchNormalization", "ReLU", "MaxPooling2D", {"Dropout": 0.5}, conv, "Flatten"
    assert operators(*layers, input_shape=IMAGE) == [
        "Transpose", "Conv", "BatchNormalization", "Relu", "MaxPool", "Conv", "Transpose", "Relu", "Reshape", "Identity"
    ]  # fmt: skip


def test_channels_in_front_are_never_turned() -> None:
    conv = {"Conv2D": {"filters": 3, "kernel_size": 2, "activation": "tanh", "data_format": "channels_first"}}
    pool = {"MaxPooling2D": {"data_format": "channels_first"}}
    assert operators(conv, pool, input_shape=(2, 6, 6)) == ["Conv", "Tanh", "MaxPool", "Identity"]


def test_turning_is_composed() -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 2, 3, 4)).astype(np.float32)
    first, second = {"Permute": {"dims": [3, 1, 2]}}, {"Permute": {"dims": [3, 2, 1]}}
    model = build(first, {"Activation": "tanh"}, second, input_shape=(2, 3, 4))
    assert [node.op for node in network(model).nodes] == ["Transpose", "Tanh", "Identity"]
    check(model, x)


def test_weights_have_names_and_small_constants_are_kept_once() -> None:
    scaled = {"Rescaling": {"scale": 0.5, "offset": 0.25}}
    graph = network(build({"Dense": {"units": 9, "name": "one"}}, scaled, scaled, {"Dropout": 0.5}, input_shape=(9,)))
    assert {*graph.names.constants} == {"one/kernel", "one/bias", "rescaling/scale", "rescaling/offset"}


def test_names_of_layers_cannot_clash() -> None:
    """A layer may be called like the input, the output, a value of another layer, or as no file can say it."""
    names = ["input", "output", "input/MatMul", "\ud800", "?"]
    model = build(*({"Dense": {"units": 3, "name": name}} for name in names), input_shape=(3,))
    model.name = ""
    check(model, np.ones((2, 3), np.float32))


def test_input_has_the_name_of_the_input_layer() -> None:
    model = build({"Input": {"shape": [3], "name": "pixels"}}, {"Dense": 1}, input_shape=(3,))
    assert open_session(model).get_inputs()[0].name == "pixels"


@pytest.mark.parametrize("layer", ["Embedding", "TimeDistributed"])
def test_indices_are_whole_numbers(layer: str) -> None:
    words = {"Embedding": {"input_dim": 5, "output_dim": 2}}
    layers, shape = ([words], (3,)) if layer == "Embedding" else ([{"TimeDistributed": {"layer": words}}], (2, 3))
    model = build(*layers, input_shape=shape)
    assert open_session(model).get_inputs()[0].type == "tensor(int64)"
    check(model, np.random.default_rng(0).integers(0, 5, (ROWS, *shape)))


def test_float64_is_written_as_float32() -> None:
    model = build(
        {"Dense": {"units": 3, "activation": "selu"}}, "LayerNormalization", input_shape=(4,), dtype="float64"
    )
    x = np.random.default_rng(0).normal(size=(ROWS, 4))
    np.testing.assert_allclose(run(open_session(model), x), model.predict_batch(x), rtol=1e-5, atol=1e-6)


def test_no_row() -> None:
    conv = {"Conv2D": {"filters": 3, "kernel_size": 2, "padding": "same"}}
    model = build(conv, "MaxPooling2D", "Flatten", {"Dense": 2}, input_shape=IMAGE)
    assert run(open_session(model), np.zeros((0, *IMAGE))).shape == (0, 2)


def test_the_same_model_gives_the_same_bytes() -> None:
    layers = {"Embedding": {"input_dim": 5, "output_dim": 2, "mask_zero": True}}, {"LSTM": 3}, {"Dense": 2}
    first, second = (to_bytes(build(*layers, input_shape=(4,))) for _ in range(2))
    assert first == second


def test_opset_and_producer() -> None:
    message = onnx.load_from_string(to_bytes(build({"Dense": 1}, input_shape=(2,))))
    assert [(entry.domain, entry.version) for entry in message.opset_import] == [("", protobuf.OPSET)]
    assert message.producer_name == "nnctl"


def test_more_than_a_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MOST", 99)
    model = build({"Dense": 5}, input_shape=(5,))
    with pytest.raises(ModelFileError, match="its weights need 120 bytes in float32; an ONNX file holds at most 99"):
        to_bytes(model)


def test_values_know_arithmetic() -> None:
    """Numbers and arrays on either side."""
    g = Graph()
    x = g.input("x", "float32", ("batch", 2))
    y = np.array([1.0, 2.0]) + 3 / (1 - 2 * x) - x
    g.output(y, "y")
    assert [node.op for node in g.nodes] == ["Mul", "Sub", "Div", "Add", "Sub", "Identity"]
    session = open_session(protobuf.onnx_bytes(g, "g", (2,), {}))
    np.testing.assert_allclose(run(session, [[0.0, 1.0]]), [[4.0, -2.0]])


@pytest.mark.parametrize("form", ["channels_first", "channels_last"])
@pytest.mark.parametrize("pool", ["MaxPooling2D", "AveragePooling2D"])
def test_zeros_around_an_image_are_values_to_a_pooling(pool: str, form: str) -> None:
    """onnxruntime takes a Pad for the pooling's own padding, which does not count, unless something is between them."""
    conv = {"Conv2D": {"filters": 2, "kernel_size": 1, "data_format": form}}
    zeros = {"ZeroPadding2D": {"padding": [[1, 0], [2, 2]], "data_format": form}}
    pooling = {pool: {"pool_size": 3, "strides": 1, "data_format": form}}
    for layers in ((zeros, pooling), (conv, zeros, pooling)):
        model = build(*layers, input_shape=(4, 4, 4))
        check(model, -1 - np.random.default_rng(0).random((ROWS, 4, 4, 4), dtype=np.float32))


def test_batch_normalization_is_its_operator_behind_a_convolution_alone() -> None:
    conv, dense = {"Conv1D": {"filters": 3, "kernel_size": 1}}, {"Dense": {"units": 3, "use_bias": False}}
    for layer in (conv, dense):
        model = build(layer, "BatchNormalization", input_shape=(4, 2))
        assert ("BatchNormalization" in [node.op for node in network(model).nodes]) == (layer is conv)
        check(model, np.random.default_rng(0).normal(size=(ROWS, 4, 2)).astype(np.float32))


def test_bilinear_upsampling_between_other_layouts() -> None:
    """onnxruntime does not open a linear Resize whose axes it has turned; there must be none."""
    conv = {"DepthwiseConv2D": {"kernel_size": 2, "activation": "tanh"}}
    larger = {"UpSampling2D": {"size": [3, 2], "interpolation": "bilinear", "data_format": "channels_first"}}
    model = build("UnitNormalization", conv, larger, {"Activation": "softmax"}, conv, input_shape=(6, 6, 5))
    check(model, np.random.default_rng(0).normal(size=(ROWS, 6, 6, 5)).astype(np.float32))
