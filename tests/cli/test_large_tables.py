"""D11: tables larger than the memory at hand, under limits that the system really holds."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.cli.conftest import ROOT, last_line

SPEC = """\
data: {source: t.csv, target: y, scale: standard, split: {validation: 0.1}}
layers: [{Dense: {units: 4, activation: tanh}}, {Dense: {units: 1, activation: sigmoid}}]
loss: binary_crossentropy
fit: {epochs: 2, batch_size: 64}
"""


def run(folder: Path, *arguments: str, status: int = 0, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run nnctl under limits of the system: AS is what `ulimit -v` sets, FSIZE the size of files."""

    def limit() -> None:
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))

    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "NNCTL_CACHE_DIR": str(folder / "kept"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "nnctl", *arguments],
        cwd=folder,
        env=environment,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done


def write_table(path: Path, rows: int, columns: int = 4) -> None:
    rng = np.random.default_rng(2)
    block = rng.integers(0, 10, (500, columns))
    lines = [",".join(map(str, row)) + f",{row[0] % 2}\n" for row in block.tolist()]
    path.write_text(",".join(f"c{i}" for i in range(columns)) + ",y\n" + "".join(lines) * (rows // 500))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    write_table(tmp_path / "t.csv", 1000)
    return tmp_path


def weights(run_directory: Path) -> dict[str, bytes]:
    """Return every weight of the model that a run left."""
    found: dict[str, bytes] = {}
    with h5py.File(run_directory / "model.h5") as file:
        file["model_weights"].visititems(
            lambda name, item: found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
        )
    return found


@pytest.mark.slow
def test_d11_a_table_larger_than_memory_trains(folder: Path) -> None:
    write_table(folder / "t.csv", 160_000, 120)
    done = run(folder, "train", "spec.yaml", "--out", "run", AS=800 << 20)
    assert "of memory would be needed" in done.stderr
    assert "rows are kept on disk, about" in done.stderr
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert (manifest["status"], manifest["kept"]) == ("complete", "disk")
    [kept] = (folder / "kept").glob("*-*")
    assert (kept / "training.x").stat().st_size == 144_000 * 120  # digits stay bytes
    again = run(folder, "train", "spec.yaml", "--out", "again", AS=800 << 20)
    assert f"rows: as kept in {kept}" in again.stderr
    assert weights(folder / "run") == weights(folder / "again")


@pytest.mark.parametrize("cache", ["auto", "none"])
def test_d11_what_does_not_fit_anywhere_is_said_before_reading(folder: Path, cache: str) -> None:
    write_table(folder / "t.csv", 500_000)
    with open(folder / "t.csv", "r+b") as file:
        file.truncate(20 << 30)  # a file of 20 GB that takes no room: reading it would take minutes
    done = run(folder, "train", "spec.yaml", "--set", f"data.cache={cache}", status=74, AS=700 << 20)
    assert "rows need" in last_line(done)
    assert "GB of memory even when their cells are not kept there" in last_line(done)
    assert not (folder / "runs").exists()


def test_d11_too_little_room_on_disk_is_said_before_reading(folder: Path) -> None:
    write_table(folder / "t.csv", 2500, 1000)
    wanted = shutil.disk_usage(folder).free * 2 // 12  # bytes for cells: 8 as they are read, 4 as they are encoded
    with open(folder / "t.csv", "r+b") as file:
        file.truncate(wanted * 2)  # of text: a digit and a comma
    done = run(folder, "train", "spec.yaml", "--set", "data.cache=disk", status=74)
    assert "are needed to keep the rows there" in last_line(done)
    assert [path.name for path in folder.glob("kept/*")] == [".lock"]


def test_s_a_disk_that_is_full_half_way_is_an_error_of_writing(folder: Path) -> None:
    done = run(folder, "train", "spec.yaml", "--set", "data.cache=disk", status=74, FSIZE=3000)
    assert "the rows could not be written: File too large" in last_line(done)
    assert "are needed); make room, name another folder in NNCTL_CACHE_DIR, or train with --no-cache" in last_line(done)
    assert [path.name for path in folder.glob("kept/*")] == [".lock"]


def test_wherever_the_rows_are_the_same_model_is_trained(folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text()
    spec = spec.replace("batch_size: 64", "batch_size: 64, shuffle: false, class_weight: balanced")
    spec = spec.replace("layers: [", "layers: [{Rescaling: {scale: 0.5}}, Normalization, ")
    (folder / "spec.yaml").write_text(spec)
    run(folder, "train", "spec.yaml", "--out", "memory")
    run(folder, "train", "spec.yaml", "--out", "disk", "--set", "data.cache=disk")
    done = run(folder, "train", "spec.yaml", "--out", "none", "--no-cache")
    assert "the data are read again in every epoch" in done.stderr
    assert weights(folder / "memory") == weights(folder / "disk") == weights(folder / "none")


@pytest.mark.parametrize("cache", ["disk", "none"])
def test_r05_a_run_stopped_in_the_middle_goes_on_to_the_same_bits(folder: Path, cache: str) -> None:
    setting = ("--set", f"data.cache={cache}")
    run(folder, "train", "spec.yaml", "--out", "whole", *setting)
    run(folder, "train", "spec.yaml", "--out", "part", *setting, "--max-time", "0.001s", status=75)
    # What the checkpoint says of where the rows were is followed, whatever would be chosen here.
    done = run(folder, "train", "spec.yaml", "--out", "part", "--resume")
    assert "going on in part at epoch 1, batch" in done.stderr
    assert weights(folder / "whole") == weights(folder / "part")


def test_r05_a_run_does_not_go_on_in_another_order(folder: Path) -> None:
    run(folder, "train", "spec.yaml", "--out", "run", "--max-time", "0.001s", status=75)
    done = run(folder, "train", "spec.yaml", "--out", "run", "--resume", "--no-cache", status=78)
    assert "the run began with data.cache: memory" in done.stderr
    assert "go on with --set data.cache=memory" in done.stderr


def test_rows_that_are_kept_are_listed_and_removed(folder: Path) -> None:
    assert "keeps no rows" in run(folder, "data", "cache").stderr
    run(folder, "train", "spec.yaml", "--out", "run", "--set", "data.cache=disk")
    told = json.loads(run(folder, "data", "cache", "--json").stdout)
    [kept] = told["kept"]
    assert kept["data"].endswith("t.csv")
    assert run(folder, "data", "cache", "nothing", status=66).stderr.endswith("has no nothing\n")
    assert kept["name"] in run(folder, "data", "cache", kept["name"], "--clear").stdout
    assert json.loads(run(folder, "data", "cache", "--json").stdout)["kept"] == []


def test_the_test_rows_of_a_run_are_found_again(folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text().replace("validation: 0.1}", "validation: 0.1, test: 0.2}")
    (folder / "spec.yaml").write_text(spec)
    run(folder, "train", "spec.yaml", "--out", "run", "--set", "data.cache=disk")
    told = [json.loads(run(folder, "evaluate", "run", "--json").stdout)]
    run(folder, "data", "cache", "--clear")
    told.append(json.loads(run(folder, "evaluate", "run", "--json").stdout))
    assert told[0] == told[1]
    assert told[0]["rows"] == 200
