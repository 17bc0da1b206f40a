"""nnctl: train neural networks from YAML specs, with NumPy alone and Keras' vocabulary.

    from nnctl import Sequential, layers, load_model

    model = Sequential([layers.Dense(12, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=150, batch_size=10, validation_split=0.2)

The names below are loaded when they are first used, so that `import nnctl` alone costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_MODULES = {"Sequential": "nnctl.api", "load_model": "nnctl.api", "load_spec": "nnctl.api", "train": "nnctl.api"}
_NAMESPACES = (
    "activations", "callbacks", "constraints", "initializers", "layers",
    "losses", "metrics", "optimizers", "regularizers", "schedules",
)  # fmt: skip

__all__ = ["__version__", *_MODULES, *_NAMESPACES]  # noqa: PLE0604 - the names are strings


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    if name in _NAMESPACES:
        return importlib.import_module(f"nnctl.{name}")
    raise AttributeError(f"module 'nnctl' has no attribute {name!r}")
