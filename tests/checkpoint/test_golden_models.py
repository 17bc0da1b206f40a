"""What real Keras saved (tests/golden/generate_models.py): the same predictions, loss and next step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl.checkpoint import load_model, load_weights

MODELS = Path(__file__).parents[1] / "golden" / "keras_models"
NAMES = [f"{keras}_{name}" for keras in ("keras3", "keras2") for name in ("adam", "shaping", "double")]


@pytest.mark.parametrize("name", NAMES)
def test_predictions_loss_and_next_step_are_keras(name: str) -> None:
    loaded, expected = load_model(MODELS / f"{name}.h5"), np.load(MODELS / f"{name}.npz")
    model = loaded.model
    assert loaded.extra == {}
    assert loaded.notes == []
    assert model.dtype == ("float64" if name.endswith("double") else "float32")
    np.testing.assert_allclose(model.predict_batch(expected["x"]), expected["y"], atol=1e-6)
    assert model.loss is not None
    assert model.optimizer is not None
    assert model.optimizer.iterations == 3
    targets = model.loss.adapt_targets(expected["t"], model.output_shape)
    assert model.test_step(expected["x"], targets) == pytest.approx(float(expected["loss"]), abs=1e-6)
    if "next" in expected:
        model.train_step(expected["x"], targets)
        np.testing.assert_allclose(model.predict_batch(expected["x"]), expected["next"], atol=1e-6)


@pytest.mark.parametrize("weights", ["weights_only.h5", "keras3.weights.h5"])
def test_weights_only_files_fill_a_model(weights: str) -> None:
    expected = np.load(MODELS / "keras3_adam.npz")
    model = load_model(MODELS / "keras3_adam.h5").model
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    assert load_weights(MODELS / weights, model) == ["hidden", "dense"]
    np.testing.assert_allclose(model.predict_batch(expected["x"]), expected["y"], atol=1e-6)


def test_metric_columns_are_kept() -> None:
    assert [m.column for m in load_model(MODELS / "keras3_adam.h5").model.metrics] == ["accuracy"]
    assert [m.column for m in load_model(MODELS / "keras2_shaping.h5").model.metrics] == ["binary_accuracy"]
