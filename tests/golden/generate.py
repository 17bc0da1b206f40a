"""Let real Keras compute the golden numbers: `python -m tests.golden.generate [FAMILY ...]` from the checkout.

Runs in an environment of its own (README.md beside this file); nnctl is not imported. Everything is computed in
float64, so that nnctl can be held to 1e-9.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from . import store
from .cases import cases_of, families
from .reference import functions, layers, trajectories, updates
from .reference.precision import use_float64

ANSWERS: dict[str, Callable[[Any], store.Numbers]] = {
    "activations": functions.activation,
    "constraints": updates.constraint,
    "initializers": updates.initializer,
    "losses": functions.loss,
    "metrics": functions.metric,
    "optimizers": updates.optimizer,
    "regularizers": updates.regularizer,
    "schedules": updates.schedule,
    "trajectories": trajectories.answer,
}  # the others are families of layers


def main(chosen: list[str]) -> int:
    """Answer every case of the families; return how many Keras refused."""
    use_float64()
    versions = {module.__name__: module.__version__ for module in (keras, tf_keras, tf, np)}
    refused = 0
    for family in chosen or families():
        answer = ANSWERS.get(family, layers.answer)
        results = {}
        for case in cases_of(family):
            keras.backend.clear_session()
            try:
                results[case.id] = (case.fingerprint, answer(case))
            except Exception as error:  # whatever Keras says, the other cases go on
                print(f"{family}: {case.id!r}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
                refused += 1
        path = store.save(family, results, versions)
        print(f"{path.name}: {len(results)} cases, {path.stat().st_size:,} bytes")
    return refused


if __name__ == "__main__":
    sys.exit(f"{refused} cases have no answer" if (refused := main(sys.argv[1:])) else 0)
