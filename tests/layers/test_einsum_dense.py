"""EinsumDense by hand: what its equation asks of the shapes, and how its kernel starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential
from tests.layers.alone import alone

STEPS = {"equation": "abc,cd->abd", "output_shape": [None, 2]}


def test_it_is_dense_where_the_equation_is_denses() -> None:
    x, kernel = np.arange(6.0).reshape(1, 3, 2), np.array([[1.0, 2.0], [3.0, 4.0]])
    layer = alone({"EinsumDense": {**STEPS, "bias_axes": "d"}}, (3, 2), kernel=kernel, bias=[10, 20])
    np.testing.assert_array_equal(layer.forward(x, Context())[0], x @ kernel + [10, 20])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"equation": "ab,bc,ac"}, r"equation: expected letters in one of the forms ab,bc->ac"),
        ({"equation": "a1,1c->ac"}, "equation: expected letters"),
        ({"equation": "aab,bc->ac"}, "a letter stands for one axis, got 'aab'"),
        ({"equation": "ab,ac->bc"}, "must begin with the batch"),
        ({"equation": "ab,b->ac"}, "y has 'c', which neither x nor the kernel has"),
        ({"equation": "ab,bcd->ac"}, "the kernel has 'd', which neither x nor y has"),
        ({"equation": "ab,bc->ac", "bias_axes": "x"}, "bias_axes: expected letters of y"),
        ({"equation": "ab,bc->ac", "bias_axes": ""}, "bias_axes: expected letters of y"),
    ],
)
def test_an_equation_that_makes_no_sense_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"EinsumDense": {"output_shape": 3, **config}})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"equation": "ab,bc->ac", "output_shape": 3},
            r"takes inputs of 2 axes with the batch, got shape \(None, 4, 2\)",
        ),
        ({"equation": "...abc,abcd->...d", "output_shape": 3}, "takes inputs of 4 axes or more with the batch"),
        ({"equation": "abc,cd->abd", "output_shape": [5, 2]}, "'b' is 5 in output_shape and 4 in inputs"),
        ({"equation": "abc,cd->abd", "output_shape": 2}, r"expected an output_shape of 2 sizes \(b, d\), got \[2\]"),
        ({"equation": "abc,cd->abd", "output_shape": [4, None]}, "must say the size of 'd'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("layer", {"EinsumDense": config}).build_on((4, 2))


def test_the_kernel_starts_as_wide_as_its_own_axes_say() -> None:
    """Glorot's limit for the fans 2 (c) and 3 * 50 (d, e), not those of a convolution's kernel."""
    config = {"equation": "abc,cde->abde", "output_shape": [None, 3, 50]}
    model = Sequential([create("layer", {"EinsumDense": config})])
    model.build((4, 2))
    limit = np.sqrt(6 / (2 + 150))
    kernel = model.get_weights()[0]
    assert 0.98 * limit < np.abs(kernel).max() <= limit
    own = {"GlorotUniform": {"input_axes": [0, 1], "output_axes": [2]}}
    model = Sequential([create("layer", {"EinsumDense": {**config, "kernel_initializer": own}})])
    model.build((4, 2))
    limit = np.sqrt(6 / (6 + 50))
    assert 0.98 * limit < np.abs(model.get_weights()[0]).max() <= limit
