"""Timing a step: the parts are all there, the products are counted right, and nothing stays behind."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl import Sequential, layers
from nnctl.benchmark import Report, measure
from nnctl.data import Batches, Rows


def report() -> tuple[Sequential, Report]:
    model = Sequential([layers.Input([6]), layers.Dense(4, activation="relu"), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    random = np.random.default_rng(0)
    x, y = random.random((25, 6), "float32"), random.random((25, 1), "float32")
    return model, measure(model, Batches(Rows(x, y, None), 10), 0.02)  # type: ignore[arg-type]  # rows have targets


def test_products_are_counted() -> None:
    """Forward and kernel gradient of both layers, input gradient of the second alone."""
    _, found = report()
    assert found.multiplications == 10 * (2 * 6 * 4 + 3 * 4 * 1)
    assert 0 < found.products < found.step
    assert found.floor == pytest.approx(found.multiplications / found.speed)


def test_every_part_is_timed() -> None:
    _, found = report()
    assert [layer.title for layer in found.layers] == ["Dense", "Dropout", "Dense"]
    assert found.layers[0].output_shape == "(None, 4)"
    assert all(layer.forward > 0 and layer.backward > 0 for layer in found.layers)
    assert min(found.loss, found.optimizer, found.metrics) > 0
    assert found.steps_per_epoch == 3
    assert found.epoch == pytest.approx(3 * found.step)
    assert {"layers", "floor", "gflops", "samples_per_second"} <= found.plain().keys()


def test_watches_are_taken_off() -> None:
    before = np.matmul, np.dot
    model, _ = report()
    assert (np.matmul, np.dot) == before
    assert not {"loss_and_gradient", "_update_metrics"} & vars(model).keys()
    assert not {"forward", "backward"} & vars(model.layers[0]).keys()
