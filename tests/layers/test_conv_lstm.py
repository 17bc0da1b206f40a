"""ConvLSTM beside the LSTM and the convolution that it is made of; masks, carried state, threads, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import layers, seeds, threads
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context, Layer, parts
from nnctl.model import Sequential
from tests.contract.gradients import check_projection
from tests.layers.alone import alone, grads

CELL = "conv_lstm_cell"
TWO: dict[str, Any] = {"filters": 2, "kernel_size": 2}


def drawn(spec: Any, shape: tuple[int, ...]) -> Layer:
    """Build a layer whose weights are all drawn."""
    layer = alone(spec, shape)
    random = np.random.default_rng(0)
    for weight in layer.weights:
        weight.value[...] = random.normal(size=weight.shape)
    return layer


def images(*shape: int) -> Any:
    return np.random.default_rng(1).normal(size=shape)


def test_with_a_window_of_one_it_is_an_lstm_at_every_place() -> None:
    conv = drawn({"ConvLSTM2D": {"filters": 3, "kernel_size": 1, "return_sequences": True}}, (4, 2, 3, 2))
    lstm = drawn({"LSTM": {"units": 3, "return_sequences": True}}, (4, 2))
    x, u = images(5, 4, 2, 3, 2), images(5, 4, 2, 3, 3)
    y, cache = conv.forward(x, Context())
    dx = conv.backward(u, cache)
    rows = x.transpose(0, 2, 3, 1, 4).reshape(30, 4, 2)  # a sequence for each place of each image
    expected, kept = lstm.forward(rows, Context())
    slope = lstm.backward(u.transpose(0, 2, 3, 1, 4).reshape(30, 4, 3), kept)
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1, 4).reshape(expected.shape), expected, rtol=1e-12)
    assert dx is not None
    assert slope is not None
    np.testing.assert_allclose(dx.transpose(0, 2, 3, 1, 4).reshape(slope.shape), slope, rtol=1e-10, atol=1e-14)
    for name, gradient in grads(conv).items():
        other = grads(lstm)[name.replace("conv_", "")]
        np.testing.assert_allclose(gradient.reshape(other.shape), other, rtol=1e-10)


def test_the_state_is_convolved_with_its_borders_kept() -> None:
    """Open gates, and the candidate is the state's left neighbour: a 1 walks to the right, and out of the picture."""
    spec = {"ConvLSTM1D": {"filters": 1, "kernel_size": 3, "padding": "same", "return_sequences": True,
                           "activation": "linear", "recurrent_activation": "linear"}}  # fmt: skip
    left, none = [[0, 0, 1, 0]], [[0, 0, 0, 0]]
    kernel = [none, left, none]  # the candidate takes the input where it is
    layer = alone(spec, (4, 3, 1), **{
        f"{CELL}/kernel": kernel, f"{CELL}/recurrent_kernel": [left, none, none], f"{CELL}/bias": [1, 0, 0, 1]
    })  # fmt: skip
    x = np.zeros((1, 4, 3, 1))
    x[0, 0, 0] = 1
    y, _ = layer.forward(x, Context())
    assert y[0, :, :, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_the_forget_gate_starts_open() -> None:
    model = Sequential([layers.ConvLSTM1D(1, 2)])
    model.build((2, 3, 1))
    assert model.get_weights()[2].tolist() == [0, 1, 0, 0]
    assert [weight.shape for weight in model.layers[0].weights] == [(2, 1, 4), (2, 1, 4), (4,)]


@pytest.mark.parametrize("sequences", [False, True])
def test_channels_first_is_the_same_with_axes_moved(sequences: bool) -> None:
    config = {**TWO, "return_sequences": sequences, "padding": "same"}
    last = drawn({"ConvLSTM2D": config}, (3, 4, 5, 2))
    first = drawn({"ConvLSTM2D": {**config, "data_format": "channels_first"}}, (3, 2, 4, 5))
    x = images(2, 3, 4, 5, 2)
    y, cache = last.forward(x, Context())
    turned, kept = first.forward(np.moveaxis(x, -1, 2), Context())
    np.testing.assert_array_equal(np.moveaxis(turned, -3, -1), y)
    dx, dt = last.backward(y, cache), first.backward(turned, kept)
    assert dx is not None
    assert dt is not None
    np.testing.assert_array_equal(np.moveaxis(dt, 2, -1), dx)


@pytest.mark.parametrize("name", ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True}])
def test_gradients_under_a_mask_and_dropout(name: str, options: dict[str, Any]) -> None:
    """The masks of dropout are drawn anew for every pass, from the same seed."""
    axes = int(name[-2])
    shape = (3, *(3,) * axes, 2)
    layer = drawn({name: {**TWO, **options, "dropout": 0.4, "recurrent_dropout": 0.4}}, shape)
    x = images(2, *shape)
    mask = np.array([[True, False, True], [False, True, False]])

    def run() -> tuple[Any, Any]:
        return layer.forward(x, Context(True, seeds.generator(0, "dropout"), mask))

    def gradients(u: Any) -> list[Any]:
        dx = layer.backward(u, run()[1])
        return [*(weight.grad.copy() for weight in layer.weights), dx]

    check_projection(lambda: run()[0], gradients, [*(weight.value for weight in layer.weights), x])


def test_dropout_draws_for_each_gate_what_all_steps_then_lack() -> None:
    """As Keras does for a ConvLSTM, with or without recurrent dropout; each number of an image by itself."""
    layer = drawn({"ConvLSTM1D": {**TWO, "dropout": 0.5, "return_sequences": True}}, (3, 4, 2))
    x = images(5, 3, 4, 2)
    y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout")))
    masks = cache.cells[0].inputs.masks
    assert masks.shape == (4, 5, 4, 2)
    assert {*masks.ravel()} == {0, 2}
    assert not np.array_equal(masks[0], masks[1])
    assert cache.cells[0].recurrent.masks is None
    dx = layer.backward(y, cache)
    assert dx is not None
    lacking = (masks == 0).all(axis=0)  # what no gate sees
    assert lacking.any()
    assert not dx.swapaxes(0, 1)[:, lacking].any()


def test_masked_steps_repeat_the_last_output_and_their_mask_goes_on() -> None:
    """KERAS.md 7."""
    layer = drawn({"ConvLSTM1D": {**TWO, "return_sequences": True}}, (4, 3, 1))
    x, mask = images(1, 4, 3, 1), np.array([[False, True, False, True]])
    y, _ = layer.forward(x, Context(mask=mask))
    assert not y[0, 0].any()
    np.testing.assert_array_equal(y[0, 1], y[0, 2])
    np.testing.assert_allclose(y[:, [1, 3]], layer.forward(x[:, [1, 3]], Context())[0], rtol=1e-12)
    assert layer.compute_mask(x, mask) is mask


def test_stateful_goes_on_where_the_last_batch_ended() -> None:
    config = {**TWO, "return_sequences": True}
    x = images(2, 6, 3, 3, 1)
    whole, _ = drawn({"ConvLSTM2D": config}, (6, 3, 3, 1)).forward(x, Context())
    layer = drawn({"ConvLSTM2D": {**config, "stateful": True}}, (3, 3, 3, 1))
    np.testing.assert_allclose(layer.forward(x[:, :3], Context())[0], whole[:, :3], rtol=1e-12)
    kept = {name: value.copy() for name, value in layer.state().items()}
    np.testing.assert_allclose(layer.forward(x[:, 3:], Context())[0], whole[:, 3:], rtol=1e-12)
    layer.restore(kept)  # RELIABILITY R01
    np.testing.assert_allclose(layer.forward(x[:, 3:], Context())[0], whole[:, 3:], rtol=1e-12)
    with pytest.raises(ConfigError, match="expects batches of 2 rows"):
        layer.forward(x[:1, :3], Context())


def test_rows_in_two_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = drawn({"ConvLSTM2D": {**TWO, "dropout": 0.5, "return_sequences": True}}, (3, 4, 4, 2))
    x, mask = images(5, 3, 4, 4, 2), images(5, 3) > 0
    results = []
    monkeypatch.setattr(threads, "current", lambda: 2)
    for least in (10**12, 1):
        monkeypatch.setattr(parts, "WORTH", least)
        monkeypatch.setattr(threads, "PRODUCT", 1000)
        y, cache = layer.forward(x, Context(True, seeds.generator(0, "dropout"), mask))
        dx = layer.backward(y, cache)
        results.append([y, dx, *(weight.grad.copy() for weight in layer.weights)])
        assert len(cache.rows) == (2 if least == 1 else 1)
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"return_state": True}, "return_state: in a stack of layers each has one output"),
        ({"strides": 2, "dilation_rate": 2}, "dilation_rate: strides and dilation_rate cannot both be above 1"),
        ({"kernel_size": [2, 2, 2]}, r"kernel_size: expected an integer or a list of 2, got \[2, 2, 2\]"),
        ({"activation": "softmax", "data_format": "channels_first"}, "activation: softmax must go along the filters"),
        ({"recurrent_activation": "glu"}, "recurrent_activation: glu changes the shape"),
        ({"units": 3}, "has no field 'units'"),
    ],
)
def test_it_says_what_does_not_fit(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"ConvLSTM2D": {**TWO, **config}})


def test_it_says_which_inputs_do_not_fit() -> None:
    with pytest.raises(ConfigError, match=r"ConvLSTM2D takes inputs of 4 dimensions .* got shape \(None, 4, 4, 1\)"):
        layers.ConvLSTM2D(2, 2).build_on((4, 4, 1))
    with pytest.raises(ConfigError, match=r"ConvLSTM2D: a window of \[5, 5\].*shape \(None, 3, 4, 4, 1\)"):
        layers.ConvLSTM2D(2, 5).build_on((3, 4, 4, 1))


def test_both_directions_need_outputs_of_one_shape() -> None:
    two = {"layer": {"ConvLSTM1D": TWO}, "backward_layer": {"ConvLSTM1D": {**TWO, "padding": "same",
                                                                         "go_backwards": True}}}  # fmt: skip
    with pytest.raises(ConfigError, match=r"outputs of the same shape .* got \(None, 2, 2\) and \(None, 3, 2\)"):
        create("layer", {"Bidirectional": two}).build_on((4, 3, 1))


def test_names_of_keras_1() -> None:
    old = {"nb_filter": 3, "nb_row": 2, "nb_col": 1, "border_mode": "same", "subsample": [1, 2], "dim_ordering": "th",
           "inner_activation": "hard_sigmoid", "forget_bias_init": "zero", "dropout_U": 0.2}  # fmt: skip
    with pytest.warns(LegacyNameWarning, match="old"):
        layer: Any = create("layer", {"ConvLSTM2D": old})
    assert (layer.filters, layer.kernel_size, layer.padding, layer.strides) == (3, (2, 1), "same", (1, 2))
    assert (layer.channels_first, layer.unit_forget_bias, layer.recurrent_dropout) == (True, False, 0.2)
