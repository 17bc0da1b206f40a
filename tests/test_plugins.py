"""Plugins: what a file of the user's adds, and how it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnctl.errors import ConfigError, MissingInputError
from nnctl.plugins import load_plugin
from tests.cli.conftest import last_line, run_nnctl, write_flowers

PLUGIN = '''\
from nnctl.callbacks import Callback
from nnctl.fields import field
from nnctl.layers import Layer
from nnctl.registry import register


@register("layer")
class TimesTwo(Layer):
    """y = factor x

    Shapes  x (B, ...)  y (B, ...)
    Source  a test of plugins
    """

    factor: float = field(2.0, doc="What x is multiplied by.")

    def build(self, shape):
        return shape

    def forward(self, x, ctx):
        return self.factor * x, None

    def backward(self, dy, cache):
        return self.factor * dy


@register("callback")
class Greeter(Callback):
    """says hello"""

    def on_train_begin(self):
        self.say("hello from a plugin")
'''

SPEC = """\
data: {source: flowers.csv, target: place, scale: standard}
layers:
  - TimesTwo: {factor: 3.0}
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
fit: {epochs: 1}
callbacks: [Greeter]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "spec.yaml").write_text(SPEC)
    write_flowers(tmp_path / "flowers.csv")
    return tmp_path


def test_a_layer_of_a_plugin_trains_and_predicts_and_is_explained(folder: Path) -> None:
    trained = run_nnctl("train", "spec.yaml", "--out", "run", "--plugin", "mine.py", cwd=folder)
    assert "hello from a plugin" in trained.stderr
    predicted = run_nnctl("predict", "run", "flowers.csv", "--plugin", "mine.py", cwd=folder)
    assert len(predicted.stdout.splitlines()) == 121
    assert "TimesTwo" in run_nnctl("info", "run", "--plugin", "mine.py", cwd=folder).stdout
    assert "What x is multiplied by." in run_nnctl("explain", "TimesTwo", "--plugin", "mine.py", cwd=folder).stdout
    without = run_nnctl("predict", "run", "flowers.csv", cwd=folder, status=65)
    assert "no layer called 'TimesTwo'; if it is a plugin's, add  --plugin FILE.py" in last_line(without)


def test_a_spec_alone_loads_no_code(folder: Path) -> None:
    refused = run_nnctl("check", "spec.yaml", cwd=folder, status=78)
    assert "no layer is called 'TimesTwo'" in refused.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nimport no_such_module\n", r"bad\.py:2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1\n\nx = (\n", r"bad\.py:3: SyntaxError: '\(' was never closed"),
        (
            "from nnctl.layers import Layer\nfrom nnctl.registry import register\n"
            "@register('layer', name='Dense')\nclass Mine(Layer): ...\n",
            r"bad\.py:3: ValueError: layer '[Dd]ense' is registered twice",
        ),
    ],
)
def test_a_plugin_that_fails_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_plugin(path)


def test_no_such_plugin(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no such plugin file"):
        load_plugin(tmp_path / "nowhere.py")
    with pytest.raises(ConfigError, match="expected a Python file"):
        load_plugin(tmp_path / "module.so")


def test_loading_twice_is_loading_once(tmp_path: Path) -> None:
    path = tmp_path / "counter.py"
    path.write_text(f"open({str(tmp_path / 'count')!r}, 'a').write('x')\n")
    load_plugin(path)
    load_plugin(path)
    assert (tmp_path / "count").read_text() == "x"
