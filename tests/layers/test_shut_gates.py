"""Gates that are shut have slopes of zero, or numbers of full precision: denormal ones are slow on many processors."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from nnctl import kernels
from nnctl.fields import create
from nnctl.layers import Context
from nnctl.model import Sequential

NEEDS_NUMBA = pytest.mark.skipif(find_spec("numba") is None, reason="the extra `fast` brings it")
UNITS = 8
GATES = {"LSTM": 4, "GRU": 3}


@pytest.mark.parametrize("bias", [-20.0, -84.0, -1e4])
@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("loops", ["numpy", pytest.param("compiled", marks=NEEDS_NUMBA)])
def test_no_denormal_slopes(name: str, bias: float, loops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if loops == "compiled":
        for loop, compiled in kernels.compiled_loops().items():
            monkeypatch.setattr(kernels, loop, compiled)
        monkeypatch.setattr(kernels, "chosen", "compiled")
    random = np.random.default_rng(0)
    x = random.normal(size=(4, 20, 3)).astype("f4")
    for gate in range(GATES[name]):
        layer = create("layer", {name: {"units": UNITS}})
        model = Sequential([layer])
        model.build(x.shape[1:])
        layer.needs_dx = True
        layer.bias.value[..., gate * UNITS : (gate + 1) * UNITS] = bias
        y, cache = layer.forward(x, Context())
        dx = layer.backward(random.normal(size=y.shape).astype("f4"), cache)
        for numbers in (y, dx, model.parameters.grads):
            assert not ((numbers != 0) & (np.abs(numbers) < np.finfo("f4").tiny)).any(), f"gate {gate}"
