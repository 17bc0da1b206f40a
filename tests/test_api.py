"""The Python API under Keras' names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnctl
from nnctl import Sequential, layers, load_model
from nnctl.errors import ConfigError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 4))
Y = (X.sum(axis=1) > 0).astype(int)


def binary() -> Sequential:
    model = Sequential([layers.Dense(6, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def test_fit_evaluate_predict() -> None:
    model = binary()
    history = model.fit(X, Y, epochs=30, batch_size=10, validation_split=0.25)
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    loss, accuracy = model.evaluate(X, Y)
    assert model.evaluate(X, Y, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    assert accuracy > 0.8
    classes = model.predict_classes(X)
    assert classes.shape == (60, 1)
    assert np.mean(classes[:, 0] == Y) == pytest.approx(accuracy)


def test_validation_split_takes_the_last_rows() -> None:
    """The last quarter is all of class 1, so its accuracy equals the share predicted as 1 there."""
    model = binary()
    y = np.r_[np.zeros(45, int), np.ones(15, int)]
    history = model.fit(X, y, epochs=1, validation_split=0.25)
    assert history.history["val_accuracy"][0] == pytest.approx(model.predict_classes(X[45:]).mean())


def test_train_on_batch_is_one_step_of_fit() -> None:
    one, other = binary(), binary()
    one.fit(X, Y, batch_size=60, shuffle=False)
    loss, _ = other.train_on_batch(X, Y)
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])
    assert other.test_on_batch(X, Y)[0] < loss


def test_class_weight_equals_sample_weight() -> None:
    one, other = binary(), binary()
    one.fit(X, Y, class_weight={1: 3.0})
    other.fit(X, Y, sample_weight=np.where(Y == 1, 3.0, 1.0))
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])


def test_save_and_load_give_the_same_predictions(tmp_path: Path) -> None:
    model = binary()
    model.fit(X, Y)
    model.save(tmp_path / "nn.h5")
    again = load_model(tmp_path / "nn.h5")
    np.testing.assert_array_equal(model.predict(X), again.predict(X))
    assert again.evaluate(X, Y) == model.evaluate(X, Y)
    model.fit(X, Y), again.fit(X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], again.get_weights()[0])


def test_architecture_as_json_and_yaml() -> None:
    model = binary()
    model.build((4,))
    config = json.loads(model.to_json())
    assert [layer["class_name"] for layer in config["config"]["layers"]] == ["InputLayer", "Dense", "Dense"]
    assert "units: 6" in model.to_yaml()


def test_summary_counts_weights(capsys: pytest.CaptureFixture[str]) -> None:
    model = binary()
    model.build((4,))
    model.summary()
    out = capsys.readouterr().out
    assert "dense_1 (Dense)" in out
    assert "Total params: 37 (trainable: 37)" in out


def test_arrays_that_do_not_fit_are_refused() -> None:
    model = binary()
    model.build((4,))
    with pytest.raises(ConfigError, match=r"inputs of shape \(None, 4\), got \(2, 3\)"):
        model.predict(np.ones((2, 3)))
    with pytest.raises(ConfigError, match="x has 2 rows and y 3"):
        model.fit(np.ones((2, 4)), np.ones(3))
    with pytest.raises(ConfigError, match="compile needs a loss"):
        Sequential([layers.Dense(1)]).compile("adam")
    with pytest.raises(ConfigError, match="not compiled"):
        Sequential([layers.Dense(1)]).fit(X, Y)


def test_namespaces_serve_the_registry() -> None:
    assert nnctl.layers.Dense is layers.Dense
    assert nnctl.optimizers.Adam().config()["epsilon"] == 1e-7
    with pytest.raises(AttributeError, match="no attribute 'Dens'"):
        _ = layers.Dens


def test_import_alone_costs_nothing() -> None:
    code = "import sys, nnctl; print([m for m in ('numpy', 'pydantic', 'h5py', 'pandas', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
