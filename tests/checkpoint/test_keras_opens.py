"""keras.models.load_model opens what nnctl saved, evaluates to the same numbers and goes on training."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnctl.checkpoint import save_model

from .conftest import T, X, make_model

KERAS = os.environ.get("NNCTL_KERAS_PYTHON") or (sys.executable if importlib.util.find_spec("keras") else None)
OPTIMIZERS: dict[str, Any] = {
    "sgd": {"SGD": {"learning_rate": 0.1}},
    "momentum": {"SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}},
    "rmsprop": {"RMSprop": {"learning_rate": 0.01}},
    "centered": {"RMSprop": {"learning_rate": 0.01, "centered": True, "momentum": 0.5}},
    "adam": {"Adam": {"learning_rate": 0.01, "clipnorm": 1.0}},
    "amsgrad": {
        "Adam": {
            "amsgrad": True,
            "learning_rate": {"ExponentialDecay": {"initial_learning_rate": 0.05, "decay_steps": 2, "decay_rate": 0.9}},
        }
    },
    **{  # all but Lamb, which Keras cannot load itself
        name.lower(): {name: {"learning_rate": 0.01}}
        for name in ("Adagrad", "Adadelta", "AdamW", "Adamax", "Nadam", "Lion", "Ftrl", "Adafactor")
    },
    "averages": {"AdamW": {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.5, "amsgrad": True}},
    "accumulated": {"Nadam": {"learning_rate": 0.01, "gradient_accumulation_steps": 2, "use_ema": True}},
    "schedule": {
        "SGD": {"learning_rate": {"CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 2}}}
    },
}


@pytest.mark.slow
@pytest.mark.skipif(KERAS is None, reason="needs Keras 3: set NNCTL_KERAS_PYTHON to an interpreter that has it")
def test_keras_predicts_evaluates_and_trains_on(tmp_path: Path) -> None:
    models = {name: make_model(optimizer) for name, optimizer in OPTIMIZERS.items()}
    np.savez(tmp_path / "data.npz", x=X, t=T)
    for name, model in models.items():
        save_model(tmp_path / f"{name}.h5", model, {"spec": name})
    side = Path(__file__).with_name("keras_side.py")
    subprocess.run([str(KERAS), str(side), str(tmp_path)], check=True, capture_output=True)
    for name, model in models.items():
        keras = np.load(tmp_path / f"{name}.npz")
        assert model.optimizer is not None
        assert keras["steps"] == 3 // (model.optimizer.gradient_accumulation_steps or 1), name
        np.testing.assert_allclose(model.predict_batch(X), keras["y"], atol=1e-6, err_msg=name)
        for metric in model.metrics:
            metric.reset()
        measured = [model.test_step(X, T), *(metric.result() for metric in model.metrics)]
        np.testing.assert_allclose(measured, keras["measured"], atol=1e-6, err_msg=name)
        model.train_step(X, T)
        model.optimizer.finish()
        np.testing.assert_allclose(model.predict_batch(X), keras["next"], atol=1e-6, err_msg=name)
