"""Model files: HDF5 in Keras' layout, written atomically, read through one guard.

A model file is a superset of Keras' legacy .h5: `keras.models.load_model` opens what `save_model`
wrote, and `load_model` opens what Keras saved. What is nnctl's own (the spec, the preprocessing, the
history) sits in one more group, `nnctl`. Loading never runs code, never imports by name,
never opens another file: names in the file are looked up in nnctl's registry and nowhere else.

    atomic         files that are either the old one or the new one
    kind           what a file is, by its first bytes
    guard          the one way to read a group, dataset or attribute
    strict_json    JSON within limits
    image          HDF5 made in memory, written as bytes
    seal           the checksum of the whole file, compared before anything else
    own            the group `nnctl`: a tree of values and arrays
    keras_config   things <-> Keras' configs
    weights        model_weights and optimizer_weights <-> the model's vectors
    model_file     save_model, load_model, save_weights, load_weights
    state_file     save_state, load_state: checkpoint.h5

The names below load their module, and h5py, when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnctl.checkpoint.model_file import Loaded, load_model, load_weights, save_model, save_weights
    from nnctl.checkpoint.state_file import load_state, save_state

_MODULES = {
    "Loaded": "model_file",
    "load_model": "model_file",
    "load_weights": "model_file",
    "save_model": "model_file",
    "load_state": "state_file",
    "save_state": "state_file",
    "save_weights": "model_file",
}

__all__ = ["Loaded", "load_model", "load_state", "load_weights", "save_model", "save_state", "save_weights"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
