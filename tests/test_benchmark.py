"""Timing a step: the parts are all there, the products are counted right, and nothing stays behind."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from nnctl import Sequential, kernels, layers
from nnctl.benchmark import Report, Watch, measure, row_time, step_time
from nnctl.data import Batches, Rows

NEEDS_NUMBA = pytest.mark.skipif(find_spec("numba") is None, reason="the extra `fast` brings it")


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


def test_the_parts_add_up_to_the_step() -> None:
    _, found = report()
    parts = [found.loss, found.optimizer, found.metrics, found.other]
    parts += [time for layer in found.layers for time in (layer.forward, layer.backward)]
    assert sum(parts) == pytest.approx(found.step)


B, T, U = 4, 5, 3  # rows, steps, units
# The products of each, and what it costs to have a bias among the inputs.
RECURRENT = {
    "SimpleRNN": (2 * 6 + 3 * U) * U,  # x: forward and its kernel; h: forward, backward, kernel
    "LSTM": (2 * 6 + 3 * U) * 4 * U,
    "GRU": (2 * 6 + 3 * U) * 3 * U,
}


@NEEDS_NUMBA
@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("loops", ["numpy", "compiled"])
def test_products_of_recurrent_layers_are_counted(name: str, loops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that compiled loops make where nobody can watch; a bias may be one more input."""
    if loops == "compiled":
        for loop, compiled in kernels.compiled_loops().items():
            monkeypatch.setattr(kernels, loop, compiled)
        monkeypatch.setattr(kernels, "chosen", "compiled")
    found = bench(getattr(layers, name)(U), x=np.ones((2 * B, T, 6), "float32"))
    products = B * T * RECURRENT[name]
    bias = 2 * B * T * RECURRENT[name] // (2 * 6 + 3 * U)
    assert products <= found.multiplications <= products + bias
    assert found.seen <= found.multiplications
    assert found.kernels == loops


def test_what_has_no_products_counts_none() -> None:
    words = layers.Embedding(7, U), layers.Flatten()
    assert bench(*words, x=np.ones((2 * B, T), "int32")).multiplications == 0
    images = layers.DepthwiseConv2D(2), layers.MaxPooling2D(), layers.Flatten()
    assert bench(*images, x=np.ones((2 * B, T, T, 2), "float32")).multiplications == 0


def bench(*net: Any, x: Any) -> Report:
    """Measure a net without a dense layer; its targets are of the shape of its outputs."""
    model = Sequential([layers.Input(x.shape[1:]), *net])
    model.compile("sgd", "mse")
    y = np.zeros((len(x), *model.output_shape), "float32")
    return measure(model, Batches(Rows(x, y, None), B), 0.01)  # type: ignore[arg-type]  # rows have targets


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


def test_judging_is_timed_by_the_row() -> None:
    assert 0 < row_time(*model_and_batches()) < 1  # type: ignore[arg-type]  # rows have targets


def test_two_threads_at_once_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is in the function from 0 to 5, the other from 1 to 2: 5 seconds; later one from 7 to 8."""
    times = iter([0.0, 1.0, 2.0, 5.0, 7.0, 8.0])
    monkeypatch.setattr("nnctl.benchmark.time.perf_counter", lambda: next(times))
    watch = Watch()
    inner = watch.over(lambda: None)
    watch.over(inner)()
    watch.over(lambda: None)()
    assert (watch.seconds, watch.calls) == (6.0, 3)
