"""Where the time of a training step goes: layer by layer, in matrix products, and elsewhere.

A model is trained for a moment with a watch on each of its parts, then for another one in which its
matrix products are watched. A third number puts both in their place: how fast this machine can
multiply at all. What a step takes beyond its products at that speed (the floor) is what code
can lose or win.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnctl import kernels, threads
from nnctl.layers import show_shape
from nnctl.model import Sequential
from nnctl.training import Batches

SIDE = 1024  # of the matrices whose product tells the machine's speed
LEAST = 3  # steps, however long they take


@dataclass
class LayerTime:
    """Seconds that a layer takes in one step."""

    name: str
    title: str
    output_shape: str
    forward: float
    backward: float


@dataclass
class Report:
    """Medians over steps; all times are seconds of one step where nothing else is said."""

    layers: list[LayerTime]
    loss: float  # the closing activation, the loss and its slope
    optimizer: float
    metrics: float
    step: float  # gathering the batch included
    steps: int  # that were timed
    batch_size: int
    steps_per_epoch: int
    products: float  # the part of a step that its matrix products take
    multiplications: int  # of the matrix products of a step
    speed: float  # multiplications a second of this machine, in a large product
    threads: int

    @property
    def other(self) -> float:
        """What is left: batches, penalties, and Python between the parts."""
        parts = self.loss + self.optimizer + self.metrics
        return max(0.0, self.step - parts - sum(layer.forward + layer.backward for layer in self.layers))

    @property
    def floor(self) -> float:
        return self.multiplications / self.speed

    @property
    def epoch(self) -> float:
        return self.step * self.steps_per_epoch

    @property
    def samples_per_second(self) -> float:
        return self.batch_size / self.step

    @property
    def gflops(self) -> float:
        """The machine's speed in the usual unit: a multiplication and its addition are two operations."""
        return 2 * self.speed / 1e9

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        derived = ("other", "floor", "epoch", "samples_per_second", "gflops")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}


class Watch:
    """Adds up the seconds in which at least one thread is in a function, step by step."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.steps: list[float] = []
        self._lock, self._inside, self._began = threading.Lock(), 0, 0.0

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            self._count(1)
            try:
                return function(*args, **options)
            finally:
                self._count(-1)

        return timed

    def _count(self, one: int) -> None:
        with self._lock:
            now = time.perf_counter()
            self.seconds += now - self._began if self._inside else 0.0
            self._inside += one
            self._began = now

    def end_step(self) -> None:
        self.steps.append(self.seconds)
        self.seconds = 0.0

    def median(self) -> float:
        return float(np.median(self.steps))


def measure(model: Sequential, batches: Batches, seconds: float = 2.0) -> Report:
    """Train a compiled model for about so many seconds, half of them for each kind of watch."""
    assert model.optimizer is not None
    forth, back = [Watch() for _ in model.layers], [Watch() for _ in model.layers]
    loss, optimizer, metrics = Watch(), Watch(), Watch()
    with threads.one_blas_thread():
        speed = _speed(model.dtype)
        steps = _steps(batches)
        model.train_step(*next(steps))  # takes memory, wakes the threads, compiles
        with ExitStack() as watched:
            for layer, there, home in zip(model.layers, forth, back, strict=True):
                watched.enter_context(_watched(layer, "forward", there))
                watched.enter_context(_watched(layer, "backward", home))
            watched.enter_context(_watched(model, "loss_and_gradient", loss))
            watched.enter_context(_watched(model, "_update_metrics", metrics))
            watched.enter_context(_watched(model.optimizer, "step", optimizer))
            taken = _run(model, steps, seconds / 2, [*forth, *back, loss, optimizer, metrics])
        products = Watch()
        with _products(products) as count:
            watched_steps = _run(model, steps, seconds / 2, [products])
        speed = max(speed, _speed(model.dtype))  # a neighbour may have been in the way of one of them
    share = np.median(np.divide(products.steps, watched_steps))  # of the steps in which they were watched
    return Report(
        layers=[
            LayerTime(str(layer.name), layer.title(), show_shape(shape), there.median(), home.median())
            for layer, shape, there, home in zip(model.layers, model.shapes, forth, back, strict=True)
        ],
        loss=loss.median(),
        optimizer=optimizer.median(),
        metrics=metrics.median(),
        step=float(np.median(taken)),
        steps=len(taken),
        batch_size=batches.batch_size,
        steps_per_epoch=len(batches),
        products=float(share * np.median(taken)),
        multiplications=count[0] // len(watched_steps),
        speed=speed,
        threads=threads.current(),
    )


def step_time(model: Sequential, batches: Batches, seconds: float) -> tuple[float, int]:
    """Return the median seconds of a training step, and how many were timed; trains a compiled model a little."""
    with threads.one_blas_thread():
        steps = _steps(batches)
        model.train_step(*next(steps))  # takes memory, wakes the threads, compiles
        taken = _run(model, steps, seconds, [])
    return float(np.median(taken)), len(taken)


def _steps(batches: Batches) -> Iterator[Any]:
    """Yield whole batches without end."""
    for epoch in itertools.count():
        for number, batch in enumerate(batches.epoch(epoch)):
            if number == 0 or len(batch[0]) == batches.batch_size:
                yield batch


def _run(model: Sequential, steps: Iterator[Any], seconds: float, watches: list[Watch]) -> list[float]:
    """Train for a while; return the seconds of each step."""
    taken: list[float] = []
    while len(taken) < LEAST or sum(taken) < seconds:
        began = time.perf_counter()
        model.train_step(*next(steps))
        taken.append(time.perf_counter() - began)
        for watch in watches:
            watch.end_step()
    return taken


@contextmanager
def _watched(owner: Any, name: str, watch: Watch) -> Iterator[None]:
    """Put a watch on a method of one object."""
    setattr(owner, name, watch.over(getattr(owner, name)))
    try:
        yield
    finally:
        delattr(owner, name)  # the class still has it


@contextmanager
def _products(watch: Watch) -> Iterator[list[int]]:
    """Put a watch on NumPy's matrix products, and count the multiplications into the one element of the list."""
    count, real = [0], {name: getattr(np, name) for name in ("matmul", "dot")}
    lock = threading.Lock()

    def counting(product: Any) -> Any:
        def counted(a: Any, b: Any, *args: Any, **options: Any) -> Any:
            if min(a.ndim, b.ndim) < 2:  # a sum, or a norm, written as a product
                return product(a, b, *args, **options)
            y = timed(a, b, *args, **options)
            with lock:
                count[0] += y.size * a.shape[-1]
            return y

        timed = watch.over(product)
        return counted

    for name, product in real.items():  # for a second: layers look them up at each call
        setattr(np, name, counting(product))
    try:
        yield count
    finally:
        for name, product in real.items():
            setattr(np, name, product)


def _speed(dtype: str) -> float:
    """Return the multiplications a second of a large matrix product on all threads, the best of several."""
    a, b = np.ones((2, SIDE, SIDE), dtype)
    watch = Watch()
    product = watch.over(kernels.product)
    for _ in range(8):
        product(a, b)
        watch.end_step()
    return float(SIDE**3 / min(watch.steps))
