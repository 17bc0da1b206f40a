"""A recurrent layer with the usual activations computes what its cell that goes step by step does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import kernels, seeds, threads
from nnctl.fields import create
from nnctl.layers import Context, gru, lstm, parts, simple_rnn, usual
from nnctl.model import Sequential

STEPPED = {"LSTM": lstm.LSTMCell, "GRU": gru.GRUCell, "SimpleRNN": simple_rnn.SimpleCell}
SETTINGS = [{}, {"return_sequences": True}, {"go_backwards": True, "use_bias": False}, {"dropout": 0.4}]


def made(name: str, dtype: str = "float64", **settings: Any) -> Any:
    layer = create("layer", {name: {"units": 5, **settings}})
    Sequential([layer], dtype=dtype).build((9, 3))
    random = np.random.default_rng(0)
    for weight in layer.weights:
        weight.value[...] = random.normal(size=weight.shape) / 2
    layer.needs_dx = True
    return layer


def results(layer: Any, mask: bool, dtype: str = "float64") -> list[Any]:
    """Return the output, the gradient of the input, and those of the weights."""
    random = np.random.default_rng(1)
    x = random.normal(size=(7, 9, 3)).astype(dtype)
    valid = random.random((7, 9)) < 0.6 if mask else None
    y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout"), valid))
    dx = layer.backward(random.normal(size=y.shape).astype(dtype), cache)
    return [y, dx, *(weight.grad.copy() for weight in layer.weights)]


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("number", range(len(SETTINGS)))
@pytest.mark.parametrize("name", STEPPED)
def test_the_usual_cell_is_the_stepped_one(name: str, number: int, mask: bool) -> None:
    layer = made(name, **SETTINGS[number])
    assert issubclass(layer.cell, usual.UsualCell)
    found = results(layer, mask)
    layer.cell = STEPPED[name]
    for one, other in zip(found, results(layer, mask), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("other", [{"activation": "relu"}, {"recurrent_dropout": 0.5}])
@pytest.mark.parametrize("name", STEPPED)
def test_other_activations_and_dropout_of_gates_go_step_by_step(name: str, other: dict[str, Any]) -> None:
    assert made(name, **other).cell is STEPPED[name]


@pytest.mark.parametrize("name", STEPPED)
def test_pieces_that_threads_take_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(name, return_sequences=True)
    whole = results(layer, True)
    for count in (1, 2):
        monkeypatch.setattr(threads, "current", lambda count=count: count)
        monkeypatch.setattr(usual, "PIECE", 7 * 5 * 5 * layer.cell.gates * 2)  # two steps
        for one, other in zip(whole, results(layer, True), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", STEPPED)
def test_rows_that_threads_take_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(name, "float32", return_sequences=True)
    whole = results(layer, True, "float32")
    monkeypatch.setattr(threads, "current", lambda: 2)
    monkeypatch.setattr(threads, "PRODUCT", 1000)
    monkeypatch.setattr(parts, "WORTH", 1)
    for one, other in zip(whole, results(layer, True, "float32"), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_threads_share_the_interpreter_only_where_they_must(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made("LSTM", "float32")
    monkeypatch.setattr(threads, "current", lambda: 4)
    monkeypatch.setattr(threads, "PRODUCT", 1000)
    x = np.zeros((8, 9, 3), "f4")
    for free, count in ((False, 1), (True, 4)):
        monkeypatch.setattr(kernels, "free_scans", free)
        assert len(layer.forward(x, Context())[1].cells) == count
