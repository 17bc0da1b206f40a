"""What a command may import: start-up time is mostly that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

RUN = """
import sys
from pathlib import Path
from nnctl.cli import main
try: main(sys.argv[2:])
except SystemExit as end: assert not end.code, end.code
Path(sys.argv[1]).write_text(" ".join(sys.modules))
"""
BROUGHT = {  # by the libraries themselves
    "pydantic": {"annotated_types", "pydantic_core", "typing_extensions", "typing_inspection"},
    "yaml": {"cython_runtime"},
}
SPECS = {"click", "numpy", "pydantic", "yaml"}  # what it takes to read one

DENSE = """\
data: {source: digits, target: label, split: {test: 0.2}}
layers:
  - Dense: {units: 4, activation: relu}
  - Dropout: 0.2
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: RMSprop
metrics: [accuracy]
fit: {epochs: 1}
"""
OTHERS = {"layers": ("convolution", "gru", "lstm", "pooling"), "optimizers": ("adam", "ftrl"), "losses": ("circle",)}


def loaded(folder: Path, *words: str) -> set[str]:
    """Run a command; return the names of all modules that it leaves."""
    command = [sys.executable, "-c", RUN, "modules.txt", *words]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return set((folder / "modules.txt").read_text().split())


def libraries(modules: set[str]) -> set[str]:
    """Return the packages that are neither Python's nor nnctl."""
    packages = {name.partition(".")[0] for name in modules if not name.startswith("_")}
    return packages - sys.stdlib_module_names - {"nnctl"} - set().union(*BROUGHT.values())


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("--help", {"click"}),
        ("--version", {"click"}),
        ("train --help", {"click"}),
        ("bench --help", {"click"}),
        ("data --help", {"click"}),
        ("schema", SPECS),
        ("explain Dense", {*SPECS, "rich"}),
        ("info dense.yaml", {*SPECS, "rich"}),
        ("check dense.yaml", {*SPECS, "rich"}),
        ("bench dense.yaml --seconds 0.01", {*SPECS, "rich"}),
        ("train dense.yaml --out run", {*SPECS, "h5py"}),
    ],
)
def test_commands_import_the_libraries_that_they_use(tmp_path: Path, words: str, may: set[str]) -> None:
    """No pandas for a small table, no HDF5 for a check, no numba for a short run; rich where there is a table."""
    (tmp_path / "dense.yaml").write_text(DENSE)
    assert libraries(loaded(tmp_path, *words.split())) <= may


@pytest.mark.parametrize("words", ["check dense.yaml", "train dense.yaml --out run"])
def test_a_spec_imports_the_families_that_it_names(tmp_path: Path, words: str) -> None:
    (tmp_path / "dense.yaml").write_text(DENSE)
    modules = loaded(tmp_path, *words.split())
    assert {"nnctl.layers.dense", "nnctl.layers.dropout", "nnctl.optimizers.rmsprop"} <= modules
    others = {f"nnctl.{room}.{name}" for room, names in OTHERS.items() for name in names}
    assert not modules & {*others, "nnctl.kernels.compiled"}
