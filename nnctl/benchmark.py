"""Where the time of a training step goes: layer by layer, in matrix products, and elsewhere.

A model is trained for a moment as it is, then with a watch on each of its parts, then with one on its
matrix products, and so on in turn, so that a busy moment of the machine does not fall on one of them alone.
What a watch itself takes is subtracted. Means, as they add up: to the step, and to the epoch.

One more number puts these in their place: how fast this machine can multiply at all. What a step takes beyond
its products at that speed (the floor) is what code can lose or win. Products alone count: an Embedding or a
depthwise convolution has none.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nnctl import kernels, threads
from nnctl.layers import show_shape
from nnctl.model import Sequential
from nnctl.training import Batches

SIDE = 1024  # of the product that tells the machine's speed; half as many terms are what kernels.tiles is fastest with
LEAST = 3  # steps of an estimate, however long they take
ROUNDS = 3  # in which steps alone, with watches on parts, and with one on products take turns
GROUPS = 9  # of the steps of an estimate
CALLS = 500  # of a function that does nothing, which tell what a watch takes


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
    """Means over steps; all times are seconds of one step where nothing else is said."""

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
    seen: int  # of these, those whose time is in `products`: a compiled loop may multiply where no watch can be
    speed: float  # multiplications a second of this machine, in a large product
    threads: int
    kernels: str

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
    """Adds up the seconds in which at least one thread is in a function, and counts the calls."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0
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
            self.calls += one > 0
            self._began = now


@dataclass
class _Trial:
    """Steps that were trained in one way."""

    watches: list[Watch] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0

    def run(self, model: Sequential, steps: Iterator[Any], seconds: float) -> None:
        """Train for so long, the first time one step at least."""
        began = time.perf_counter()
        taken = 0.0
        while taken < seconds or not self.steps:
            model.train_step(*next(steps))
            self.steps += 1
            taken = time.perf_counter() - began
        self.seconds += taken

    @property
    def mean(self) -> float:
        return self.seconds / self.steps

    def shares(self) -> list[float]:
        """Return what part of the time each watch saw, without the time that the watches took."""
        inside, whole = _cost_of_a_watch()
        taken = self.seconds - whole * sum(watch.calls for watch in self.watches)
        return [max(0.0, watch.seconds - inside * watch.calls) / taken for watch in self.watches]


def _cost_of_a_watch() -> tuple[float, float]:
    """Return the seconds of a watched call that the watch counts as the function's, and all that it adds."""

    def nothing() -> None:
        pass

    def call(function: Callable[[], None]) -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            function()
        return (time.perf_counter() - began) / CALLS

    costs = []
    for _ in range(5):
        watch = Watch()
        bare, watched = call(nothing), call(watch.over(nothing))
        costs.append((watch.seconds / CALLS - bare, watched - bare))
    return min(costs)  # a neighbour may have been in the way of others


def measure(model: Sequential, batches: Batches, seconds: float = 2.0) -> Report:
    """Train a compiled model for about so many seconds."""
    assert model.optimizer is not None
    forth, back = [Watch() for _ in model.layers], [Watch() for _ in model.layers]
    loss, optimizer, metrics, products = Watch(), Watch(), Watch(), Watch()
    alone, parted, multiplying = _Trial(), _Trial([*forth, *back, loss, optimizer, metrics]), _Trial([products])
    with threads.computing():
        speed = _speed(model.dtype)
        steps = _steps(batches)
        model.train_step(*next(steps))  # takes memory, wakes the threads, compiles
        seen = 0
        for _ in range(ROUNDS):
            alone.run(model, steps, seconds / ROUNDS / 3)
            with ExitStack() as watched:
                for layer, there, home in zip(model.layers, forth, back, strict=True):
                    watched.enter_context(_watched(layer, "forward", there))
                    watched.enter_context(_watched(layer, "backward", home))
                watched.enter_context(_watched(model, "loss_and_gradient", loss))
                watched.enter_context(_watched(model, "_update_metrics", metrics))
                watched.enter_context(_watched(model.optimizer, "step", optimizer))
                parted.run(model, steps, seconds / ROUNDS / 3)
            with _products(products) as count:
                multiplying.run(model, steps, seconds / ROUNDS / 3)
            seen += count[0]
        with _numpy_loops(), _products(Watch()) as count:
            model.train_step(*next(steps))
        speed = max(speed, _speed(model.dtype))  # a neighbour may have been in the way of one of them
    step = alone.mean
    times = [share * step for share in parted.shares()]
    return Report(
        layers=[
            LayerTime(str(layer.name), layer.title(), show_shape(shape), there, home)
            for layer, shape, there, home in zip(
                model.layers, model.shapes, times[: len(forth)], times[len(forth) : -3], strict=True
            )
        ],
        loss=times[-3],
        optimizer=times[-2],
        metrics=times[-1],
        step=step,
        steps=alone.steps,
        batch_size=batches.batch_size,
        steps_per_epoch=len(batches),
        products=multiplying.shares()[0] * step,
        multiplications=count[0],
        seen=seen // multiplying.steps,
        speed=speed,
        threads=threads.current(),
        kernels=kernels.chosen,
    )


def step_time(model: Sequential, batches: Batches, seconds: float) -> tuple[float, int]:
    """Return the seconds of a training step, and how many were timed; trains a compiled model a little.

    It is the median of the means of some groups of steps: a moment in which the machine did something else
    counts in one of them.
    """
    taken: list[float] = []
    with threads.computing():
        steps = _steps(batches)
        model.train_step(*next(steps))  # takes memory, wakes the threads, compiles
        while len(taken) < LEAST or sum(taken) < seconds:
            began = time.perf_counter()
            model.train_step(*next(steps))
            taken.append(time.perf_counter() - began)
    return float(np.median([np.mean(group) for group in np.array_split(taken, min(len(taken), GROUPS))])), len(taken)


def row_time(model: Sequential, batches: Batches) -> float:
    """Return the seconds in which a row is judged, without training."""
    x, t, weight = next(batches.epoch(0))
    with threads.computing():
        model.test_step(x, t, weight)
        began = time.perf_counter()
        model.test_step(x, t, weight)
        return (time.perf_counter() - began) / len(x)


def _steps(batches: Batches) -> Iterator[Any]:
    """Yield whole batches without end."""
    for epoch in itertools.count():
        for number, batch in enumerate(batches.epoch(epoch)):
            if number == 0 or len(batch[0]) == batches.batch_size:
                yield batch


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


@contextmanager
def _numpy_loops() -> Iterator[None]:
    """Put NumPy's loops in the place of compiled ones: their products can be counted."""
    modules = [module for name, module in sys.modules.items() if name.startswith("nnctl.kernels.reference")]
    compiled = kernels.compiled_loops() if kernels.chosen == "compiled" else ()
    before = {name: getattr(kernels, name) for name in compiled}
    for name in before:
        setattr(kernels, name, next(vars(module)[name] for module in modules if name in vars(module)))
    try:
        yield
    finally:
        for name, loop in before.items():
            setattr(kernels, name, loop)


def _speed(dtype: str) -> float:
    """Return the multiplications a second of a large matrix product on all threads, the best of several."""
    a, b = np.ones((SIDE, SIDE // 2), dtype), np.ones((SIDE // 2, SIDE), dtype)
    best = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        kernels.product(a, b)
        best = min(best, time.perf_counter() - began)
    return a.size * SIDE / best
