"""Convolution by hand: shapes, padding, strides, dilation, groups, orders of the axes, old names."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nnctl import threads
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning
from nnctl.layers import Context, correlation, gathering
from nnctl.layers.convolution import Conv2D
from nnctl.layers.depthwise import DepthwiseConv2D
from nnctl.layers.upsampling import UpSampling2D
from nnctl.layers.windows import slide
from tests.layers.alone import alone, grads, image, line


def conv1d(x: Any, kernel: list[float], **config: Any) -> list[float]:
    spec = {"Conv1D": {"filters": 1, "kernel_size": len(kernel), **config}}
    layer = alone(spec, x.shape[1:], kernel=np.array(kernel)[:, None, None])
    return [*layer.forward(x, Context())[0][0, :, 0]]


def test_conv1d() -> None:
    """y[t] = x[t] + 10 x[t + 1]; outside of x are zeros."""
    x, kernel = line(1, 2, 3, 4), [1.0, 10.0]
    assert conv1d(x, kernel) == [21, 32, 43]
    assert conv1d(x, kernel, padding="same") == [21, 32, 43, 4]  # one zero, at the end
    assert conv1d(x, kernel, padding="causal") == [10, 21, 32, 43]
    assert conv1d(x, kernel, strides=2) == [21, 43]
    assert conv1d(x, kernel, dilation_rate=2) == [31, 42]
    assert conv1d(x, kernel, padding="causal", dilation_rate=2) == [10, 20, 31, 42]


def test_conv2d_and_its_gradients() -> None:
    """One window slides over two columns: y[0, j] = sum of the kernel times x, and the gradients are sums again."""
    layer = alone(
        {"Conv2D": {"filters": 1, "kernel_size": 2}},
        (2, 3, 1),
        kernel=np.array([[1, 2], [3, 4]])[:, :, None, None],
        bias=[0.5],
    )
    x = image([[1, 2, 3], [4, 5, 6]])
    y, cache = layer.forward(x, Context())
    assert y[0, :, :, 0].tolist() == [[1 + 4 + 12 + 20 + 0.5, 2 + 6 + 15 + 24 + 0.5]]
    dx = layer.backward(image([[1, 10]]), cache)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[1, 2 + 10, 20], [3, 4 + 30, 40]]
    assert grads(layer)["kernel"][:, :, 0, 0].tolist() == [[1 + 20, 2 + 30], [4 + 50, 5 + 60]]
    assert grads(layer)["bias"].tolist() == [11]


def test_conv3d_sums_a_cube() -> None:
    layer = alone({"Conv3D": {"filters": 1, "kernel_size": 2}}, (2, 2, 2, 1), kernel=1)
    x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
    assert layer.forward(x, Context())[0].tolist() == [[[[[28]]]]]


def test_groups_do_not_see_each_other() -> None:
    layer = alone({"Conv1D": {"filters": 2, "kernel_size": 1, "groups": 2}}, (1, 2), kernel=[[[10, 100]]])
    assert layer.forward(np.array([[[1.0, 2.0]]]), Context())[0].tolist() == [[[10, 200]]]


@pytest.mark.parametrize(
    "config", [{"strides": 2}, {"padding": "same"}, {"dilation_rate": 2}, {"activation": "softmax"}]
)
def test_channels_first_is_the_same_with_the_axes_in_another_order(config: dict[str, Any]) -> None:
    """Softmax is over the last axis, wherever the channels are, as in Keras."""
    random = np.random.default_rng(0)
    kernel, bias = random.normal(size=(3, 2, 4, 5)), random.normal(size=5)
    x = random.normal(size=(2, 6, 7, 4))
    both = {"filters": 5, "kernel_size": [3, 2], **config}
    last = alone({"Conv2D": both}, (6, 7, 4), kernel=kernel, bias=bias)
    first = alone({"Conv2D": {**both, "data_format": "channels_first"}}, (4, 6, 7), kernel=kernel, bias=bias)
    y = first.forward(np.ascontiguousarray(x.transpose(0, 3, 1, 2)), Context())[0]
    if "activation" in config:
        np.testing.assert_allclose(y.sum(axis=-1), 1)
    else:
        np.testing.assert_allclose(y, last.forward(x, Context())[0].transpose(0, 3, 1, 2), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize(
    "config", [{}, {"padding": "same"}, {"strides": [2, 3], "padding": "same"}, {"dilation_rate": 2}]
)
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, channels: int, config: dict[str, Any]) -> None:
    """All at once, a few images at a time, or a few lines of one image, by whole windows or by lines: the same sums."""
    random = np.random.default_rng(1)
    x = random.normal(size=(5, 9, 8, channels))
    kernel = random.normal(size=(3, 2, channels, 4))
    results = []
    for least, size in itertools.product((1 << 30, 1), (1 << 30, 12_000, 2_000, 1)):
        monkeypatch.setattr(gathering, "LEAST_FIELDS", least)
        monkeypatch.setattr(gathering, "LEAST_PLACES", least)
        for module in (correlation, gathering):
            monkeypatch.setattr(module, "BLOCK_BYTES", size)
        layer = alone({"Conv2D": {"filters": 4, "kernel_size": [3, 2], **config}}, x.shape[1:], kernel=kernel)
        y, cache = layer.forward(x, Context())
        dx = layer.backward(np.cos(y), cache)
        assert dx is not None
        results.append([y, dx, grads(layer)["kernel"].copy()])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("images", [1, 2, 7])
def test_threads_share_images_or_the_lines_of_one(monkeypatch: pytest.MonkeyPatch, images: int) -> None:
    """Blocks of all groups together are every place once, and as many groups as there is work for."""
    monkeypatch.setattr(threads, "parts", lambda multiplications: 4)
    windows = slide((30, 4), (3, 3), (1, 1), (1, 1), "same")
    groups = gathering.Gathering(np.zeros((images, 30, 4, 2)), windows, 5).groups()
    seen = np.zeros((images, 30), int)
    for group in groups:
        for block in group:
            seen[block] += 1
    assert seen.tolist() == np.ones((images, 30)).tolist()
    assert len(groups) == 4


def test_deterministic_gives_the_same_bits_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where windows are copied by lines, and where an image is cut."""
    random = np.random.default_rng(0)
    monkeypatch.setattr(threads._state, "deterministic", True)
    for images, size in ((6, 14), (2, 40)):
        x, kernel = (random.random(shape, "f4") for shape in ((images, size, size, 32), (3, 3, 32, 48)))
        windows = slide((size, size), (3, 3), (1, 1), (1, 1), "same")
        assert gathering.Gathering(x, windows, 48).by_lines
        results = set()
        for count in (1, 2, 3, 4):
            monkeypatch.setattr(threads._state, "count", count)
            y = correlation.correlate(x, kernel, windows)
            gradients = correlation.kernel_gradient(x, y, windows), correlation.input_gradient(y, kernel, windows)
            results.add(b"".join(array.tobytes() for array in (y, *gradients)))
        assert len(results) == 1


def test_the_first_layer_spares_the_input_gradient() -> None:
    layer = alone({"Conv2D": {"filters": 1, "kernel_size": 1}}, (2, 2, 1), kernel=1)
    layer.needs_dx = False
    y, cache = layer.forward(image([[1, 2], [3, 4]]), Context())
    assert layer.backward(y, cache) is None
    assert grads(layer)["kernel"].item() == 1 + 4 + 9 + 16


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"filters": 2, "kernel_size": [3, 3, 3]}, "kernel_size: expected an integer or a list of 2"),
        ({"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "strides and dilation_rate"),
        ({"filters": 3, "kernel_size": 3, "groups": 2}, "filters must be a multiple of groups"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"Conv2D": config})


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"a window of \[5, 5\] .* does not fit into \[4, 9\].*\(None, 4, 9, 1\)"):
        create("layer", {"Conv2D": {"filters": 1, "kernel_size": 5}}).build((4, 9, 1))
    with pytest.raises(ConfigError, match="channels must be a multiple of groups"):
        create("layer", {"Conv1D": {"filters": 2, "kernel_size": 1, "groups": 2}}).build((4, 3))


def test_arguments_come_in_the_order_of_keras() -> None:
    layer = Conv2D(32, 5, 2, "same", "channels_first")
    assert (layer.filters, layer.kernel_size, layer.strides) == (32, 5, 2)
    assert (layer.padding, layer.data_format) == ("same", "channels_first")
    assert DepthwiseConv2D(3, 2, "same", 4).depth_multiplier == 4
    assert UpSampling2D(3, "channels_first").size == 3


def test_names_of_keras_1() -> None:
    """TUTORIALS T6, in its own words."""
    old = {
        "nb_filter": 32, "nb_row": 5, "nb_col": 3, "border_mode": "same", "subsample": [2, 2], "dim_ordering": "th",
        "init": "uniform", "W_regularizer": "l2", "b_regularizer": "l1", "bias": False,
    }  # fmt: skip
    with pytest.warns(LegacyNameWarning) as told:
        layer = create("layer", {"Convolution2D": old})
    new = create("layer", {
        "Conv2D": {
            "filters": 32, "kernel_size": [5, 3], "padding": "same", "strides": [2, 2], "data_format": "channels_first",
            "kernel_initializer": "uniform", "kernel_regularizer": "l2", "bias_regularizer": "l1", "use_bias": False,
        }
    })  # fmt: skip
    assert layer.config() == new.config()
    assert len(told) == 1 + len(old)
    with pytest.warns(LegacyNameWarning):
        sequence = create("layer", {"Conv1D": {"filters": 2, "kernel_size": 3, "input_length": 10, "input_dim": 4}})
    assert sequence.input_shape == (10, 4)
    with pytest.warns(LegacyNameWarning):
        line_layer = create("layer", {"Convolution1D": {"nb_filter": 2, "filter_length": 3, "subsample_length": 2}})
    assert line_layer.config() == create("layer", {"Conv1D": {"filters": 2, "kernel_size": 3, "strides": 2}}).config()
    config = {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "atrous_rate": [2, 2]}
    with pytest.warns(LegacyNameWarning):
        atrous = create("layer", {"AtrousConvolution2D": config})
    assert (atrous.kernel_size, atrous.dilation_rate) == ((3, 3), (2, 2))


def test_half_of_an_old_pair_is_refused() -> None:
    with pytest.raises(ConfigError, match="no field 'nb_row'"):
        create("layer", {"Conv2D": {"filters": 2, "nb_row": 3}})
