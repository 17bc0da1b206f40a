"""usage: out_of_core.py [--size GB] [--memory GB] [--epochs N] [--folder DIR] [--no-cache]

Trains on a CSV file that does not fit into memory: makes it from a seed, trains in a process of its own
under a limit of address space (what `ulimit -v` sets), and prints how long the first pass and each epoch
took, the most memory that was used, the disk space taken, and how fast the cache alone can be read.
All that it makes is in a new folder below --folder, which is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = 30
ROWS = 20_000  # different ones in a block; a file is blocks of these, each with a number in front of its own

SPEC = """
name: out_of_core
data: {source: table.csv, target: y, scale: standard, split: {validation: 0.1}}
layers: [{Dense: {units: 32, activation: relu}}, {Dense: {units: 1, activation: sigmoid}}]
loss: binary_crossentropy
optimizer: Adam
metrics: [accuracy]
fit: {epochs: %d, batch_size: 1024}
"""


def make_table(path: Path, size: int) -> int:
    """Write rows of numbers until the file has the size; return how many there are."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(ROWS, COLUMNS - 1))
    labels = values[:, :5].sum(axis=1) + rng.normal(size=ROWS) > 0
    rows = [",".join(f"{value:.6g}" for value in row) for row in values]
    ends = [f",{row},{int(label)}\n" for row, label in zip(rows, labels, strict=True)]
    names = ",".join(["number", *(f"v{column}" for column in range(COLUMNS - 1)), "y"])
    count = 0
    with open(path, "w") as file:
        file.write(names + "\n")
        while file.tell() < size:
            file.write("".join(f"{count + row}{end}" for row, end in enumerate(ends)))
            count += ROWS
    return count


def train(folder: Path, memory: int, extra: list[str]) -> tuple[float, float, int]:
    """Train under a limit of address space; return the seconds on the wall, of all processors, and the peak memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    command = [sys.executable, "-m", "nnctl", "train", "spec.yaml", "--out", "run", "--overwrite", *extra]
    environment = {**os.environ, "NNCTL_CACHE_DIR": str(folder / "kept")}
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        preexec_fn=limit,  # noqa: PLW1509 - there are no other threads here
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        print(f"{time.perf_counter() - began:7.1f} s  {line.rstrip()}", flush=True)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"nnctl ended with status {process.returncode}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def read_speed(folder: Path) -> tuple[int, float]:
    """Return the size of the cache, and the seconds that reading it takes, first put out of the system's memory."""
    files = [file for file in (folder / "kept").glob("*/*") if file.is_file()]
    size, piece = 0, bytearray(1 << 22)
    for file in files:
        with open(file, "rb", buffering=0) as content:
            os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    began = time.perf_counter()
    for file in files:
        with open(file, "rb", buffering=0) as content:
            while count := content.readinto(piece):
                size += count
    return size, time.perf_counter() - began


def epochs_of(folder: Path) -> list[dict[str, Any]]:
    header, *lines = (folder / "run" / "history.csv").read_text().splitlines()
    return [dict(zip(header.split(","), map(float, line.split(",")), strict=True)) for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=5, help="of the CSV file, in GB")
    parser.add_argument("--memory", type=float, default=1.5, help="limit of address space, in GB")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--no-cache", action="store_true", help="parse the file again in every epoch")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="out-of-core-") as name:
        folder = Path(name)
        began = time.perf_counter()
        rows = make_table(folder / "table.csv", int(given.size * 1e9))
        size = (folder / "table.csv").stat().st_size
        print(f"{size / 1e9:.2f} GB, {rows:,} rows, {COLUMNS} columns, in {time.perf_counter() - began:.0f} s")
        (folder / "spec.yaml").write_text(SPEC % given.epochs)
        seconds, processors, most = train(folder, int(given.memory * 1e9), ["--no-cache"] if given.no_cache else [])
        epochs = epochs_of(folder)
        spent = [epoch["seconds"] for epoch in epochs]
        result = {
            "csv GB": round(size / 1e9, 2), "rows": rows, "limit GB": given.memory,
            "first pass s": round(seconds - sum(spent), 1), "epochs s": [round(each, 1) for each in spent],
            "processor s": round(processors, 1), "peak resident MB": round(most / 1e6),
            "val_accuracy": epochs[-1]["val_accuracy"],
        }  # fmt: skip
        if not given.no_cache:
            kept, reading = read_speed(folder)
            result |= {"cache GB": round(kept / 1e9, 2), "cache read alone s": round(reading, 2)}
            began = time.perf_counter()
            train(folder, int(given.memory * 1e9), [])
            again = time.perf_counter() - began - sum(epoch["seconds"] for epoch in epochs_of(folder))
            result["start from the cache s"] = round(again, 1)
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
