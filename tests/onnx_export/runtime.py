"""A network as onnxruntime runs it, beside what nnctl says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.onnx_export.network import network
from nnctl.onnx_export.protobuf import onnx_bytes

ROWS = 3
KINDS = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


def build(*layers: Any, input_shape: Sequence[int], dtype: str = "float32") -> Sequential:
    """A network whose weights are not those that it starts with, so that none of them hides behind a 0 or a 1."""
    model = Sequential([create("layer", layer) for layer in layers], dtype=dtype)
    model.build(tuple(input_shape))
    random = np.random.default_rng(1)
    for vector in (model.parameters.values, model.state.values):
        vector += 0.1 * random.random(vector.shape)
    return model


def open_session(model: Sequential | bytes | Path) -> Any:
    """Open a file, what would be in one, or a model as it would be written."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    written = to_bytes(model) if isinstance(model, Sequential) else model
    return onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])


def to_bytes(model: Sequential) -> bytes:
    return onnx_bytes(network(model), model.name, model.output_shape, {})


def run(session: Any, x: Any) -> Any:
    """Return what onnxruntime computes of x, in the type that the input wants."""
    (wanted,) = session.get_inputs()
    (y,) = session.run(None, {wanted.name: np.asarray(x, KINDS[wanted.type])})
    return y


def check(model: Sequential, x: Any) -> None:
    """Compare onnxruntime's numbers with nnctl's, for several rows and for one; the shapes are those of the model."""
    session = open_session(model)
    np.testing.assert_allclose(run(session, x), model.predict_batch(x), rtol=1e-5, atol=1e-6)
    assert session.get_inputs()[0].shape == ["batch", *model.input_shape]
    assert session.get_outputs()[0].shape == ["batch", *model.output_shape]
    assert run(session, x[:1]).shape == (1, *model.output_shape)
