"""usage: steps.py [WORKLOAD ...]; prints microseconds per training step, the median of the epochs.

Whole fit loops through the public API: shuffling, loss and metric included.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nnctl import Sequential, layers
from nnctl.callbacks import Callback

EPOCHS = 6  # the first one warms up
RANDOM = np.random.default_rng(0)
Workload = tuple[Sequential, Any, Any, int]


class Clock(Callback):
    """seconds of each epoch"""

    def reset(self) -> None:
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.seconds.append(time.perf_counter() - self.started)


def dense(*widths: int, activation: str, last: str) -> list[Any]:
    hidden = [layers.Dense(width, activation=activation) for width in widths[:-1]]
    return [*hidden, layers.Dense(widths[-1], activation=last)]


def mlp() -> Workload:
    """784-512-512-10, relu, dropout 0.2, RMSprop, batch 128"""
    net = dense(512, 512, 10, activation="relu", last="softmax")
    model = Sequential([net[0], layers.Dropout(0.2), net[1], layers.Dropout(0.2), net[2]])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, RANDOM.random((12800, 784), dtype="f4"), RANDOM.integers(0, 10, 12800), 128


def fraud() -> Workload:
    """29-10-5-1, tanh, Adam, batch 2000"""
    model = Sequential(dense(10, 5, 1, activation="tanh", last="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, RANDOM.random((227845, 29), dtype="f4"), RANDOM.integers(0, 2, (227845, 1)), 2000


def pima() -> Workload:
    """8-12-8-1, relu, Adam, batch 10"""
    model = Sequential(dense(12, 8, 1, activation="relu", last="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, RANDOM.random((615, 8), dtype="f4"), RANDOM.integers(0, 2, (615, 1)), 10


WORKLOADS: dict[str, Callable[[], Workload]] = {"mlp": mlp, "fraud": fraud, "pima": pima}


def main(names: list[str]) -> None:
    for name in names or WORKLOADS:
        model, x, y, size = WORKLOADS[name]()
        clock = Clock()
        model.fit(x, y, batch_size=size, epochs=EPOCHS, callbacks=[clock])
        steps = -(-len(x) // size)
        step = float(np.median(clock.seconds[1:])) / steps * 1e6
        print(f"{name:6} {step:9.0f} us/step   ({steps} steps, {WORKLOADS[name].__doc__})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
