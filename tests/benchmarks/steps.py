"""usage: steps.py [--threads N] [--deterministic] [WORKLOAD ...]; prints microseconds per step, the median of epochs.

Whole fit loops through the public API: shuffling, loss and metric included. The first number is
time on the wall, the second the time that all processors together spent.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nnctl import Sequential, layers, threads
from nnctl.callbacks import Callback

EPOCHS = 6  # the first one warms up
RANDOM = np.random.default_rng(0)
Workload = tuple[list[Any], str, str, Any, Any, int]  # layers, optimizer, loss, inputs, targets, batch size


class Clock(Callback):
    """seconds of each epoch: on the wall, and of all processors"""

    def reset(self) -> None:
        self.seconds: list[tuple[float, float]] = []

    def on_epoch_begin(self, epoch: int) -> None:
        self.started = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        wall, cpu = self.started
        self.seconds.append((time.perf_counter() - wall, time.process_time() - cpu))


def numbers(*shape: int) -> Any:
    return RANDOM.random(shape, dtype="f4")


def digits(rows: int, *shape: int) -> tuple[Any, Any]:
    return numbers(rows, *shape), RANDOM.integers(0, 10, rows)


def words() -> tuple[Any, Any]:
    return RANDOM.integers(0, 20000, (640, 80)).astype("i4"), RANDOM.integers(0, 2, (640, 1))


def dense(*widths: int, activation: str, last: str) -> list[Any]:
    hidden = [layers.Dense(width, activation=activation) for width in widths[:-1]]
    return [*hidden, layers.Dense(widths[-1], activation=last)]


def mlp() -> Workload:
    """784-512-512-10, relu, dropout 0.2, RMSprop, batch 128"""
    first, second, last = dense(512, 512, 10, activation="relu", last="softmax")
    net = [first, layers.Dropout(0.2), second, layers.Dropout(0.2), last]
    return net, "rmsprop", "sparse_categorical_crossentropy", *digits(12800, 784), 128


def cnn() -> Workload:
    """conv 5x5x32, pool, conv 5x5x64, pool, 1024, 10; Adam, batch 64, 28x28x1"""
    net = [
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        *dense(1024, 10, activation="relu", last="softmax"),
    ]
    return net, "adam", "sparse_categorical_crossentropy", *digits(1280, 28, 28, 1), 64


def cifar() -> Workload:
    """2 x (conv 3x3 same, conv 3x3, pool, dropout) with 32 and 64 filters, 512, dropout, 10; RMSprop, batch 32"""
    net: list[Any] = []
    for filters in (32, 64):
        net += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
        net += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.25)]
    hidden, last = dense(512, 10, activation="relu", last="softmax")
    net += [layers.Flatten(), hidden, layers.Dropout(0.5), last]
    return net, "rmsprop", "sparse_categorical_crossentropy", *digits(640, 32, 32, 3), 32


def rnn() -> Workload:
    """SimpleRNN 50 on 28 steps of 28, Adam, batch 50"""
    net = [layers.SimpleRNN(50), layers.Dense(10, activation="softmax")]
    return net, "adam", "sparse_categorical_crossentropy", *digits(5000, 28, 28), 50


def lstm() -> Workload:
    """LSTM 20 on 20 steps of 1, an output a step, Adam, batch 50"""
    net = [layers.LSTM(20, return_sequences=True), layers.TimeDistributed(layers.Dense(1))]
    return net, "adam", "mse", numbers(2500, 20, 1), numbers(2500, 20, 1), 50


def fraud() -> Workload:
    """29-10-5-1, tanh, Adam, batch 2000"""
    net = dense(10, 5, 1, activation="tanh", last="sigmoid")
    return net, "adam", "binary_crossentropy", numbers(227845, 29), RANDOM.integers(0, 2, (227845, 1)), 2000


def pima() -> Workload:
    """8-12-8-1, relu, Adam, batch 10"""
    net = dense(12, 8, 1, activation="relu", last="sigmoid")
    return net, "adam", "binary_crossentropy", numbers(615, 8), RANDOM.integers(0, 2, (615, 1)), 10


def imdb() -> Workload:
    """Embedding 20000 x 128, LSTM 128 on 80 steps, Adam, batch 32"""
    net = [layers.Embedding(20000, 128), layers.LSTM(128), layers.Dense(1, activation="sigmoid")]
    return net, "adam", "binary_crossentropy", *words(), 32


def gru() -> Workload:
    """the same with a GRU of 128"""
    net = [layers.Embedding(20000, 128), layers.GRU(128), layers.Dense(1, activation="sigmoid")]
    return net, "adam", "binary_crossentropy", *words(), 32


WORKLOADS: dict[str, Callable[[], Workload]] = {
    made.__name__: made for made in (mlp, cnn, cifar, rnn, lstm, fraud, pima, imdb, gru)
}


def run(name: str) -> None:
    net, optimizer, loss, x, y, size = WORKLOADS[name]()
    model, clock = Sequential(net), Clock()
    model.compile(optimizer, loss, metrics=[] if loss == "mse" else ["accuracy"])
    model.fit(x, y, batch_size=size, epochs=EPOCHS, callbacks=[clock])
    steps = -(-len(x) // size)
    wall, cpu = np.median(clock.seconds[1:], axis=0) / steps * 1e6
    print(f"{name:6} {wall:9.0f} us/step   {cpu:9.0f} us of processors   ({steps} steps)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"some of: {' '.join(WORKLOADS)}")
    parser.add_argument("--threads", type=int, help="as for nnctl train")
    parser.add_argument("--deterministic", action="store_true", help="as for nnctl train")
    given = parser.parse_args()
    if unknown := set(given.workloads) - {*WORKLOADS}:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    if given.threads or given.deterministic:
        threads.set_threads(given.threads, given.deterministic)
    for name in given.workloads or WORKLOADS:
        run(name)


if __name__ == "__main__":
    main()
