"""Model files: HDF5 in Keras' layout, written atomically, read through one guard.

A model file is a superset of Keras' legacy .h5: `keras.models.load_model` opens what `save_model`
wrote, and `load_model` opens what Keras saved, as .h5 or .keras. What is nnctl's own (the spec, the preprocessing, the
history) sits in one more group, `nnctl`. Loading never runs code, never imports by name,
never opens another file: names in the file are looked up in nnctl's registry and nowhere else.

    atomic         files that are either the old one or the new one
    kind           what a file is, by its first bytes
    guard          the one way to read a group, dataset or attribute
    scout          a child process that goes through a file first
    archive        the members of a .keras archive, read in memory
    strict_json    JSON within limits
    image          HDF5 made in memory, written as bytes
    seal           the checksum of the whole file, compared before anything else
    own            the group `nnctl`: a tree of values and arrays
    keras_config   things <-> Keras' configs
    keras2         words that Keras 2 used otherwise
    keras_lacks    what Keras 3 has not
    weights        model_weights and optimizer_weights <-> the model's vectors
    keras3_weights the same in the layout of Keras 3's .weights.h5
    stored         a model file of either form, opened
    model_file     save_model, save_archive, load_model, save_weights
    warm_start     load_weights, and go_on_from with the optimizer's state
    state_file     save_state, load_state: checkpoint.h5

The names below load their module, and h5py, when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnctl.checkpoint.model_file import (
        Loaded,
        load_model,
        save_archive,
        save_model,
        save_weights,
    )
    from nnctl.checkpoint.state_file import load_state, save_state
    from nnctl.checkpoint.warm_start import go_on_from, load_weights

_MODULES = {
    "Loaded": "model_file",
    "go_on_from": "warm_start",
    "load_model": "model_file",
    "load_weights": "warm_start",
    "save_archive": "model_file",
    "save_model": "model_file",
    "load_state": "state_file",
    "save_state": "state_file",
    "save_weights": "model_file",
}

__all__ = [
    "Loaded",
    "go_on_from",
    "load_model",
    "load_state",
    "load_weights",
    "save_archive",
    "save_model",
    "save_state",
    "save_weights",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
