"""nnctl export -o x.onnx, as a user who has onnxruntime alone reads the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from nnctl.checkpoint import save_model
from nnctl.errors import MissingExtraError
from nnctl.exporting import export
from nnctl.fields import create
from nnctl.model import Sequential
from tests.cli.conftest import ROOT, Nnctl, last_line

CONV = """\
  - Reshape: [8, 8, 1]
  - Conv2D: {filters: 4, kernel_size: 3, padding: same, strides: 2, activation: relu}
  - BatchNormalization
  - MaxPooling2D
  - Flatten
  - Dense: {units: 10, activation: softmax}
"""
LSTM = """\
  - Reshape: [8, 8]
  - Masking
  - Bidirectional: {layer: {LSTM: {units: 6, return_sequences: true}}}
  - GRU: 6
  - Dense: {units: 10, activation: softmax}
"""


def prepared(rows: Any, columns: list[dict[str, Any]]) -> Any:
    """Do what the metadata of the file say, with nothing of nnctl."""
    low, high = (np.array([column["scaling"]["steps"][0][i] for column in columns]) for i in (1, 2))
    return ((rows - low) / high).astype(np.float32)


@pytest.mark.parametrize("net", ["dense", "conv", "lstm"])
def test_onnxruntime_predicts_what_nnctl_predicts(nnctl: Nnctl, tmp_path: Path, net: str) -> None:
    """From raw rows: the digits of specs/digits.yaml, with its own layers and with others."""
    spec = (ROOT / "specs" / "digits.yaml").read_text()
    head, tail = spec.split("layers:\n")[0], "loss:" + spec.split("loss:")[1]
    if net != "dense":
        spec = f"{head}layers:\n{CONV if net == 'conv' else LSTM}{tail}"
    (tmp_path / "spec.yaml").write_text(spec)
    nnctl("train", "spec.yaml", "--epochs", "2", "--out", "run")
    nnctl("predict", "run", "digits", "--raw", "-o", "raw.npy")
    done = nnctl("export", "run", "-o", "x.onnx")
    assert "is float32 of shape (None, 64), prepared as in training" in done.stderr
    assert not done.stdout

    message = onnx.load(tmp_path / "x.onnx")
    onnx.checker.check_model(message, full_check=True)
    metadata = {entry.key: json.loads(entry.value) for entry in message.metadata_props}
    assert len(metadata["columns"]) == 64
    assert metadata["labels"] == [*"0123456789"]
    rows = np.loadtxt(ROOT / "datasets" / "digits.csv.gz", delimiter=",", skiprows=1)
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx", providers=["CPUExecutionProvider"])
    x = prepared(rows[:, :64], metadata["preprocessing"]["features"]["columns"])
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(y, np.load(tmp_path / "raw.npy"), rtol=1e-5, atol=1e-6)


def test_a_file_of_keras_takes_arrays_as_they_are(nnctl: Nnctl, tmp_path: Path) -> None:
    """A GRU of Keras 2 with its own hard_sigmoid: Keras 3 has no place for it, ONNX has."""
    model = ROOT / "tests" / "golden" / "keras_models" / "keras2_recurrent.h5"
    done = nnctl("export", model, "-o", "x.onnx")
    assert "prepared" not in done.stderr
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx", providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    x = np.random.default_rng(0).integers(1, 5, (3, *given.shape[1:]))
    x = x if given.type == "tensor(int64)" else x.astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    nnctl("predict", model, "x.npy", "--raw", "-o", "y.npy")
    (y,) = session.run(None, {given.name: x})
    np.testing.assert_allclose(y, np.load(tmp_path / "y.npy"), rtol=1e-5, atol=1e-6)


def test_a_layer_that_onnx_lacks_is_an_error_and_nothing_is_written(nnctl: Nnctl, tmp_path: Path) -> None:
    model = Sequential([create("layer", {"LSTM": {"units": 2, "stateful": True, "name": "memory"}})])
    model.build((3, 2))
    save_model(tmp_path / "m.h5", model)
    (tmp_path / "out.onnx").write_text("of yore")
    done = nnctl("export", "m.h5", "-o", "out.onnx", status=65)
    assert "m.h5: cannot be exported as ONNX: layer 'memory': is stateful" in last_line(done)
    assert (tmp_path / "out.onnx").read_text() == "of yore"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.h5", "out.onnx"]


def test_float64_is_said(tmp_path: Path) -> None:
    model = Sequential([create("layer", {"Dense": 2})], dtype="float64")
    model.build((3,))
    save_model(tmp_path / "m.h5", model)
    notes = export(tmp_path / "m.h5", tmp_path / "x.onnx")
    assert "computes in float32, the model in float64" in notes[-1]


def test_without_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before the model is opened."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'nnctl\[onnx\]'"):
        export(tmp_path / "none.h5", tmp_path / "x.onnx")
