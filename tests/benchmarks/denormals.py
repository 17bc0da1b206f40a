"""usage: denormals.py [--late STEP] [steps] [recurrent]; prints a table in Markdown for each.

steps      784-512-512-10, batch 32, half of whose units die early, on MNIST where NNCTL_DATA_DIR names a folder
           that has mnist.npz, else on random numbers: the time of a step after 200 steps, and after 20,000. Numbers
           too small for full precision (denormal ones) in the optimizer's memory would make late steps many
           times slower.
recurrent  the time of a backward pass through 80 steps of a recurrent layer as it starts; with gates that let a
           seventh through, so that the slopes become denormal numbers, and then nothing, on their way; and with
           gates that are shut, whose slopes are as small.

Two nets are timed in turn, and the times are those of all processors together, which neighbours disturb less. The
last columns count denormal numbers: the most that were found at once, every 50 steps, in weights, gradients and the
optimizer's memory, and in what the layers hand on, forward and backward. Some processors lose nothing on
them: where the line below the tables says so, the times prove nothing.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measuring import machine, markdown, note, write_json

from nnctl import Sequential, kernels, layers, threads
from nnctl.layers import Context

TINIEST = np.finfo("float32").tiny  # the least number of full precision
EARLY, LOOK_EVERY = 200, 50  # steps
ROUNDS, AT_ONCE = 20, 10  # in turn, and how many times each
SHARE = 1 / 7  # of a slope that a step lets through
SHUT = -84.0  # what a shut gate starts from: the logistic function of it is as small as numbers of full precision get
RANDOM = np.random.default_rng(0)


def denormals(*vectors: Any) -> int:
    return sum(int(((vector != 0) & (np.abs(vector) < TINIEST)).sum()) for vector in vectors)


def in_turn(works: Sequence[Callable[[], Any]]) -> list[float]:
    """Return the median seconds of each."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, seconds in zip(works, taken, strict=True):
            for _ in range(AT_ONCE):
                began = time.process_time()
                work()
                seconds.append(time.process_time() - began)
    return [median(seconds) for seconds in taken]


def handed_on(model: Sequential, x: Any, y: Any) -> int:
    """Return the denormal numbers in what the layers hand on in a training step."""
    seen: list[Any] = []

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            result = function(*given)
            seen.append(result[0] if isinstance(result, tuple) else result)
            return result

        return call

    for layer in model.layers:
        layer.forward, layer.backward = watched(layer.forward), watched(layer.backward)  # type: ignore[method-assign]
    model.train_step(x, y)
    for layer in model.layers:
        del layer.forward, layer.backward  # the class still has them
    return denormals(*(array for array in seen if array is not None))


def forth_and_back(model: Sequential, x: Any, y: Any) -> Callable[[], None]:
    def work() -> None:
        outputs = model.forward(x, Context(True, model.random))
        model.backward(model.loss_and_gradient(outputs, y, None)[1], outputs)

    return work


def batches(x: Any, y: Any, size: int) -> Iterator[tuple[Any, Any]]:
    while True:
        order = RANDOM.permutation(len(x))
        for start in range(0, len(x), size):
            yield x[order[start : start + size]], y[order[start : start + size]]


def images() -> tuple[Any, Any]:
    folder = os.environ.get("NNCTL_DATA_DIR")
    if folder and (found := Path(folder) / "mnist.npz").is_file():
        with np.load(found) as mnist:
            return mnist["x_train"].reshape(-1, 784).astype("f4") / np.float32(255), mnist["y_train"]
    return RANDOM.random((12800, 784), dtype="f4"), RANDOM.integers(0, 10, 12800)


class DyingNet:
    """A net in training, half of whose units die after 20 steps; by then the optimizer remembers them."""

    def __init__(self, optimizer: str, x: Any, y: Any) -> None:
        self.hidden = [layers.Dense(512, activation="relu"), layers.Dense(512, activation="relu")]
        self.model = Sequential([layers.Input((784,)), *self.hidden, layers.Dense(10, activation="softmax")])
        self.model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        self.batches, self.steps = batches(x, y, 32), 0
        self.most_kept = self.most_handed_on = 0

    def step(self) -> None:
        self.model.train_step(*next(self.batches))

    def train(self, steps: int) -> None:
        for _ in range(steps):
            if self.steps == 20:
                for layer in self.hidden:
                    layer.bias.value[::2] = -1e6
            self.step()
            self.steps += 1
            if self.steps % LOOK_EVERY == 0:
                self._look()

    def _look(self) -> None:
        model = self.model
        assert model.optimizer is not None
        kept = denormals(model.parameters.values, model.parameters.grads, *model.optimizer.slots.values())
        self.most_kept = max(self.most_kept, kept)
        self.most_handed_on = max(self.most_handed_on, handed_on(model, *next(self.batches)))


def dead_units(optimizer: str, late: int) -> list[str]:
    """Return a row: step times early and late, their ratio, denormal numbers."""
    x, y = images()
    young, old = DyingNet(optimizer, x, y), DyingNet(optimizer, x, y)
    with threads.computing():
        young.train(EARLY)
        old.train(late)
        early, last = in_turn([young.step, old.step])
    found = f"{old.most_kept:,}", f"{old.most_handed_on:,}"
    return [optimizer, f"{early * 1e6:,.0f}", f"{last * 1e6:,.0f}", f"{last / early:.2f}", *found]


def shrinking(name: str) -> list[str]:
    """Return a row: times of a pass as the layer starts, with shrinking slopes and shut gates; denormal numbers."""
    x, y = RANDOM.normal(size=(32, 80, 128)).astype("f4"), RANDOM.random((32, 1), dtype="f4")
    models = [recurrent(name, change) for change in ("", "shrinks", "shut")]
    with threads.computing():
        usual, *others = in_turn([forth_and_back(model, x, y) for model in models])
        found = sum(handed_on(model, x, y) + denormals(model.parameters.grads) for model in models)
    ratios = [f"{seconds / usual:.2f}" for seconds in others]
    return [name, *(f"{seconds * 1e6:,.0f}" for seconds in (usual, *others)), *ratios, f"{found:,}"]


def recurrent(name: str, change: str) -> Sequential:
    layer = getattr(layers, name)(128)
    # The first layer has the slopes of all steps handed on to it.
    model = Sequential([layers.Input((80, 128)), layers.Dense(128), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    if change:
        layer.recurrent_kernel.value *= SHARE
    if change and name != "SimpleRNN":
        keeps = slice(128, 256) if name == "LSTM" else slice(0, 128)  # the gate that keeps the old state
        layer.bias.value[..., keeps] = math.log(SHARE / (1 - SHARE)) if change == "shrinks" else SHUT
    elif change == "shut":
        layer.bias.value[:] = SHUT
    return model


def penalty() -> str:
    """Return how much longer this processor takes over products of denormal numbers."""
    full = RANDOM.random((256, 256), dtype="f4") + 1
    small, out = full * np.float32(1e-40), np.empty_like(full)
    ordinary, tiny = in_turn([lambda a=a: np.matmul(a, full, out=out) for a in (full, small)])
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
    if given.late < EARLY:
        parser.error(f"--late must be at least {EARLY}, got {given.late}")
    rows: dict[str, list[list[str]]] = {}
    if not given.tables or "steps" in given.tables:
        rows["steps"] = []
        for optimizer in ("rmsprop", "adam"):
            rows["steps"].append(dead_units(optimizer, given.late))
            note(f"steps: {optimizer} done")
        header = ["optimizer", f"us at step {EARLY}", f"us at step {given.late:,}", "times as long"]
        header += ["denormals kept", "handed on"]
        print(f"{markdown(header, rows['steps'])}\n", flush=True)
    if not given.tables or "recurrent" in given.tables:
        rows["recurrent"] = [shrinking(name) for name in ("SimpleRNN", "LSTM", "GRU")]
        header = ["layer", "us as it starts", "slopes shrink", "gates shut", "times as long", "and", "denormals"]
        print(f"{markdown(header, rows['recurrent'])}\n", flush=True)
    loops = "numba's" if kernels.chosen == "compiled" else "NumPy's"
    about = f"With {loops} loops. {penalty()} {machine()}"
    print(about)
    write_json(given.json, {"about": about, "rows": rows})


if __name__ == "__main__":
    main()
