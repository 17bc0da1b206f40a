"""What the benchmarks share: running a process and what it cost, a busy neighbour, tables, the machine.

It imports nothing large: the peak memory that the system counts for a child begins with its parent's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

THREADS = (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # of TensorFlow
NEIGHBOUR = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"  # outlives nobody
VERSIONS = (
    "import sys\nfrom importlib.metadata import version, PackageNotFoundError\n"
    "for name in sys.argv[1:]:\n  try: print(name, version(name))\n  except PackageNotFoundError: pass"
)


@dataclass
class Cost:
    """What a process took: seconds on the wall and of all processors, bytes at its peak."""

    wall: float
    cpu: float
    peak: int
    output: str


class Failed(Exception):
    """A process that ended with another status than 0; the text is its last line."""


def run(command: Sequence[str | Path], threads: int | None = None, cwd: Path | None = None, **environment: str) -> Cost:
    """Run a command, on so many processors and threads where a number is given; raise Failed where it fails."""
    names = THREADS if threads else ()
    everything = {**os.environ, **QUIET, **dict.fromkeys(names, str(threads)), **environment}
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, _processors(threads):
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=out, stderr=errors, cwd=cwd, env=everything)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # subprocess need not wait for it again
        out.seek(0)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        if process.returncode:
            raise Failed(f"{' '.join(words[:4])} ...: {said[-1] if said else f'status {process.returncode}'}")
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, out.read().decode(errors="replace"))


@contextmanager
def _processors(count: int | None) -> Iterator[None]:
    """Let what is started inside run on so many processors; JAX knows no other way to be told."""
    if count is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processors busy, each with a process that computes without end."""
    with ExitStack() as stack:
        for _ in range(count):
            neighbour = subprocess.Popen([sys.executable, "-c", NEIGHBOUR])
            stack.callback(neighbour.wait)
            stack.callback(neighbour.send_signal, signal.SIGKILL)
        yield


def add_peers(parser: argparse.ArgumentParser, backends: Sequence[str]) -> None:
    """Add the options that say where the peers are."""
    add = parser.add_argument
    add("--peers", type=Path, metavar="SCRIPT", default=os.environ.get("NNCTL_PEERS"), help="or NNCTL_PEERS")
    add(
        "--peers-python",
        type=Path,
        metavar="INTERPRETER",
        default=os.environ.get("NNCTL_PEERS_PYTHON"),
        help="of the environment that has the backends; or NNCTL_PEERS_PYTHON. Without it, nnctl is measured alone",
    )
    add(
        "--backend",
        action="append",
        metavar="NAME[=INTERPRETER]",
        help=f"a backend, with an interpreter of its own where it needs one; may be repeated: {' '.join(backends)}",
    )
    parser.set_defaults(every_backend=tuple(backends))


def backends_of(given: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, Path]:
    """Return the interpreter of each backend that was asked for."""
    found = {}
    for text in given.backend or (given.every_backend if given.peers_python else ()):
        name, _, own = text.partition("=")
        if not own and not given.peers_python:
            parser.error(f"--backend {name} needs an interpreter: --peers-python, or {name}=INTERPRETER")
        found[name] = Path(own or given.peers_python)
    return found


def machine(*interpreters: Path) -> str:
    """Return a line about processor, system, versions and date: a figure means nothing without it."""
    model = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = information.read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = ("numpy", "numba", "torch", "jax", "tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "pandas")
    told = dict.fromkeys(
        line
        for python in dict.fromkeys([sys.executable, *map(str, interpreters)])
        for line in run([python, "-c", VERSIONS, *names]).output.splitlines()
    )
    return f"{date.today()}, {count} processors ({model}), Python {platform.python_version()}, {', '.join(told)}."


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; all columns but the first hold numbers."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write_json(path: Path | None, content: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
