"""usage: compare.py --peers peers.py --python BACKEND=INTERPRETER ... [options]; prints a table in Markdown.

Times nnctl's training steps and those of other frameworks in turn, round after round, and prints the
medians and how many times as fast as the best peer nnctl is. README.md says what is needed.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from statistics import median

from steps import WORKLOADS

HERE = Path(__file__).parent
OURS = {"nnctl": "numpy", "nnctl[fast]": "compiled"}  # and the kernels that it is run with
Sample = dict[str, dict[str, list[float]]]  # workload -> side -> microseconds of each round


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("workloads", nargs="*", metavar="WORKLOAD", help=f"some of {' '.join(WORKLOADS)}; all by default")
    add("--peers", type=Path, default=os.environ.get("NNCTL_PEERS"), help="script of the peers' side; or NNCTL_PEERS")
    add(
        "--python",
        action="append",
        metavar="BACKEND=INTERPRETER",
        help="a backend of that script, and the interpreter that has it; may be repeated; "
        "or NNCTL_PEERS_PYTHON, separated by commas",
    )
    add("--rounds", type=int, default=3, help="runs of each side (default: 3)")
    add("--threads", type=int, help="threads of both sides; by default each side's own choice")
    add("--numpy-alone", action="store_true", help="leave out nnctl[fast]")
    given = parser.parse_args()
    if unknown := set(given.workloads) - {*WORKLOADS}:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    pairs = given.python or [pair for pair in os.environ.get("NNCTL_PEERS_PYTHON", "").split(",") if pair]
    given.backends = dict(pair.split("=", 1) for pair in pairs)
    if given.backends and given.peers is None:
        parser.error("--python needs --peers, the script that runs the backends")
    return given


def run(command: list[str], threads: int | None, **further: str) -> float | None:
    """Return the microseconds per step that a command prints, None where it fails: not every peer does everything."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS") if threads else ()
    environment = {**os.environ, **dict.fromkeys(names, str(threads)), **further}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    found = re.search(r"([\d.]+) us/step", done.stdout)
    if done.returncode or not found:
        reason = done.stderr.strip().splitlines()[-1:] or ["no time printed"]
        print(f"{' '.join(command[1:])}: {reason[0]}", file=sys.stderr)
        return None
    return float(found[1])


def measure(given: argparse.Namespace) -> Sample:
    sides = {name: kernels for name, kernels in OURS.items() if not (given.numpy_alone and kernels == "compiled")}
    sample: Sample = {}
    for name in given.workloads or WORKLOADS:
        times = sample.setdefault(name, {})
        for number in range(given.rounds):
            for side, kernels in sides.items():
                steps = [sys.executable, str(HERE / "steps.py"), name]
                _note(times, side, run(steps, given.threads, NNCTL_KERNELS=kernels))
            for backend, python in given.backends.items():
                if number == 0 or backend in times:  # what failed once is left out
                    _note(times, backend, run([python, str(given.peers), backend, name], given.threads))
            print(f"{name}: round {number + 1} of {given.rounds}", file=sys.stderr)
    return sample


def _note(times: dict[str, list[float]], side: str, time: float | None) -> None:
    if time is not None:
        times.setdefault(side, []).append(time)


def table(sample: Sample, given: argparse.Namespace) -> str:
    """Return the medians, and the best peer's time divided by nnctl's."""
    ours = [side for side in OURS if any(side in times for times in sample.values())]
    header = ["workload", *ours, *given.backends, *(f"best peer / {side}" for side in ours if given.backends)]
    lines = [header, ["---", *("---:" for _ in header[1:])]]
    for name, times in sample.items():
        medians = {side: median(taken) for side, taken in times.items()}
        best = min((medians[side] for side in given.backends if side in medians), default=None)
        cells = [f"{medians[side]:,.0f}" if side in medians else "-" for side in (*ours, *given.backends)]
        if given.backends:
            cells += [f"{best / medians[side]:.2f}" if best and side in medians else "-" for side in ours]
        lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    given = options()
    sample = measure(given)
    threads = f"{given.threads} threads" if given.threads else "threads as each side chooses"
    print(f"Microseconds per training step, median of {given.rounds} rounds, the sides in turn; {threads}.")
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {date.today()}.\n")
    print(table(sample, given))


if __name__ == "__main__":
    main()
