"""usage: denormals.py [--late STEP] [steps] [recurrent]; prints a table in Markdown for each.

steps      an MNIST-sized net half of whose units die early, as a run of many steps meets it: the time of a
           step after 200 steps and after 20,000, for RMSprop and Adam. Numbers too small for full precision
           (denormal ones) in the optimizer's memory would make late steps many times slower.
recurrent  the time of a backward pass through 80 steps of a recurrent layer as it starts, and with gates
           that let a seventh through, so that the slopes become denormal numbers, and then nothing, on their way.

The times are those of all processors together, which neighbours disturb less. The last column counts denormal
numbers, in the end, in weights, gradients and the optimizer's memory, or in the slopes of all recurrent steps.
Some processors lose nothing on them: where the line below the tables says so, the times prove nothing.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measuring import machine, markdown, note, write_json

from nnctl import Sequential, layers, threads
from nnctl.layers import Context

TINIEST = np.finfo("float32").tiny  # the least number of full precision
EARLY, WINDOW = 200, 100  # steps: the first that is timed, and how many
SHARE = 1 / 7  # of a slope that a step lets through
RANDOM = np.random.default_rng(0)


def denormals(*vectors: Any) -> int:
    return sum(int(((vector != 0) & (np.abs(vector) < TINIEST)).sum()) for vector in vectors)


def timed(work: Callable[[], Any], times: int) -> float:
    """Return the median seconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken)


def batches(x: Any, y: Any, size: int) -> Iterator[tuple[Any, Any]]:
    while True:
        order = RANDOM.permutation(len(x))
        for start in range(0, len(x), size):
            yield x[order[start : start + size]], y[order[start : start + size]]


def dead_units(optimizer: str, late: int) -> list[str]:
    """Return a row: step times early and late, their ratio, denormal numbers found in the end."""
    net = [layers.Dense(512, activation="relu"), layers.Dense(512, activation="relu")]
    model = Sequential([layers.Input((784,)), *net, layers.Dense(10, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    steps = batches(RANDOM.random((1280, 784), dtype="f4"), RANDOM.integers(0, 10, 1280), 128)
    with threads.one_blas_thread():
        for number in range(EARLY):
            if number == 20:  # by then they have moments
                for layer in net:
                    layer.bias.value[::2] = -1e6
            model.train_step(*next(steps))
        early = timed(lambda: model.train_step(*next(steps)), WINDOW)
        for _ in range(late - EARLY - WINDOW):
            model.train_step(*next(steps))
        last = timed(lambda: model.train_step(*next(steps)), WINDOW)
    assert model.optimizer is not None
    found = denormals(model.parameters.values, model.parameters.grads, *model.optimizer.slots.values())
    return [optimizer, f"{early * 1e6:,.0f}", f"{last * 1e6:,.0f}", f"{last / early:.2f}", f"{found:,}"]


def shrinking(name: str) -> list[str]:
    """Return a row: times of a backward pass as the layer starts and with shrinking slopes, their ratio, denormals."""
    taken, found = [], 0
    for shrinks in (False, True):
        layer = getattr(layers, name)(128)
        model = Sequential([layers.Input((80, 128)), layer, layers.Dense(1)])
        model.compile("sgd", "mse")
        if shrinks:
            layer.recurrent_kernel.value *= SHARE
            if name != "SimpleRNN":  # the gate that keeps the old state: the second of an LSTM, the first of a GRU
                gate = slice(128, 256) if name == "LSTM" else slice(0, 128)
                layer.bias.value[..., gate] = math.log(SHARE / (1 - SHARE))
        x, y = RANDOM.normal(size=(32, 80, 128)).astype("f4"), RANDOM.random((32, 1), dtype="f4")
        with threads.one_blas_thread():
            passes = [_backward(model, x, y) for _ in range(20)]
        taken.append(median(seconds for seconds, _ in passes))
        found = passes[-1][1]
    return [name, *(f"{seconds * 1e6:,.0f}" for seconds in taken), f"{taken[1] / taken[0]:.2f}", f"{found:,}"]


def _backward(model: Sequential, x: Any, y: Any) -> tuple[float, int]:
    """Return the seconds of a backward pass, and the denormal numbers among the slopes of the recurrent steps."""
    outputs = model.forward(x, Context(True, model.random))
    slope, parts = model.loss_and_gradient(outputs, y, None)[1], outputs.tape[0]
    began = time.process_time()
    model.backward(slope, outputs)
    return time.process_time() - began, denormals(*(cell.dz for cell in parts.cells))


def penalty() -> str:
    """Return how much longer this processor takes over products of denormal numbers."""
    full = RANDOM.random((256, 256), dtype="f4") + 1
    small, out = full * np.float32(1e-40), np.empty_like(full)
    ordinary, tiny = (timed(lambda a=a: np.matmul(a, full, out=out), 50) for a in (full, small))
    return f"A product with a matrix of denormal numbers takes {tiny / ordinary:.1f} times as long here."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("tables", nargs="*", metavar="TABLE", help="steps, recurrent; both by default")
    add("--late", type=int, default=20_000, help="step from which the late ones are timed (default: 20000)")
    add("--json", type=Path, metavar="FILE", help="where the rows go")
    given = parser.parse_args()
    if unknown := set(given.tables) - {"steps", "recurrent"}:
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are steps, recurrent")
    if given.late < EARLY + WINDOW:
        parser.error(f"--late must be at least {EARLY + WINDOW}, got {given.late}")
    rows: dict[str, list[list[str]]] = {}
    if not given.tables or "steps" in given.tables:
        rows["steps"] = []
        for optimizer in ("rmsprop", "adam"):
            rows["steps"].append(dead_units(optimizer, given.late))
            note(f"steps: {optimizer} done")
        header = ["optimizer", f"us at step {EARLY}", f"us at step {given.late:,}", "times as long", "denormal numbers"]
        print(f"{markdown(header, rows['steps'])}\n", flush=True)
    if not given.tables or "recurrent" in given.tables:
        rows["recurrent"] = [shrinking(name) for name in ("SimpleRNN", "LSTM", "GRU")]
        header = ["layer", "us backward", "us with shrinking slopes", "times as long", "denormal numbers"]
        print(f"{markdown(header, rows['recurrent'])}\n", flush=True)
    about = f"{penalty()} {machine()}"
    print(about)
    write_json(given.json, {"about": about, "rows": rows})


if __name__ == "__main__":
    main()
