"""Models that real Keras saved, of both versions: onnxruntime gives the numbers that nnctl gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl.checkpoint import load_model
from nnctl.layers.embedding import Embedding
from tests.onnx_export.runtime import ROWS, check

MODELS = Path(__file__).parents[1] / "golden" / "keras_models"
FILES = [
    path
    for form in ("h5", "keras")
    for path in sorted(MODELS.glob(f"keras?_*.{form}"))
    if path.suffixes[0] != ".weights"
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_model_of_keras(path: Path) -> None:
    model = load_model(path).model
    random = np.random.default_rng(5)
    first = model.layers[0]
    size = (ROWS, *model.input_shape)
    if isinstance(first, Embedding):
        x = random.integers(0, first.input_dim, size)
    else:
        x = random.normal(size=size).astype(model.dtype)
    check(model, x)


def test_there_are_models_of_both_versions() -> None:
    names = [path.name for path in FILES]
    assert sum(name.startswith("keras2") for name in names) >= 7
    assert sum(name.startswith("keras3") for name in names) >= 10
