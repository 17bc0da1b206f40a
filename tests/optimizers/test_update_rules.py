"""One step of each rule by hand: weight 1, gradient 2, rate 0.1, everything else at its default."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.initializers import Zeros
from nnctl.layers import Weight
from nnctl.model import FlatVectors
from nnctl.optimizers import Optimizer
from nnctl.registry import known


def prepared(name: str, shapes: tuple[tuple[int, ...], ...] = ((1,),), dtype: str = "float64", **config: Any) -> Any:
    """Return an optimizer that holds weights of these shapes, all 1."""
    optimizer = create("optimizer", {name: {"learning_rate": 0.1, **config}})
    vectors = FlatVectors([Weight(f"w{i}", shape, Zeros()) for i, shape in enumerate(shapes)], dtype)
    for weight in vectors.weights:
        weight.value[...] = 1
    optimizer.prepare(vectors)
    return optimizer


def step(optimizer: Optimizer, *gradients: float) -> float:
    """Take a step with each gradient; return the first weight."""
    for gradient in gradients:
        for weight in optimizer.parameters.weights:
            weight.grad[...] = gradient
        optimizer.step()
    return float(optimizer.parameters.values[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SGD", 1 - 0.1 * 2),
        ("Adagrad", 1 - 0.1 * 2 / math.sqrt(0.1 + 2**2 + 1e-7)),
        # v = 0.05 * 4, u = 0: the step is 2 sqrt(1e-7) / sqrt(0.2 + 1e-7).
        ("Adadelta", 1 - 0.1 * 2 * math.sqrt(1e-7 / (0.2 + 1e-7))),
        # The corrected m is 2 and the corrected v is 4: a step of the rate; eps is not corrected.
        ("Adam", 1 - 0.1 * 2 / (2 + 1e-7 / math.sqrt(0.001))),
        ("AdamW", (1 - 0.1 * 0.004) - 0.1 * 2 / (2 + 1e-7 / math.sqrt(0.001))),
        ("Adamax", 1 - 0.1 * 2 / (2 + 1e-7)),
        # b(1) = 0.9 (1 - 0.48) = 0.468, b(2) = 0.9 (1 - 0.4608) = 0.48528, m = 0.2.
        (
            "Nadam",
            1 - 0.1 * (0.48528 * 0.2 / (1 - 0.468 * 0.48528) + (1 - 0.468) * 2 / (1 - 0.468)) / (2 + 1e-7),
        ),
        ("Lion", 1 - 0.1),
        # z = 2 - (sqrt(4.1) - sqrt(0.1)) / 0.1, and w = -z / (sqrt(4.1) / 0.1).
        ("Ftrl", -(2 - (math.sqrt(4.1) - math.sqrt(0.1)) / 0.1) / (math.sqrt(4.1) / 0.1)),
        # The weight's norm is 1 and the step is scaled to it.
        ("Lamb", 1 - 0.1),
        # v = 4 at the first step, so u = 1 = rms(u), and the weight's rms is 1.
        ("Adafactor", 1 - 0.1),
    ],
)
def test_first_step(name: str, expected: float) -> None:
    assert step(prepared(name), 2.0) == pytest.approx(expected, rel=1e-12)


def test_ftrl_sets_small_weights_to_zero() -> None:
    assert step(prepared("Ftrl", l1_regularization_strength=100.0), 2.0) == 0


def test_ftrl_stands_still_at_rate_zero() -> None:
    """Also where there is nothing to divide by."""
    optimizer = prepared("Ftrl", initial_accumulator_value=0.0)
    optimizer.learning_rate = 0.0
    assert step(optimizer, 2.0) == 1


def test_lamb_takes_norms_of_whole_weights() -> None:
    """A weight of four ones has norm 2, its step of four equal parts too: each part moves by the rate."""
    optimizer = prepared("Lamb", shapes=((2, 2), (1,)))
    step(optimizer, 5.0)
    for weight in optimizer.parameters.weights:
        np.testing.assert_allclose(weight.value, 0.9)


def test_adafactor_keeps_rows_and_columns() -> None:
    """The squares [[1, 4], [4, 16]] are of rank one: row means and column means give them back."""
    optimizer = prepared("Adafactor", shapes=((2, 2),))
    (kernel,) = optimizer.parameters.weights
    kernel.grad[...] = [[1, 2], [2, 4]]
    optimizer.step()
    assert [view.tolist() for view in (*optimizer.views("row"), *optimizer.views("column"))] == [[2.5, 10], [2.5, 10]]
    np.testing.assert_allclose(optimizer.views("velocity")[0], [[1, 4], [4, 16]])
    np.testing.assert_allclose(kernel.value, 0.9)


@pytest.mark.parametrize("name", known("optimizer"))
def test_float32_stays_float32_and_finite(name: str) -> None:
    optimizer = prepared(name, shapes=((3, 4), (4,)), dtype="float32", weight_decay=0.01, use_ema=True)
    step(optimizer, *[0.0] * 3, *[1e-3] * 70, *[1e4] * 3)
    for vector in (optimizer.parameters.values, *optimizer.slots.values()):
        assert vector.dtype == np.float32
        assert np.isfinite(vector).all()


@pytest.mark.parametrize("name", known("optimizer"))
@pytest.mark.parametrize("options", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}])
def test_goes_on_to_the_same_bits(name: str, options: dict[str, Any]) -> None:
    """R: a state taken after three batches, amid an accumulation, and restored gives the same weights."""
    whole, first, second = (prepared(name, shapes=((2, 3), (3,)), **options) for _ in range(3))
    step(whole, 1.0, -2.0, 0.5, 3.0, 1.5)
    step(first, 1.0, -2.0, 0.5)
    second.parameters.values[:] = first.parameters.values
    second.restore(first.state())
    step(second, 3.0, 1.5)
    np.testing.assert_array_equal(second.parameters.values, whole.parameters.values)


@pytest.mark.parametrize("name", sorted(set(known("optimizer")) - {"Muon"}))  # it multiplies whole matrices
def test_a_step_allocates_nothing_of_the_size_of_the_weights(name: str) -> None:
    import tracemalloc

    optimizer = prepared(name, shapes=((400, 500),))
    step(optimizer, 1.0)
    tracemalloc.start()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000  # the weights are 1.6 MB; NumPy has buffers of its own
