"""Timing a step: the parts are all there, the products are counted right, and nothing stays behind."""

from __future__ import annotations

import numpy as np
import pytest

from nnctl import Sequential, layers
from nnctl.benchmark import Report, Watch, measure, step_time
from nnctl.data import Batches, Rows


def model_and_batches() -> tuple[Sequential, Batches]:
    model = Sequential([layers.Input([6]), layers.Dense(4, activation="relu"), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    random = np.random.default_rng(0)
    x, y = random.random((25, 6), "float32"), random.random((25, 1), "float32")
    return model, Batches(Rows(x, y, None), 10)


def report() -> tuple[Sequential, Report]:
    model, batches = model_and_batches()
    return model, measure(model, batches, 0.02)  # type: ignore[arg-type]  # rows have targets


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


def test_steps_alone_are_timed_for_an_estimate() -> None:
    seconds, steps = step_time(*model_and_batches(), 0.01)  # type: ignore[arg-type]  # rows have targets
    assert seconds > 0
    assert steps >= 3


def test_two_threads_at_once_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is in the function from 0 to 5, the other from 1 to 2: 5 seconds; later one from 7 to 8."""
    times = iter([0.0, 1.0, 2.0, 5.0, 7.0, 8.0])
    monkeypatch.setattr("nnctl.benchmark.time.perf_counter", lambda: next(times))
    watch = Watch()
    inner = watch.over(lambda: None)
    watch.over(inner)()
    watch.over(lambda: None)()
    watch.end_step()
    assert watch.steps == [6.0]
