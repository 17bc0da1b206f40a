"""A small trained model, a file of it, and a way to change the file behind nnctl's back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnctl.checkpoint import save_model
from nnctl.fields import create
from nnctl.model import Sequential

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
T = np.random.default_rng(1).integers(0, 3, 12)


def make_model(optimizer: Any = "Adam", dtype: str = "float32", dropout: float = 0.0) -> Sequential:
    """Return a compiled network that has made three steps."""
    specs: list[Any] = [
        {"Dense": {"units": 5, "activation": "relu", "kernel_regularizer": {"L2": 0.01}, "name": "hidden"}},
        {"Dropout": dropout},
        {"Dense": {"units": 3, "activation": "softmax", "kernel_constraint": "MaxNorm"}},
    ]
    model = Sequential([create("layer", spec) for spec in specs], dtype=dtype)
    model.build((4,))
    loss, metrics = create("loss", "sparse_categorical_crossentropy"), [create("metric", "accuracy")]
    model.compile(create("optimizer", optimizer), loss, metrics)
    for _ in range(3):
        model.train_step(X.astype(dtype), T)
    return model


@pytest.fixture
def model() -> Sequential:
    return make_model()


@pytest.fixture
def saved(model: Sequential, tmp_path: Path) -> Path:
    path = tmp_path / "model.h5"
    save_model(path, model, {"spec": "layers: []\n", "mean": np.arange(3.0)})
    return path


@pytest.fixture
def foreign(saved: Path) -> Callable[[Callable[[Any], None]], Path]:
    """Return a function that changes the file as one of Keras', which has no checksums."""

    def changed(change: Callable[[Any], None]) -> Path:
        with h5py.File(saved, "a") as file:
            del file["nnctl"], file.attrs["nnctl_format"]
            change(file)
        return saved

    return changed
