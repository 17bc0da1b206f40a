"""Mutate files and load them, for as long as asked: RELIABILITY T01. Not part of the test run.

    python -m tests.fuzz.fuzz SECONDS [--seed N]

Every round takes a good file, changes some bytes of it, and loads it in a forked child under limits of
time and memory. Sound answers are a result, or one of nnctl's errors of bad or missing input; anything else
(another status or exception, a signal, a hang) is a finding: the file is kept in tests/fuzz/findings, from
where test_seeds.py loads it for ever after.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import random
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd  # noqa: F401 - loaded once, for all the children

from nnctl.checkpoint import load_model, load_state, save_model, save_state
from nnctl.checkpoint.seal import LENGTH, seal
from nnctl.data import DataSettings, prepare
from nnctl.errors import NnctlError
from nnctl.fields import create, parse_section
from nnctl.findings import Findings
from nnctl.model import Sequential
from nnctl.spec import load as load_spec
from tests.fuzz.child import in_child

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden" / "keras_models"
SECONDS = 25  # for one file; the scout of model files has ten of its own
MEMORY = 600 * 2**20
CSV = "a,b,c,y\n" + "".join(f"{i % 7},{i / 3:.3f},{'xyz'[i % 3]},{['no', 'yes'][i % 2]}\n" for i in range(40))
SOUND = (65, 66, 78)  # statuses of what is wrong with a file
TOKENS = [b"\0", b"\xff", b'"', b",", b"\n", b"nan", b"1e999", b"-1", b"[[[[", b"{", b"!!python/name:os.system ", b"*a"]


def make_model() -> Sequential:
    model = Sequential([create("layer", {"Dense": {"units": 3, "activation": "relu"}}), create("layer", {"Dense": 2})])
    model.build((4,))
    model.compile(create("optimizer", "adam"), create("loss", "mse"), [create("metric", "mae")])
    return model


def good_files(folder: Path) -> dict[str, list[bytes]]:
    """Return good files of each kind."""
    save_model(folder / "model.h5", make_model(), {"spec": "layers: []\n", "mean": np.arange(3.0)})
    save_state(folder / "state.h5", {"step": 3, "w": np.arange(64.0), "deep": [{"a": None}]})
    array = BytesIO()
    np.savez(array, x=np.arange(12.0).reshape(4, 3), y=np.arange(4))
    specs = [path.read_bytes() for path in sorted((HERE.parents[1] / "specs").glob("*.yaml"))]
    return {
        "h5": [(folder / "model.h5").read_bytes(), *(path.read_bytes() for path in sorted(GOLDEN.glob("*.h5")))],
        "state.h5": [(folder / "state.h5").read_bytes()],
        "keras": [path.read_bytes() for path in sorted(GOLDEN.glob("*.keras"))],
        "csv": [CSV.encode()],
        "csv.gz": [gzip.compress(CSV.encode(), mtime=0)],
        "npz": [array.getvalue()],
        "yaml": specs,
    }


def mutate(data: bytes, kind: str, draw: random.Random) -> bytes:
    """Change a file; archives also inside their members, nnctl's files also with a new seal."""
    if kind == "keras" and draw.random() < 0.7:
        return mutated_member(data, draw)
    is_sealed = data[-LENGTH:].startswith(b"\nnnctl-sha256")
    body = bytearray(data[:-LENGTH] if is_sealed else data)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
        change(body, draw)
    changed = bytes(body)
    return changed + (seal(changed) if is_sealed and draw.random() < 0.9 else data[len(data) - LENGTH * is_sealed :])


def change(body: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(body) + 1)
    what = draw.randrange(7)
    if what == 0 and body:
        body[at % len(body)] ^= 1 << draw.randrange(8)
    elif what == 1 and body:
        body[at % len(body)] = draw.choice([0, 1, 127, 128, 255])
    elif what == 2:
        body[at:at] = draw.choice(TOKENS)
    elif what == 3:
        del body[at : at + draw.choice([1, 2, 8, 64])]
    elif what == 4:
        length, number = draw.choice([2, 4, 8]), draw.choice([0, 1, 2**15, 2**31 - 1, 2**63 - 1, 2**64 - 1])
        body[at : at + length] = number.to_bytes(8, "little")[:length]
    elif what == 5:
        start, length = draw.randrange(len(body) + 1), draw.choice([1, 8, 64, 512])
        body[at : at + length] = body[start : start + length]
    elif draw.random() < 0.1:
        del body[at:]


def mutated_member(data: bytes, draw: random.Random) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        chosen = draw.choice(before.namelist())
        for name in before.namelist():
            content = bytearray(before.read(name))
            for _ in range(draw.choice([1, 1, 2, 8]) if name == chosen else 0):
                change(content, draw)
            after.writestr(name, bytes(content), draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return out.getvalue()


def table(path: Path) -> None:
    data(path, {"target": "y"})


def data(path: Path, more: dict[str, str]) -> None:
    settings = parse_section(DataSettings, {"source": str(path), **more}, Findings(), ())
    prepare(settings, seed=0, targets="auto", base_dir=path.parent, data_dir=None)


def model_file(path: Path) -> None:
    with np.errstate(all="ignore"):
        load_model(path)


LOADERS: dict[str, Callable[[Path], object]] = {
    "h5": model_file,
    "keras": model_file,
    "state.h5": load_state,
    "csv": table,
    "csv.gz": table,
    "npz": lambda path: data(path, {}),
    "yaml": load_spec,
}


def outcome(kind: str, path: Path) -> str:
    """Load a file in a child; return what came of it: 'read', the name of nnctl's error, or 'FOUND ...'."""

    def load() -> str:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm", encoding="ascii") as file:
            present = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (present + MEMORY, resource.RLIM_INFINITY))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                LOADERS[kind](path)
        except NnctlError as error:
            return type(error).__name__ if error.status in SOUND else f"FOUND status {error.status}: {error}"
        return "read"

    return in_child(load, SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=sorted(LOADERS))
    given = parser.parse_args()
    draw, ends, counts = random.Random(given.seed), time.monotonic() + given.seconds, Counter[str]()
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        files = good_files(Path(name))
        while time.monotonic() < ends:
            kind = draw.choice(given.kinds)
            data = mutate(draw.choice(files[kind]), kind, draw)
            path = Path(name) / f"round.{kind}"
            path.write_bytes(data)
            answer = outcome(kind, path)
            counts[f"{kind}: {answer.partition(' ')[0]}"] += 1
            last = answer.strip().splitlines()[-1]
            if answer.startswith("FOUND") and last not in seen:
                seen.add(last)
                (HERE / "findings").mkdir(exist_ok=True)
                (HERE / "findings" / f"{hashlib.sha256(data).hexdigest()[:12]}.{kind}").write_bytes(data)
                print(f"{kind}: {answer}", flush=True)
    print(f"{sum(counts.values()):,} files in {given.seconds:.0f} s", *sorted(counts.items()), sep="\n  ")
    sys.exit(bool(seen))


if __name__ == "__main__":
    main()
