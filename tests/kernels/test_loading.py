"""Loops in numba's cache are loaded without what compiles them, which takes 50 MB and a quarter of a second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `fast` brings it")
CODE = """
import sys
import numpy as np
from nnctl import kernels
x = np.array([[-1, 2]], "f4")
kernels.bias_relu(x, np.array([3, -4], "f4"))
assert x.tolist() == [[2, 0]], x
print("numba.np.linalg" in sys.modules)
"""


def test_what_is_in_the_cache_needs_no_compiler(tmp_path: Path) -> None:
    surroundings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NNCTL_KERNELS": "compiled"}
    command = [sys.executable, "-c", CODE]
    said = [subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False) for _ in range(2)]
    assert [(done.stdout, done.stderr) for done in said] == [("True\n", ""), ("False\n", "")]  # compiled, loaded
