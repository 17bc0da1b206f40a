"""Whole nets through model.fit: every column of the history, the final weights, and what evaluate says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..cases import TrajectoryCase
from ..inputs import draw_weight
from ..store import Numbers
from .build import build


def answer(case: TrajectoryCase) -> Numbers:
    inputs = keras.Input(batch_shape=(case.batch, *case.input_shape), dtype=case.input_dtype)
    model = keras.Sequential([inputs, *(build("layer", layer) for layer in case.layers)])
    model.set_weights([draw_weight(case.id, i, w.name, w.shape) for i, w in enumerate(model.weights)])
    model.compile(
        optimizer=_dense(build("optimizer", case.optimizer)),
        loss=_named("loss", case.loss),
        metrics=[_named("metric", metric) for metric in case.metrics],
        weighted_metrics=[_named("metric", metric) for metric in case.weighted_metrics],
        jit_compile=False,
    )
    arrays = case.arrays()
    history = model.fit(
        arrays["x"],
        arrays["y"],
        sample_weight=arrays.get("weight"),
        validation_data=(arrays["vx"], arrays["vy"]) if case.validation else None,
        callbacks=[_callback(callback) for callback in case.callbacks],
        shuffle=False,
        verbose=0,
        **case.fit,
    )
    numbers: Numbers = {f"history {name}": np.array(column) for name, column in history.history.items()}
    numbers |= {f"w{i}": array for i, array in enumerate(model.get_weights())}
    for name, value in model.evaluate(arrays["x"], arrays["y"], batch_size=5, verbose=0, return_dict=True).items():
        numbers[f"evaluate {name}"] = np.asarray(value)
    return numbers


def _dense(optimizer: Any) -> Any:
    """Let an Embedding's gradient reach the optimizer as one array, as on Keras' other backends.

    On TensorFlow it is a list of rows; a row that a batch names twice is there twice, and optimizers would square the
    two parts one by one instead of their sum.
    """
    apply = optimizer.apply
    optimizer.apply = lambda grads, variables=None: apply([tf.convert_to_tensor(g) for g in grads], variables)
    return optimizer


def _named(kind: str, value: Any) -> Any:
    """Leave a bare name to Keras: it decides what `accuracy` means, and a column keeps the name as written."""
    return value if isinstance(value, str) else build(kind, value)


def _callback(value: Any) -> Any:
    name, fields = next(iter(value.items()))
    if name == "LearningRateScheduler":  # an expression in `epoch` and `lr`, as in a spec
        formula = compile(fields["schedule"], "schedule", "eval")
        return keras.callbacks.LearningRateScheduler(lambda epoch, lr: eval(formula, {"epoch": epoch, "lr": lr}))
    return build("callback", value)
