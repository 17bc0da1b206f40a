"""CONTRIBUTING.md's example is right: it is carried out, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The derivative along a random direction v, once from backward and once from three values of forward.
CHECK = """
from nnctl.fields import create
from nnctl.model import FlatVectors

random = np.random.default_rng(0)
layer = create("layer", {"PReLU": {"alpha_initializer": "ones"}})
assert layer.build((3,)) == (3,)
flat = FlatVectors(layer.weights, "float64")
flat.values[:] = random.normal(size=flat.values.shape)
x, u, v = random.normal(size=(3, 5, 3))
w = random.normal(size=(3,))
alpha = layer.alpha.value.copy()

def value(step):
    layer.alpha.value[:] = alpha + step * w
    return np.sum(u * layer.forward(x + step * v, Context())[0])

measured = (value(1e-6) - value(-1e-6)) / 2e-6
value(0)
layer.alpha.grad[:] = np.nan
dx = layer.backward(u, layer.forward(x, Context())[1])
np.testing.assert_allclose(np.sum(dx * v) + np.sum(layer.alpha.grad * w), measured, rtol=1e-7)
"""


def test_the_layer_of_the_guide_has_the_right_gradients() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (code,) = re.findall(r"<!-- example: layer -->\n```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code + CHECK], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
