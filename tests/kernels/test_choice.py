"""Which loops are taken: by NNCTL_KERNELS, and by the size of the run."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from nnctl import kernels
from nnctl.errors import ConfigError

CODE = """
from nnctl import kernels
kernels.choose({numbers}, print)
print(kernels.adam.__module__.rpartition(".")[2])
"""


def chosen(monkeypatch: pytest.MonkeyPatch, wanted: str, numbers: int) -> str:
    """Choose in a process of its own, as the choice stays."""
    monkeypatch.setenv("NNCTL_KERNELS", wanted)
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(numbers=numbers)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("wanted", "numbers", "expected"),
    [
        ("auto", kernels.WORTH, "compiled"),
        ("auto", kernels.WORTH - 1, "reference"),
        ("", kernels.WORTH, "compiled"),
        ("compiled", 0, "compiled"),
        ("numpy", kernels.WORTH, "reference"),
    ],
)
@pytest.mark.skipif(find_spec("numba") is None, reason="needs numba, which the extra `fast` brings")
def test_choice(monkeypatch: pytest.MonkeyPatch, wanted: str, numbers: int, expected: str) -> None:
    assert chosen(monkeypatch, wanted, numbers) == expected


def test_other_words_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNCTL_KERNELS", "fast")
    with pytest.raises(ConfigError, match="NNCTL_KERNELS must be one of auto, numpy, compiled, got 'fast'"):
        kernels.choose(0)
