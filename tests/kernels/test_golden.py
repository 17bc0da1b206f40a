"""Keras' numbers and the contract of every layer hold with the compiled loops, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `fast` brings it")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["golden", "contract"])
def test_all_holds_with_compiled_loops(folder: str) -> None:
    """In a process of its own, as the choice stays. The default run takes NumPy's loops."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"tests/{folder}", "-q", "-p", "no:cacheprovider"],
        env={**os.environ, "NNCTL_KERNELS": "compiled"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
