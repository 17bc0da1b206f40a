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
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measuring import machine, markdown, note, write_json
from steps import Clock, digits, fraud

from nnctl import Sequential, layers
from nnctl.report.curves import HEIGHT, MARGIN, STYLE, TOP, WIDTH, ticks

EPOCHS = 3  # the first one warms up


@dataclass
class Curve:
    """One thing that grows: its sizes, what is timed, and how to time it once."""

    title: str
    unit: str
    sizes: tuple[int, ...]
    timed: Callable[[int], float]  # seconds
    power: str  # what the time should grow by


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
    x, y = digits(32 * 8, count, 16)
    return epoch(net, "adam", "sparse_categorical_crossentropy", x, y, 32) / 8


CURVES = {
    "rows": Curve("rows: 29-10-5-1, batch 2000", "s an epoch", (25_000, 50_000, 100_000, 200_000, 400_000), rows, "1"),
    "batch": Curve("batch size: 784-512-512-10", "s a step", (32, 64, 128, 256, 512, 1024), batch, "at most 1"),
    "steps": Curve("time steps: LSTM 64, batch 32", "s a step", (20, 40, 80, 160, 320), steps, "1"),
    "width": Curve("units: 784-n-n-10, batch 128", "s a step", (64, 128, 256, 512, 1024), width, "at most 2"),
}


def table(curve: Curve, seconds: list[float]) -> str:
    """Return sizes, milliseconds, microseconds by size, and the power of the growth."""
    lines, before = [], None
    for size, taken in zip(curve.sizes, seconds, strict=True):
        power = f"{math.log(taken / before[1]) / math.log(size / before[0]):.2f}" if before else ""
        lines.append([f"{size:,}", f"{taken * 1e3:,.2f}", f"{taken / size * 1e6:,.3f}", power])
        before = size, taken
    return markdown([curve.title, curve.unit.replace("s ", "ms ", 1), "us by size", f"power ({curve.power})"], lines)


def svg(measured: dict[str, list[float]]) -> str:
    """Return one panel a curve, both axes linear and from zero: what grows linearly is a straight line."""
    panels = [_panel(place, CURVES[name], seconds) for place, (name, seconds) in enumerate(measured.items())]
    wide = WIDTH * len(panels)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{HEIGHT}' viewBox='0 0 {wide} {HEIGHT}'>\n"
        "<rect width='100%' height='100%' fill='white'/>\n" + "".join(panels) + "</svg>\n"
    )


def _panel(place: int, curve: Curve, seconds: list[float]) -> str:
    most, longest = curve.sizes[-1], max(seconds) * 1e3

    def x(size: float) -> float:
        return MARGIN + (WIDTH - MARGIN - 24) * size / most

    def y(milliseconds: float) -> float:
        return HEIGHT - 36 - (HEIGHT - 36 - TOP) * milliseconds / longest

    parts = [
        f"<g transform='translate({place * WIDTH} 0)' {STYLE}>\n"
        f"<text x='{WIDTH / 2:g}' y='18' text-anchor='middle' font-size='13'>{escape(curve.title)}</text>\n"
    ]
    for value in ticks(0, longest):
        parts.append(
            f"<path d='M{MARGIN} {y(value):.1f}H{WIDTH - 24}' stroke='#ddd'/>"
            f"<text x='{MARGIN - 6}' y='{y(value) + 4:.1f}' text-anchor='end'>{value:.4g}</text>\n"
        )
    for size in ticks(0, most, whole=True):
        parts.append(f"<text x='{x(size):.1f}' y='{HEIGHT - 18}' text-anchor='middle'>{size:,}</text>\n")
    points = [(x(size), y(taken * 1e3)) for size, taken in zip(curve.sizes, seconds, strict=True)]
    line = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
    parts.append(f"<polyline points='{line}' fill='none' stroke='#1f77b4' stroke-width='1.5'/>\n")
    parts += [f"<circle cx='{across:.1f}' cy='{up:.1f}' r='2.5' fill='#1f77b4'/>\n" for across, up in points]
    label = f"m{curve.unit} over {curve.title.partition(':')[0]}"
    parts.append(f"<text x='{WIDTH / 2:g}' y='{HEIGHT - 4}' text-anchor='middle'>{escape(label)}</text></g>\n")
    return "".join(parts)


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
    print(machine())
    if given.svg:
        given.svg.write_text(svg(measured), encoding="utf-8")
    sizes = {name: CURVES[name].sizes for name in measured}
    write_json(given.json, {"about": machine(), "sizes": sizes, "seconds": measured})


if __name__ == "__main__":
    main()
