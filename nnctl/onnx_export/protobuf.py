"""The finished graph as the bytes of an ONNX file, checked. The one place that imports `onnx`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnctl import __version__
from nnctl.errors import MissingExtraError, ModelFileError
from nnctl.onnx_export.graph import Graph, Node
from nnctl.onnx_export.values import Names

OPSET = 18
MOST = 2**31 - 2**20  # bytes: a message of protobuf holds 2 GiB, and there is more in it than weights


def need_onnx() -> Any:
    """Return the package; raise MissingExtraError where it is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("writing .onnx", "onnx") from error
    return onnx


def onnx_bytes(graph: Graph, name: str, output_shape: tuple[int, ...], notes: Mapping[str, str]) -> bytes:
    """Return a graph as an ONNX file, with `notes` in its metadata; the same graph gives the same bytes.

    Raises ModelFileError for more weights than such a file holds.
    """
    onnx = need_onnx()
    if (size := sum(array.nbytes for array in graph.names.constants.values())) > MOST:
        raise ModelFileError(f"its weights need {size:,} bytes in float32; an ONNX file holds at most {MOST:,}")
    operators = onnx.helper.make_opsetid("", OPSET)
    model = onnx.helper.make_model(
        _graph(onnx, graph, Names().fresh(name) or "network", output_shape),
        opset_imports=[operators],
        ir_version=onnx.helper.find_min_ir_version_for([operators]),
        producer_name="nnctl",
        producer_version=__version__,
    )
    onnx.helper.set_model_props(model, dict(notes))
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _graph(onnx: Any, graph: Graph, name: str, output_shape: tuple[int, ...] | None) -> Any:
    """Make the message of a graph, or of a loop's body, which has no output shape and no constants of its own."""
    helper, inner = onnx.helper, output_shape is None
    inputs = [helper.make_tensor_value_info(*_typed(onnx, *info)) for info in graph.inputs]
    shape = None if output_shape is None else (graph.inputs[0][2] or ())[:1] + output_shape
    outputs = [helper.make_tensor_value_info(*_typed(onnx, made, "float32", shape)) for made in graph.outputs]
    constants = {} if inner else graph.names.constants
    weights = [onnx.numpy_helper.from_array(array, made) for made, array in constants.items()]
    return helper.make_graph([_node(onnx, node) for node in graph.nodes], name, inputs, outputs, weights)


def _typed(onnx: Any, name: str, dtype: str, shape: tuple[int | str, ...] | None) -> tuple[Any, ...]:
    return name, _type(onnx, dtype), shape


def _type(onnx: Any, dtype: str) -> int:
    number: int = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return number


def _node(onnx: Any, node: Node) -> Any:
    attributes = {}
    for name, value in node.attributes.items():
        if isinstance(value, Graph):
            value = _graph(onnx, value, f"{node.outputs[0]}/body", None)
        elif name == "to":
            value = _type(onnx, value)
        attributes[name] = value
    return onnx.helper.make_node(node.op, node.inputs, node.outputs, name=node.outputs[0], **attributes)
