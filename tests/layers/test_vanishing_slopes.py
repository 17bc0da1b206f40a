"""Slopes that vanish through time end as zeros, not as denormal numbers, which are slow on many processors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential

SHARE = 1 / 7  # of a slope that passes a step
GATES = {"SimpleRNN": None, "LSTM": slice(8, 16), "GRU": slice(0, 8)}  # the gate that keeps the old state


@pytest.mark.parametrize("name", GATES)
def test_no_denormal_slopes(name: str) -> None:
    layer = create("layer", {name: {"units": 8}})
    model = Sequential([layer])
    model.build((80, 3))
    layer.recurrent_kernel.value *= SHARE
    if (gate := GATES[name]) is not None:
        layer.bias.value[..., gate] = math.log(SHARE / (1 - SHARE))
    random = np.random.default_rng(0)
    y, parts = layer.forward(random.normal(size=(4, 80, 3)).astype("f4"), Context())
    layer.backward(random.normal(size=y.shape).astype("f4"), parts)
    dz = np.abs(parts.cells[0].dz)
    assert not ((dz > 0) & (dz < np.finfo("f4").tiny)).any()
    assert (dz[:, -1] > 0).all()
    assert (dz[:, 0] == 0).all()
