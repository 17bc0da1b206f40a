"""Numba's cache: a run says when it has to compile, and does not end for want of a cache."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `fast` brings it")
ROOT = Path(__file__).parents[2]
COLD = "compiling loops for this machine; numba keeps them for the next run\n"
ALONE = "compiling loops for this run alone: numba finds no directory for its cache, which NUMBA_CACHE_DIR can name\n"
CODE = """
import numpy as np
from nnctl import kernels
kernels.choose(kernels.WORTH, print)
x = np.array([[-1, 2]], "f4")
kernels.bias_relu(x, np.array([3, 4], "f4"))
assert kernels.chosen == "compiled" and x.tolist() == [[2, 6]], (kernels.chosen, x)
"""


def said(cache: Path, root: Path = ROOT, largest: int | None = None) -> str:
    """Return what a run says that takes compiled loops; `largest` bytes fit into a file."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    surroundings = {"NUMBA_CACHE_DIR": str(cache), "XDG_CACHE_HOME": str(cache), "HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", CODE],
        env={**os.environ, **surroundings, "PYTHONPATH": str(root), "NNCTL_KERNELS": "auto"},
        cwd=root,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cold_cache_is_announced_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    assert [said(tmp_path) for _ in range(2)] == [COLD, ""]
    for suffix in ("nbc", "nbi"):
        found = list(tmp_path.rglob(f"*.{suffix}"))
        assert found
        for path in found:
            path.write_bytes(b"damaged")
        assert said(tmp_path) == COLD, suffix
    assert said(tmp_path) == ""


def test_a_full_disk_ends_no_run(tmp_path: Path) -> None:
    assert [said(tmp_path, largest=100) for _ in range(2)] == [COLD, COLD]


def test_a_run_compiles_for_itself_where_no_directory_can_be_written_to(tmp_path: Path) -> None:
    """Files in the place of directories: to root, every directory is writable."""
    shutil.copytree(ROOT / "nnctl", tmp_path / "nnctl", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "nnctl" / "kernels" / "__pycache__").write_text("")
    assert said(Path(os.devnull), root=tmp_path) == ALONE
