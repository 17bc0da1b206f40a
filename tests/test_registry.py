"""The registry: names lead to their files without importing all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnctl import registry

ALONE = "import sys\nfrom nnctl.registry import find\nprint(find({kind!r}, {name!r})[0].__name__, *sys.modules)"


@pytest.mark.parametrize("kind", registry.PLACES)
def test_text_of_files_tells_the_truth(kind: str) -> None:
    """What the text says of a name's home is where the class that answers to it was made."""
    homes = registry._homes(kind)
    registry.known(kind)
    answering = {name: found[0] for name in homes if (found := registry._entered(kind, name))}
    wrong = {name: cls.__module__ for name, cls in answering.items() if cls.__module__ != homes[name]}
    assert not wrong


@pytest.mark.parametrize(
    ("kind", "name", "title", "other"),
    [
        ("layer", "LSTM", "LSTM", "nnctl.layers.convolution"),
        ("layer", "MaxPool2D", "MaxPooling2D", "nnctl.layers.lstm"),
        ("layer", "Convolution2D", "Conv2D", "nnctl.layers.lstm"),
        ("metric", "acc", "AutoAccuracy", "nnctl.metrics.auc"),
        ("optimizer", "rmsprop", "RMSprop", "nnctl.optimizers.adam"),
    ],
)
def test_a_name_imports_its_own_file(kind: str, name: str, title: str, other: str) -> None:
    code = ALONE.format(kind=kind, name=name)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    found, *modules = done.stdout.split()
    assert found == title
    assert other not in modules


def test_a_name_that_code_registers_is_found_by_importing_all() -> None:
    """Losses are metrics, too, by a loop; no file's text names them."""
    assert "mse" not in registry._homes("metric")
    found = registry.find("metric", "mse")
    assert found is not None
    assert found[0].__name__ == "MeanSquaredError"


def test_unknown_names_are_none() -> None:
    assert registry.find("layer", "Danse") is None
