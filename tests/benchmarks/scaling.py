"""usage: scaling.py [rows] [batch] [steps] [width] [--svg FILE] [--json FILE]; prints a table in Markdown for each.

How the time grows with the rows of an epoch, the batch size, the time steps of a recurrent net and the
width of a dense one. The last column says by which power of its size the time grew since the row before: 1 is
linear. Rounds go over all sizes in turn, so that a busy moment does not fall on one of them alone.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from growth import Panel, draw
from measuring import machine, markdown, note, write_json
from steps import Clock, digits, fraud

from nnctl import Sequential, kernels, layers

EPOCHS = 6  # the first one warms up


@dataclass
class Curve:
    """One thing that grows: its sizes, what is timed, and how to time it once."""

    size: str
    net: str
    time: str
    sizes: tuple[int, ...]
    timed: Callable[[int], float]  # seconds
    powers: tuple[int, ...] = (1,)  # what the time may grow by; the larger ones where much of the work does


def epoch(net: list[Any], optimizer: str, loss: str, x: Any, y: Any, size: int) -> float:
    """Return the median seconds of an epoch."""
    model, clock = Sequential(net), Clock()
    model.compile(optimizer, loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=size, epochs=EPOCHS, callbacks=[clock])
    return median(wall for wall, _ in clock.seconds[1:])


def rows(count: int) -> float:
    net, optimizer, loss, x, y, size = fraud()
    return epoch(net, optimizer, loss, np.resize(x, (count, x.shape[1])), np.resize(y, (count, 1)), size)


def classifier(widths: tuple[int, ...], batch: int) -> float:
    """Return the seconds of a step of a dense net on 784 numbers, dropout included."""
    net: list[Any] = []
    for width in widths:
        net += [layers.Dense(width, activation="relu"), layers.Dropout(0.2)]
    net.append(layers.Dense(10, activation="softmax"))
    x, y = digits(16 * batch, 784)
    return epoch(net, "rmsprop", "sparse_categorical_crossentropy", x, y, batch) / 16


def batch(size: int) -> float:
    return classifier((512, 512), size)


def width(units: int) -> float:
    return classifier((units, units), 128)


def steps(count: int) -> float:
    net = [layers.LSTM(64), layers.Dense(10, activation="softmax")]
    x, y = digits(32 * 16, count, 16)
    return epoch(net, "adam", "sparse_categorical_crossentropy", x, y, 32) / 16


CURVES = {
    "rows": Curve("rows", "29-10-5-1, batch 2000", "an epoch", (25_000, 50_000, 100_000, 200_000, 400_000), rows),
    "batch": Curve("batch size", "784-512-512-10", "a step", (32, 64, 128, 256, 512, 1024), batch),
    "steps": Curve("time steps", "LSTM 64, batch 32", "a step", (20, 40, 80, 160, 320), steps),
    "width": Curve("units", "784-n-n-10, batch 128", "a step", (64, 128, 256, 512, 1024, 2048), width, (1, 2)),
}


def table(curve: Curve, seconds: list[float]) -> str:
    """Return sizes, milliseconds, microseconds by size, and the power of the growth."""
    lines, before = [], None
    for size, taken in zip(curve.sizes, seconds, strict=True):
        power = f"{math.log(taken / before[1]) / math.log(size / before[0]):.2f}" if before else ""
        lines.append([f"{size:,}", f"{taken * 1e3:,.2f}", f"{taken / size * 1e6:,.3f}", power])
        before = size, taken
    header = [f"{curve.size}: {curve.net}", f"ms {curve.time}", f"us by {curve.size}", "grows with the power"]
    return markdown(header, lines)


def panel(curve: Curve, seconds: list[float]) -> Panel:
    milliseconds = [taken * 1e3 for taken in seconds]
    return Panel(f"{curve.size}: {curve.net}", curve.size, f"ms {curve.time}", curve.sizes, milliseconds, curve.powers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("curves", nargs="*", metavar="CURVE", help=f"some of: {' '.join(CURVES)}")
    add("--rounds", type=int, default=3, help="medians are taken over so many (default: 3)")
    add("--svg", type=Path, metavar="FILE", help="where the curves are drawn")
    add("--json", type=Path, metavar="FILE", help="where the medians go")
    given = parser.parse_args()
    names = given.curves or list(CURVES)
    if unknown := set(names) - {*CURVES}:
        parser.error(f"no such curve: {', '.join(sorted(unknown))}; there are {', '.join(CURVES)}")
    measured = {}
    for name in names:
        curve = CURVES[name]
        rounds = []
        for number in range(given.rounds):
            rounds.append([curve.timed(size) for size in curve.sizes])
            note(f"{name}: round {number + 1} of {given.rounds}")
        measured[name] = [median(taken) for taken in zip(*rounds, strict=True)]
        print(f"{table(curve, measured[name])}\n", flush=True)
    loops = "numba's" if kernels.chosen == "compiled" else "NumPy's"
    about = f"Medians of {given.rounds} rounds, {loops} loops. {machine()}"
    print(about)
    if given.svg:
        panels = [panel(CURVES[name], seconds) for name, seconds in measured.items()]
        given.svg.write_text(draw("How the time of training grows", panels), encoding="utf-8")
    sizes = {name: CURVES[name].sizes for name in measured}
    write_json(given.json, {"about": about, "sizes": sizes, "seconds": measured})


if __name__ == "__main__":
    main()
