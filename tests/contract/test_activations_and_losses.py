"""Every activation and every loss alone, and every pair of them as the end of a network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.losses import Loss
from nnctl.model import Sequential
from tests.contract.gradients import check_projection
from tests.contract.walk import examples

ACTIVATIONS, LOSSES = examples("activation"), examples("loss")
CLASSES, BATCH = 4, 3


def targets(loss: Loss, random: Any) -> Any:
    if loss.targets == "index":
        return random.integers(0, CLASSES, BATCH)
    if loss.targets == "one_hot":
        return np.eye(CLASSES)[random.integers(0, CLASSES, BATCH)]
    if loss.targets == "binary":
        return random.integers(0, 2, (BATCH, CLASSES)).astype(float)
    return random.normal(size=(BATCH, CLASSES))


@pytest.mark.parametrize(("name", "config"), ACTIVATIONS)
def test_gradient_of_activation(name: str, config: dict[str, Any]) -> None:
    activation = create("activation", {name: config})
    z = np.random.default_rng(3).normal(size=(BATCH, CLASSES))
    check_projection(
        lambda: activation.forward(z)[0],
        lambda u: [activation.backward(u, activation.forward(z)[1])],
        [z],
    )


@pytest.mark.parametrize(("name", "config"), ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activation_in_place_equals_out_of_place(name: str, config: dict[str, Any], dtype: str) -> None:
    activation = create("activation", {name: config})
    z = np.random.default_rng(4).normal(size=(BATCH, CLASSES)).astype(dtype)
    kept = z.copy()
    y, cache = activation.forward(z)
    np.testing.assert_array_equal(z, kept)
    again, other_cache = activation.forward(kept, out=kept)
    assert y.dtype == again.dtype == dtype
    np.testing.assert_array_equal(y, again)
    dy = np.ones_like(y)
    np.testing.assert_array_equal(activation.backward(dy, cache), activation.backward(dy, other_cache))


@pytest.mark.parametrize(("name", "config"), ACTIVATIONS)
def test_activation_is_finite_and_silent_for_extreme_inputs(name: str, config: dict[str, Any], recwarn: Any) -> None:
    """RELIABILITY N02."""
    activation = create("activation", {name: config})
    z = np.array([[-1e4, -100, -88.8, -1, 0, 1, 88, 1e4]], np.float32)
    if name == "exponential":
        z = z[:, :6]
    y, cache = activation.forward(z.copy())
    exact, _ = activation.forward(z.astype(np.float64))
    np.testing.assert_allclose(y, exact, rtol=1e-6, atol=1e-37)
    assert np.isfinite(activation.backward(np.ones_like(y), cache)).all()
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def possible(activation: str, activation_config: dict[str, Any], loss_name: str, loss_config: dict[str, Any]) -> bool:
    """Whether the loss is a number: no logarithm of the negative outputs of log_softmax."""
    outputs, _ = create("activation", {activation: activation_config}).forward(np.full((1, CLASSES), 3.0))
    return bool((outputs > 0).all()) or not create("loss", {loss_name: loss_config}).positive


def closed_by(activation: str, config: dict[str, Any]) -> tuple[Any, Any]:
    """Return a Dense layer and an Activation behind it that together give CLASSES outputs."""
    closing = create("layer", {"Activation": {"activation": {activation: config}}})
    (kept,) = closing.build((2 * CLASSES,))  # glu keeps half of what it gets
    return create("layer", {"Dense": {"units": 2 * CLASSES**2 // kept}}), closing


PAIRS = [
    pytest.param(*a.values, *b.values, id=f"{b.id}-{a.id}")
    for a, b in itertools.product(ACTIVATIONS, LOSSES)
    if possible(*a.values, *b.values)
]


@pytest.mark.parametrize(("activation", "activation_config", "loss_name", "loss_config"), PAIRS)
def test_gradient_of_loss_after_activation(
    activation: str, activation_config: dict[str, Any], loss_name: str, loss_config: dict[str, Any]
) -> None:
    """RELIABILITY N03. Sample weights are used too; the loss is summed, so that its gradient is the seed's."""
    random = np.random.default_rng(5)
    dense, closing = closed_by(activation, activation_config)
    model = Sequential([dense, closing], dtype="float64")
    model.build((2,))
    loss = create("loss", {loss_name: loss_config})
    model.compile(create("optimizer", "sgd"), loss)
    x, t, weight = random.normal(size=(BATCH, 2)), targets(loss, random), random.random(BATCH)
    if not positive(model, x, loss):
        dense.bias.value[:] += 3  # logarithms and normalised outputs want positive predictions

    def value() -> Any:
        outputs = model.forward(x, Context())
        return np.array(model.loss_and_gradient(outputs, t, weight)[0])

    def gradients(u: Any) -> list[Any]:
        outputs = model.forward(x, Context())
        model.backward(model.loss_and_gradient(outputs, t, weight)[1], outputs)
        return [u * dense.kernel.grad, u * dense.bias.grad]

    check_projection(value, gradients, [dense.kernel.value, dense.bias.value])


def positive(model: Sequential, x: Any, loss: Loss) -> bool:
    y = model.forward(x, Context()).y
    return bool((y > 0.05).all()) or not (loss.positive or hasattr(loss, "from_logits"))


@pytest.mark.parametrize(("name", "config"), [p for p in LOSSES if p.values[0] != "Circle"])  # embeddings
def test_loss_of_certain_predictions(name: str, config: dict[str, Any], recwarn: Any) -> None:
    """RELIABILITY N02: probabilities exactly 0 and 1, right and wrong, in float32 against float64."""
    loss = create("loss", {name: config})
    certain = np.eye(CLASSES)[[0, 1, 2, 0]]
    t = {"index": np.arange(4)}.get(loss.targets, np.eye(CLASSES))
    results = []
    for dtype in ("float32", "float64"):
        y = certain.astype(dtype)
        values, cache = loss.forward(y, t if loss.targets == "index" else t.astype(dtype))
        results.append((values, loss.backward(1.0, cache)))
        assert np.isfinite(results[-1][1]).all()
    assert results[0][0].dtype == np.float32
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6, atol=1e-7)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


@pytest.mark.parametrize(
    ("loss_name", "head", "units"),
    [
        ("BinaryCrossentropy", "sigmoid", 1),
        ("CategoricalCrossentropy", "softmax", 3),
        ("SparseCategoricalCrossentropy", "softmax", 3),
    ],
)
def test_crossentropy_is_exact_for_extreme_logits(loss_name: str, head: str, units: int, recwarn: Any) -> None:
    """RELIABILITY N02: logits of +-1e4 in float32, against the formula in float64."""
    results = []
    for dtype in ("float32", "float64"):
        model = Sequential([create("layer", {"Activation": head})], dtype=dtype)
        model.build((units,))
        loss = create("loss", loss_name)
        model.compile(create("optimizer", "sgd"), loss)
        z = np.array([[1e4, -1e4, 3.0], [-1e4, 1e4, 0.0], [-20, 30, 80]], dtype)[:, :units]
        t = {"binary": np.array([[0.0], [1.0], [1.0]], dtype), "one_hot": np.eye(3, dtype=dtype), "index": np.arange(3)}
        outputs = model.forward(z, Context())
        results.append(model.loss_and_gradient(outputs, t[loss.targets], None))
    assert np.isfinite(results[0][0])
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-6, atol=1e-30)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
