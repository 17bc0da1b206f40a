"""What a command may import: start-up time is mostly that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

RUN = """
import sys
at_start = {*sys.modules}  # a distribution's Python imports libraries of its own as it starts
from pathlib import Path
from nnctl.cli import main
try: main(sys.argv[2:])
except SystemExit as end: assert not end.code, end.code
Path(sys.argv[1]).write_text(" ".join({*sys.modules} - at_start))
"""
BROUGHT = {  # by the libraries themselves
    "annotated_types": {"typing_extensions"},
    "pydantic": {"pydantic_core", "typing_inspection"},
    "yaml": {"cython_runtime"},
}
SPECS = {"annotated_types", "click", "numpy", "yaml"}  # what it takes to read one, of plain values

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
TABLE = "{source: table.csv, target: label, split: {test: 0.2}}"
ROWS = "a,b,label\n" + "".join(f"{row % 7},{row % 5},{row % 10}\n" for row in range(100))
OTHERS = {
    "layers": ("convolution", "gru", "lstm", "pooling", "recurrent"),
    "optimizers": ("adam", "ftrl"),
    "losses": ("circle",),
    "data": ("arrays", "imdb", "jsonl", "mnist", "parquet", "picture_folder", "synthetic"),
}


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two specs, a table, and a network that was trained on it."""
    made = tmp_path_factory.mktemp("imports")
    (made / "dense.yaml").write_text(DENSE)
    (made / "table.yaml").write_text(DENSE.replace("{source: digits, target: label, split: {test: 0.2}}", TABLE))
    (made / "table.csv").write_text(ROWS)
    loaded(made, "train", "table.yaml", "--out", "trained")
    return made


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("--help", {"click"}),
        ("--version", {"click"}),
        ("train --help", {"click"}),
        ("bench --help", {"click"}),
        ("data --help", {"click"}),
        ("schema", {*SPECS, "pydantic"}),
        ("explain Dense", {*SPECS, "rich"}),
        ("info dense.yaml", {*SPECS, "rich"}),
        ("check dense.yaml", {*SPECS, "rich"}),
        ("bench dense.yaml --seconds 0.01", {*SPECS, "rich", "threadpoolctl"}),
        ("check table.yaml", {*SPECS, "rich"}),
        ("train dense.yaml --out run", {*SPECS, "h5py"}),
        ("train table.yaml --out table", {*SPECS, "h5py"}),
        ("predict trained table.csv -o predictions.csv", {*SPECS, "h5py"}),
        ("evaluate trained table.csv", {*SPECS, "h5py", "rich"}),
    ],
)
def test_commands_import_the_libraries_that_they_use(folder: Path, words: str, may: set[str]) -> None:
    """No pandas for a small table, no HDF5 for a check, no numba for a short run; rich where there is a table."""
    assert libraries(loaded(folder, *words.split())) <= may


@pytest.mark.parametrize(
    "words",
    [
        "check table.yaml",
        "train table.yaml --out families",
        "predict trained table.csv -o predictions.csv",
        "evaluate trained table.csv",
    ],
)
def test_a_command_imports_the_families_that_the_spec_names(folder: Path, words: str) -> None:
    modules = loaded(folder, *words.split())
    assert {"nnctl.layers.dense", "nnctl.layers.dropout", "nnctl.data.csv"} <= modules
    others = {f"nnctl.{room}.{name}" for room, names in OTHERS.items() for name in names}
    assert not modules & {*others, "nnctl.kernels.compiled"}
