"""usage: compare.py --peers SCRIPT --peers-python INTERPRETER [WORKLOAD ...]; prints a table in Markdown.

Times nnctl's training steps and those of other frameworks in turn, round after round, and prints the
medians and how many times as fast as the best peer nnctl is. With --busy each is also run beside
processes that keep processors busy. README.md says what is needed.
"""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from statistics import median

from measuring import Failed, add_peers, backends_of, busy, machine, markdown, note, run, write_json

STEPS = Path(__file__).with_name("steps.py")
WORKLOADS = ("mlp", "cnn", "cifar", "rnn", "lstm", "fraud", "pima", "imdb", "gru")
BESIDE_OTHERS = ("mlp", "lstm", "imdb")  # what --busy runs
BACKENDS = ("torch", "keras-tensorflow", "keras-jax", "keras-torch", "sklearn")
OURS = {"compiled": "nnctl[fast]", "numpy": "nnctl"}  # by the kernels that it is run with

Sample = dict[str, dict[str, list[float]]]  # workload -> side -> microseconds of each round


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("workloads", nargs="*", metavar="WORKLOAD", help=f"some of: {' '.join(WORKLOADS)}")
    add_peers(parser, BACKENDS)
    add("--kernels", choices=(*OURS, "both"), default="both", help="nnctl's loops (default: both)")
    add("--rounds", type=int, default=3, help="runs of each side (default: 3)")
    add("--threads", type=int, help="threads and processors of all sides; by default each side's own choice")
    add("--busy", type=int, nargs="?", const=1, metavar="N", help="also beside N busy processes (default: 1)")
    add("--json", type=Path, metavar="FILE", help="where every single time goes")
    given = parser.parse_args()
    given.workloads = given.workloads or (BESIDE_OTHERS if given.busy else WORKLOADS)
    if unknown := set(given.workloads) - {*WORKLOADS}:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    given.backends = backends_of(given, parser)
    if given.backends and given.peers is None:
        parser.error("--peers is needed: the script that runs the backends")
    return given


def measure(given: argparse.Namespace) -> Sample:
    """Return all times. A side's name ends in ` busy` where it ran beside busy processes."""
    kernels = [name for name in OURS if given.kernels in (name, "both")]
    sides = {OURS[name]: ([sys.executable, STEPS], {"NNCTL_KERNELS": name}) for name in kernels}
    sides |= {backend: ([python, given.peers, backend], {}) for backend, python in given.backends.items()}
    sample: Sample = {}
    for workload in given.workloads:
        times = sample.setdefault(workload, {})
        missing: set[str] = set()
        for number in range(given.rounds):
            for side, (command, environment) in sides.items():
                for neighbours in (0, given.busy) if given.busy else (0,):
                    if side in missing:  # not every peer does everything
                        continue
                    try:
                        with busy(neighbours) if neighbours else nullcontext():
                            taken = _microseconds([*command, workload], given.threads, environment)
                        times.setdefault(f"{side} busy" if neighbours else side, []).append(taken)
                    except Failed as error:
                        missing.add(side)
                        note(f"{workload}, {side} is left out: {error}")
            note(f"{workload}: round {number + 1} of {given.rounds}")
    return sample


def _microseconds(command: list[str | Path], threads: int | None, environment: dict[str, str]) -> float:
    output = run(command, threads, **environment).output
    found = re.search(r"([\d.]+) us/step", output)
    if not found:
        raise Failed(f"no time in {output[-80:]!r}")
    return float(found[1])


def table(sample: Sample, backends: list[str]) -> str:
    """Return the medians, and the best peer's time divided by nnctl's."""
    ours = [side for side in OURS.values() if any(side in times for times in sample.values())]
    ratios = [f"best peer / {side}" for side in ours if backends]
    rows = []
    for name, times in sample.items():
        middle = {side: median(taken) for side, taken in times.items()}
        best = min((middle[side] for side in backends if side in middle), default=None)
        cells = [f"{middle[side]:,.0f}" if side in middle else "-" for side in (*ours, *backends)]
        cells += [f"{best / middle[side]:.2f}" if best and side in middle else "-" for side in ours if backends]
        rows.append([name, *cells])
    return markdown(["workload", *ours, *backends, *ratios], rows)


def busy_table(sample: Sample) -> str:
    """Return the medians alone and beside busy processes, and how many times slower the latter are."""
    rows = []
    for name, times in sample.items():
        for side in (side for side in times if not side.endswith(" busy")):
            alone, beside = median(times[side]), median(times.get(f"{side} busy", [float("nan")]))
            rows.append([f"{name}, {side}", f"{alone:,.0f}", f"{beside:,.0f}", f"{beside / alone:.2f}"])
    return markdown(["workload", "alone", "with neighbours", "times as long"], rows)


def main() -> None:
    given = options()
    about = machine(*given.backends.values())
    sample = measure(given)
    threads = f"{given.threads} threads" if given.threads else "threads as each side chooses"
    neighbours = f", beside {given.busy} busy processes" if given.busy else ""
    print(f"Microseconds a training step, median of {given.rounds} rounds, the sides in turn; {threads}{neighbours}.")
    print(f"{about}\n")
    print(busy_table(sample) if given.busy else table(sample, list(given.backends)))
    write_json(given.json, {"about": about, "threads": given.threads, "busy": given.busy, "microseconds": sample})


if __name__ == "__main__":
    main()
