"""Whole nets trained by nnctl and by Keras: every column of the history, the final weights, what evaluate says."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl.api import Sequential
from nnctl.fields import create

from .cases import TrajectoryCase
from .compare import check, collected, keras_numbers
from .inputs import draw_weight
from .store import Numbers


@pytest.mark.parametrize("case", collected("trajectories"), ids=lambda case: case.id)
def test_training_goes_as_in_keras(case: TrajectoryCase) -> None:
    model = Sequential([create("layer", layer) for layer in case.layers], dtype="float64")
    model.build(case.input_shape)
    model.set_weights([draw_weight(case.id, i, w.name, w.shape) for i, w in enumerate(model.weights)])
    weighted = {"weighted_metrics": case.weighted_metrics} if case.weighted_metrics else {}
    model.compile(case.optimizer, case.loss, metrics=case.metrics, **weighted)
    arrays = case.arrays()
    history = model.fit(
        arrays["x"], arrays["y"],
        sample_weight=arrays.get("weight"),
        validation_data=(arrays["vx"], arrays["vy"]) if case.validation else None,
        callbacks=case.callbacks,
        shuffle=False, **case.fit,
    )  # fmt: skip
    got: Numbers = {f"history {name}": np.array(column) for name, column in history.history.items()}
    got |= {f"w{i}": array for i, array in enumerate(model.get_weights())}
    for name, value in model.evaluate(arrays["x"], arrays["y"], batch_size=5, return_dict=True).items():
        got[f"evaluate {name}"] = np.asarray(value)
    check(case, got, keras_numbers("trajectories", case))
