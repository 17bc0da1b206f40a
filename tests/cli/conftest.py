"""The real command line, as processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Nnctl = Callable[..., "subprocess.CompletedProcess[str]"]

SPEC = """\
data:
  source: flowers.csv
  target: place
  scale: standard
  split: {validation: 0.2, test: 0.2}
layers:
  - Dense: {units: 4, activation: tanh}
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
optimizer: {Adam: {learning_rate: 0.1}}
metrics: [accuracy]
fit: {epochs: 4, batch_size: 16}
"""


def run_nnctl(
    *args: str | Path, cwd: Path, status: int | None = 0, stdin: str | None = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `nnctl ARGS` and check its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "nnctl", *map(str, args)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
        check=False,
    )
    assert status is None or done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of stderr, which must be the error."""
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("nnctl: error: "), done.stderr
    return line


def write_flowers(path: Path, rows: int = 120) -> None:
    """Write a table whose class hangs on two numbers and a colour."""
    draw = random.Random(1)
    lines = ["length,width,colour,place"]
    for _ in range(rows):
        length, width, colour = draw.gauss(5, 1), draw.gauss(3, 1), draw.choice(["red", "blue"])
        place = "Zürich" if length - width + (colour == "red") > 2.5 else "Bern"
        lines.append(f"{length:.2f},{width:.2f},{colour},{place}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def nnctl(tmp_path: Path) -> Nnctl:
    """Run a command in this test's folder."""

    def run(*args: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        return run_nnctl(*args, **{"cwd": tmp_path, **options})  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with flowers.csv, spec.yaml, and a run of it in runs/spec; nobody writes there."""
    folder = tmp_path_factory.mktemp("trained")
    write_flowers(folder / "flowers.csv")
    (folder / "spec.yaml").write_text(SPEC)
    done = run_nnctl("train", "spec.yaml", cwd=folder)
    (folder / "train.stderr").write_text(done.stderr)
    (folder / "train.stdout").write_text(done.stdout)
    return folder
