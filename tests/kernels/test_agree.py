"""The compiled loops give the numbers of their NumPy references, whatever shape and memory the arrays have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nnctl import kernels
from nnctl.kernels import reference, reference_scans

pytest.importorskip("numba", reason="the extra `fast` brings it")
NUMPY = {**vars(reference), **vars(reference_scans)}
COMPILED = kernels.compiled_loops()

Make = Callable[..., Any]
Case = Callable[[Make], tuple[Any, ...]]
DTYPES = ["float32", "float64"]


def windows(make: Make, shape: tuple[int, ...], size: tuple[int, ...], strides: tuple[int, ...], gap: int = 1) -> Any:
    """An input (B, *S, C), and the places of the window on it."""
    x = make(*shape)
    return x, reference.places(x, size, strides, (gap,) * len(size))


def pooling(shape: tuple[int, ...], size: tuple[int, ...], strides: tuple[int, ...]) -> Iterator[tuple[str, Case]]:
    def forward(make: Make) -> tuple[Any, ...]:
        x, places = windows(make, shape, size, strides)
        return x, size, strides, make(len(x), *places, shape[-1])

    def backward(make: Make) -> tuple[Any, ...]:
        x, size, strides, y = forward(make)
        reference.max_pool(x, size, strides, y)
        return x, y, make(*y.shape), size, strides, make(*shape)

    yield "max_pool", forward
    yield "max_pool_gradient", backward


def spreading(
    shape: tuple[int, ...], size: tuple[int, ...], strides: tuple[int, ...], gap: int
) -> Iterator[tuple[str, Case]]:
    def columns(make: Make) -> tuple[Any, ...]:
        x, places = windows(make, shape, size, strides, gap)
        return make(len(x), *places, *size, shape[-1]), size, strides, (gap,) * len(size), x

    yield "col2im", columns


def channelwise(
    shape: tuple[int, ...], size: tuple[int, ...], strides: tuple[int, ...], gap: int, multiplier: int
) -> Iterator[tuple[str, Case]]:
    def forward(make: Make) -> tuple[Any, ...]:
        x, places = windows(make, shape, size, strides, gap)
        kernel = make(*size, shape[-1], multiplier)
        return x, kernel, strides, (gap,) * len(size), make(len(x), *places, shape[-1], multiplier)

    def backward(make: Make) -> tuple[Any, ...]:
        x, kernel, strides, dilation, dy = forward(make)
        return x, dy, kernel, strides, dilation, make(*kernel.shape), make(*shape)

    def kernel_alone(make: Make) -> tuple[Any, ...]:
        return (*backward(make)[:-1], None)

    yield "depthwise", forward
    yield "depthwise_gradient", backward
    yield "depthwise_gradient", kernel_alone


def vectors(size: int) -> Iterator[tuple[str, Case]]:
    def state(make: Make, count: int) -> Any:
        """Weights and gradients; squares are not negative."""
        return make(size), make(size), *(np.abs(make(size)) for _ in range(count)), [make(size), make(size)]

    def adam(make: Make) -> tuple[Any, ...]:
        *own, scratch = state(make, 2)
        return *own, None, 0.1, 0.001, 1e-3, 1e-7, scratch

    def amsgrad(make: Make) -> tuple[Any, ...]:
        *own, scratch = state(make, 3)
        return *own, 0.1, 0.001, 1e-3, 1e-7, scratch

    def rmsprop(make: Make) -> tuple[Any, ...]:
        *own, scratch = state(make, 1)
        return *own, None, None, 0.9, 0.0, 1e-3, 1e-7, scratch

    def centered(make: Make) -> tuple[Any, ...]:
        w, g, v, a, scratch = state(make, 2)
        return w, g, v + a * a, a, make(size), 0.9, 0.5, 1e-3, 1e-7, scratch

    yield from (("adam", adam), ("adam", amsgrad), ("rmsprop", rmsprop), ("rmsprop", centered))


def elementwise(*shape: int) -> Iterator[tuple[str, Case]]:
    def bits() -> Any:
        return np.random.default_rng(1).integers(0, 1 << 16, shape).astype(np.uint16)

    yield "bias_relu", lambda make: (make(*shape), make(shape[-1]))
    yield "bias_relu", lambda make: (make(*shape), make(*shape[1:]))
    yield "relu_gradient", lambda make: (make(*shape), make(*shape), make(*shape))
    yield "drop", lambda make: (make(*shape), bits(), 20000, 1 / 0.7, make(*shape))


def scans(steps: int, count: int, units: int, resting: bool, sequences: bool) -> Iterator[tuple[str, Case]]:
    """Cells of so many rows, of which some rest at some steps, with slopes of all outputs or of the last alone."""

    def arrays(make: Make, gates: int, memories: int, backward: bool) -> tuple[list[Any], Any, Any]:
        rest = np.random.default_rng(2).random((steps if resting else 0, count)) < 0.3
        z, w = make(gates, steps, count, units), make(gates, units, units)
        if backward and gates > 1:  # z are gates: between 0 and 1
            np.abs(np.tanh(z), out=z)
        slopes = [make(steps if sequences else 0, count, units), *(make(count, units) for _ in range(memories))]
        inputs = make(steps if resting else 0, count, 6)  # x or dx
        of_inputs = make(*((gates, units, 6) if backward else (gates, 6, units))) if resting else make(0, 6, units)
        return ([z, of_inputs, w], [inputs, *slopes], rest) if backward else ([inputs, of_inputs, z, w], slopes, rest)

    def rnn(make: Make) -> tuple[Any, ...]:
        first, _, rest = arrays(make, 1, 1, False)
        return *first, make(steps + 1, count, units), rest

    def rnn_back(make: Make) -> tuple[Any, ...]:
        first, slopes, rest = arrays(make, 1, 1, True)
        return *first, np.tanh(make(steps + 1, count, units)), *slopes, rest

    def lstm(make: Make) -> tuple[Any, ...]:
        first, _, rest = arrays(make, 4, 2, False)
        return *first, *(make(steps + 1, count, units) for _ in range(2)), make(steps, count, units), rest

    def lstm_back(make: Make) -> tuple[Any, ...]:
        first, slopes, rest = arrays(make, 4, 2, True)
        return *first, make(steps + 1, count, units), np.tanh(make(steps, count, units)), *slopes, rest

    def gru(make: Make) -> tuple[Any, ...]:
        first, _, rest = arrays(make, 3, 1, False)
        return *first, make(units), make(steps + 1, count, units), make(steps, count, units), rest

    def gru_back(make: Make) -> tuple[Any, ...]:
        first, slopes, rest = arrays(make, 3, 1, True)
        n, dg = make(steps, count, units), make(steps, count, units)
        return *first, make(steps + 1, count, units), n, dg, *slopes, rest

    for cell in (rnn, rnn_back, lstm, lstm_back, gru, gru_back):
        yield cell.__name__.replace("_back", "") + "_scan" + ("_back" if "back" in cell.__name__ else ""), cell


def rows(count: int, width: int) -> Iterator[tuple[str, Case]]:
    indices = np.random.default_rng(1).integers(0, 7, count)
    yield "add_rows", lambda make: (make(9, width), indices, make(count, width))


CASES = [
    *pooling((3, 8, 6, 5), (2, 2), (2, 2)),
    *pooling((2, 7, 9, 17), (3, 2), (1, 2)),
    *pooling((0, 4, 4, 2), (2, 2), (2, 2)),
    *pooling((3, 11, 4), (3,), (2,)),
    *pooling((2, 4, 4, 3, 2), (2, 2, 2), (1, 2, 1)),
    *spreading((2, 9, 8, 5), (3, 2), (1, 1), 2),
    *spreading((2, 8, 6, 3), (2, 2), (2, 2), 1),
    *spreading((3, 12, 1), (4,), (3,), 1),
    *spreading((0, 5, 5, 2), (2, 2), (1, 1), 1),
    *spreading((1, 4, 4, 3, 2), (2, 2, 2), (1, 1, 1), 1),
    *channelwise((2, 9, 7, 5), (3, 2), (1, 2), 1, 1),
    *channelwise((2, 9, 7, 17), (2, 2), (1, 1), 2, 1),
    *channelwise((2, 6, 6, 3), (3, 3), (1, 1), 1, 2),
    *channelwise((3, 11, 4), (3,), (2,), 1, 1),
    *channelwise((0, 5, 5, 2), (2, 2), (1, 1), 1, 1),
    *vectors(1037),
    *vectors(0),
    *elementwise(13, 37),
    *elementwise(2, 5, 3, 4),
    *elementwise(0, 4),
    *scans(5, 3, 7, resting=False, sequences=True),
    *scans(6, 5, 4, resting=True, sequences=True),
    *scans(4, 1, 17, resting=True, sequences=False),
    *scans(3, 0, 3, resting=False, sequences=True),
    *rows(50, 3),
    *rows(0, 3),
]


def dense(dtype: str) -> Make:
    """Ties among the numbers, zeros of both signs, and numbers too small to matter."""
    random = np.random.default_rng(0)

    def make(*shape: int) -> Any:
        return random.choice(np.array([0.0, -0.0, 1e-30, *random.normal(size=60)], dtype), shape)

    return make


def scattered(dtype: str) -> Make:
    """The same, with gaps in the memory, and the axes in another order."""
    packed = dense(dtype)

    def make(*shape: int) -> Any:
        x = packed(*shape)
        wide = np.zeros((*(2 * size for size in reversed(shape)),), dtype).T
        part = wide[tuple(slice(None, None, 2) for _ in shape)]
        part[...] = x
        return part

    return make


@pytest.mark.parametrize("memory", [dense, scattered])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
def test_both_write_the_same(number: int, dtype: str, memory: Callable[[str], Make]) -> None:
    name, case = CASES[number]
    results = []
    for loops in (NUMPY, COMPILED):
        given = case(memory(dtype))
        assert loops[name](*given) is None
        results.append(
            [a for a in given if isinstance(a, np.ndarray)][3 * (name == "rnn_scan") :]
        )  # its z means nothing
    for expected, got in zip(*results, strict=True):
        assert got.dtype == expected.dtype
        if "scan" in name:  # with tanh and exp of their own
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=2e-6 if dtype == "float32" else 0)
        elif name == "depthwise_gradient":
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 if dtype == "float32" else 1e-13)
        else:
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ["max_pool", "bias_relu"])
def test_nan_is_not_lost(name: str) -> None:
    for loops in (NUMPY, COMPILED):
        x = np.array([[[1.0], [np.nan], [2.0], [3.0]]])
        if name == "bias_relu":
            loops["bias_relu"](x, np.zeros(1))
            assert np.isnan(x).tolist() == [[[False], [True], [False], [False]]]
        else:
            y = np.empty((1, 2, 1))
            loops["max_pool"](x, (2,), (2,), y)
            assert np.isnan(y).tolist() == [[[True], [False]]]


def test_every_compiled_loop_is_tried() -> None:
    assert {name for name, _ in CASES} == set(COMPILED)
