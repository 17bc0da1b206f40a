"""The loop: history, evaluation, continuation to the same bits, divergence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers
from nnctl.callbacks import Callback
from nnctl.data import Batches, Rows
from nnctl.errors import DivergedError
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.training import Trainer, evaluate

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 3)).astype("float32")
T = (X.sum(axis=1) > 0).astype("int64")


def trainer(optimizer: Any = "adam", epochs: int = 3, callbacks: tuple[Any, ...] = (), **fit: Any) -> Trainer:
    model = Sequential([layers.Dense(4, activation="tanh"), layers.Dropout(0.3), layers.Dense(2, activation="softmax")])
    model.build((3,))
    model.compile(
        create("optimizer", optimizer),
        create("loss", "sparse_categorical_crossentropy"),
        [create("metric", "accuracy")],
    )
    made = [create("callback", callback) for callback in callbacks]
    return Trainer(model, Batches(Rows(X, T), 8, True), Batches(Rows(X, T), 16), epochs=epochs, callbacks=made, **fit)


class StopAfter(Callback):
    """stop after so many batches, for the tests"""

    def after(self, batches: int) -> StopAfter:
        self.left = batches
        return self

    def on_batch_end(self, batch: int, loss: float) -> None:
        self.left -= 1
        if self.left == 0:
            self.trainer.stop_at_once = True


def test_history_has_every_epoch_and_column() -> None:
    history = trainer({"Adam": 0.05}).run()
    assert history.epoch == [0, 1, 2]
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.history["loss"][2] < history.history["loss"][0]


@pytest.mark.parametrize(
    "optimizer",
    [
        "sgd",
        {"SGD": {"momentum": 0.9, "nesterov": True}},
        {"RMSprop": {"momentum": 0.5, "centered": True}},
        {"Adam": {"amsgrad": True}},
    ],
)
def test_stopped_after_any_batch_it_continues_to_the_same_bits(optimizer: Any) -> None:
    """RELIABILITY R01, R05: 2 epochs of 7 batches, interrupted at every one of the 14."""
    callbacks = (
        {"EarlyStopping": {"patience": 5, "restore_best_weights": True}},
        {"LearningRateScheduler": "lr * 0.9"},
    )
    straight = trainer(optimizer, 2, callbacks)
    expected = straight.run()
    for batches in range(1, 14):
        first = trainer(optimizer, 2, callbacks, observers=[StopAfter().after(batches)])
        first.run()
        second = trainer(optimizer, 2, callbacks, observers=[StopAfter().after(0)])
        second.restore(first.state())
        history = second.run()
        assert history.history == expected.history, f"after {batches} batches"
        np.testing.assert_array_equal(second.model.parameters.values, straight.model.parameters.values)
        for name, slot in straight.model.optimizer.slots.items():
            np.testing.assert_array_equal(second.model.optimizer.slots[name], slot)


def test_evaluation_does_not_depend_on_the_batch_size() -> None:
    """RELIABILITY N06."""
    model = trainer().model
    logs = [evaluate(model, Batches(Rows(X, T), size)) for size in (1, 7, 32, 50)]
    for other in logs[1:]:
        assert other == pytest.approx(logs[0], rel=1e-6)


def test_divergence_names_the_place_and_keeps_the_weights() -> None:
    """RELIABILITY N01."""
    model = Sequential([layers.Dense(1)])
    model.build((1,))
    model.compile(create("optimizer", {"SGD": 1e30}), create("loss", "mse"))
    x = np.full((8, 1), 1e3, "float32")
    run = Trainer(model, Batches(Rows(x, -x), 4), epochs=5)
    with np.errstate(all="ignore"), pytest.raises(DivergedError) as caught:
        run.run()
    assert "in epoch 1, batch 2" in str(caught.value)
    assert "learning rate 1e+30" in str(caught.value)
    assert "in dense/" in str(caught.value)
    assert np.isfinite(model.parameters.values).all()


def test_sample_weights_divide_by_the_batch_size_and_metrics_ignore_them() -> None:
    """KERAS.md 11: weights (1, 0) on errors (1, 1) give a loss of 1/2, not 1."""
    model = Sequential([layers.Dense(1, kernel_initializer="zeros")], dtype="float64")
    model.build((1,))
    model.compile(create("optimizer", "sgd"), create("loss", "mse"), [create("metric", "mse")])
    rows = Rows(np.ones((2, 1)), np.ones((2, 1)), np.array([1.0, 0.0]))
    assert evaluate(model, Batches(rows, 2)) == {"loss": 0.5, "mse": 1.0}


def test_misspelt_events_are_refused() -> None:
    with pytest.raises(TypeError, match="on_epoch_finish would never be called"):
        type("Wrong", (Callback,), {"on_epoch_finish": lambda self: None})


def test_weighted_metrics_count_the_weights_of_the_rows() -> None:
    """Errors 1 and 2 with weights 3 and 1: mae (1 + 2) / 2, weighted (3 + 2) / 4; one name, two columns."""
    model = Sequential([layers.Dense(1, kernel_initializer="zeros")], dtype="float64")
    model.build((1,))
    mae = [create("metric", "mae") for _ in range(2)]
    model.compile(create("optimizer", "sgd"), create("loss", "mse"), mae[:1], mae[1:])
    rows = Rows(np.ones((2, 1)), np.array([[1.0], [2.0]]), np.array([3.0, 1.0]))
    assert evaluate(model, Batches(rows, 1)) == {"loss": 3.5, "mae": 1.5, "weighted_mae": 1.25}


def test_validation_every_other_epoch() -> None:
    history = trainer(epochs=5, validation_freq=2).run().history
    assert (len(history["loss"]), len(history["val_loss"])) == (5, 2)


@pytest.mark.parametrize("size", [1024, 2_000_000])
def test_the_loss_of_many_rows_is_not_lost_in_rounding(size: int) -> None:
    """RELIABILITY N05: 2,000,000 times 0.1; a running float32 sum would give 197,024 instead of 200,000."""
    model = Sequential([layers.Dense(1, kernel_initializer="zeros")])
    model.build((1,))
    model.compile(create("optimizer", "sgd"), create("loss", "mae"), [create("metric", "mae")])
    rows = Rows(np.zeros((2_000_000, 1), "f4"), np.full((2_000_000, 1), 0.1, "f4"))
    assert evaluate(model, Batches(rows, size)) == pytest.approx({"loss": 0.1, "mae": 0.1}, rel=1e-6)
