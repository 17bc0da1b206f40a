"""What Keras 2 (and 1) meant by words that Keras 3 uses otherwise: decided by the version in the file."""

from __future__ import annotations

import re
from typing import Any

ACTIVATIONS = {"hard_sigmoid": "hard_sigmoid_keras2"}
SLOT_AFTER_SLOT = ("Adadelta", "Adagrad", "Adam", "Adamax", "RMSprop", "SGD")  # of the optimizers before 2.11
ACTIVATION_SLOTS = ("activation", "recurrent_activation", "inner_activation")


def is_keras2(version: str) -> bool:
    """Whether a `keras_version` is before 3; `2.15.0`, `2.2.4-tf`. A file without one is of Keras 1."""
    return (_numbers(version) or (1,)) < (3,)


def has_old_optimizers(version: str) -> bool:
    """Whether all optimizers were still those that keep their slots one after the other (before 2.11)."""
    return (_numbers(version) or (1,)) < (2, 11)


def renewed(config: Any) -> Any:
    """Return a config of Keras 2 in the words of Keras 3."""
    if isinstance(config, list):
        return [renewed(item) for item in config]
    if not isinstance(config, dict):
        return config
    result = {key: renewed(value) for key, value in config.items()}
    inner = result.get("config")
    if result.get("class_name") == "GRU" and isinstance(inner, dict):
        inner.setdefault("reset_after", False)  # there was no other GRU when it was not yet written
    if result.get("class_name") == "function" and isinstance(inner, str):
        result["config"] = ACTIVATIONS.get(inner, inner)
    for slot in ACTIVATION_SLOTS:
        if isinstance(value := result.get(slot), str):
            result[slot] = ACTIVATIONS.get(value, value)
    return result


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version)[:2])
