"""Training: the loop over epochs and batches, and nothing else.

Printing, saving, stopping and logging are callbacks (see callbacks/__init__.py). The trainer knows
its exact position, so that `state` taken after any batch and given to `restore` continues to the
same bits.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nnctl import kernels, seeds, threads
from nnctl.callbacks import EVENTS, Callback
from nnctl.callbacks.history import History
from nnctl.errors import DivergedError
from nnctl.layers import Array, Context
from nnctl.model import Sequential

Logs = dict[str, float]
Batch = tuple[Array, Any, Array | None]


class Batches(Protocol):
    """Rows cut into batches: `epoch(e, start)` yields (x, t, weight) in the order of epoch e."""

    batch_size: int

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]: ...
    def __len__(self) -> int: ...


def save(path: Path, model: Sequential) -> None:
    """Write a model file that holds the network alone."""
    from nnctl.checkpoint import save_model

    save_model(path, model)


def talk(text: str) -> None:
    """Say one line on stderr: stdout carries results only."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Host:
    """What a run offers its callbacks beside the trainer: a place for files, a voice, a way to save."""

    directory: Path = Path()
    say: Callable[[str], None] = talk
    save: Callable[[Path, Sequential], None] = save


class Trainer:
    """One training run of a compiled model."""

    def __init__(
        self,
        model: Sequential,
        train: Batches,
        validation: Batches | None = None,
        *,
        epochs: int = 1,
        initial_epoch: int = 0,
        validation_freq: int = 1,
        callbacks: Sequence[Callback] = (),
        observers: Sequence[Callback] = (),
        host: Host | None = None,
    ) -> None:
        """Observers see each epoch after the callbacks and the history have had their say."""
        self.model = model
        self.train, self.validation = train, validation
        self.epochs, self.validation_freq = epochs, validation_freq
        self.epoch, self.batch = initial_epoch, 0  # what comes next
        self.kernels: str | None = None  # those that the run began with, where it goes on
        self.history = History()
        self.callbacks = [*callbacks, self.history, *observers]
        self.stop_training = False
        self.stop_at_once = False  # after this batch, not at the end of the epoch
        self._loss_sum, self.samples = 0.0, 0
        self.host = host or Host()
        for callback in self.callbacks:
            callback.trainer = self
            callback.reset()

    def run(self) -> History:
        """Train to the last epoch, or until a callback sets `stop_training` or `stop_at_once`."""
        numbers = self.model.numbers(self.train.batch_size) * len(self.train) * self.epochs
        kernels.choose(numbers, self.host.say, self.kernels)
        on = {event: [getattr(c, event) for c in self.callbacks if c.hears(event)] for event in EVENTS}
        for hear in on["on_train_begin"]:
            hear()
        with threads.computing():
            while self.epoch < self.epochs and not self.stop_training:
                self._run_epoch(on)
                if self.stop_at_once:
                    return self.history
        if self.model.optimizer is not None:
            self.model.optimizer.finish()
        for hear in on["on_train_end"]:
            hear()
        return self.history

    def _run_epoch(self, on: dict[str, list[Any]]) -> None:
        epoch, model = self.epoch, self.model
        if self.batch == 0:
            self._loss_sum, self.samples = 0.0, 0
            model.reset_metrics()
        for hear in on["on_epoch_begin"]:
            hear(epoch)
        heard_after_batch = on["on_batch_end"]
        for x, t, weight in self.train.epoch(epoch, self.batch):
            loss = model.train_step(x, t, weight)
            if not math.isfinite(loss):
                raise DivergedError(self._divergence(loss, x, t, weight))
            self._loss_sum += loss * len(x)
            self.samples += len(x)
            self.batch += 1
            for hear in heard_after_batch:
                hear(self.batch, loss)
            if self.stop_at_once:
                return
        logs = self.logs()
        if self.validation is not None and (epoch + 1) % self.validation_freq == 0:
            for hear in on["on_test_begin"]:
                hear()
            logs |= {f"val_{name}": value for name, value in evaluate(model, self.validation).items()}
            for hear in on["on_test_end"]:
                hear()
        self.epoch, self.batch = epoch + 1, 0
        for hear in on["on_epoch_end"]:
            hear(epoch, logs)

    def logs(self) -> Logs:
        """Return loss and metrics of the epoch so far."""
        loss = self._loss_sum / max(self.samples, 1)
        return {"loss": loss, **{metric.column: metric.number() for metric in self.model.metrics}}

    def _divergence(self, loss: float, x: Array, t: Array, weight: Array | None) -> str:
        """Say where the loss ceased to be finite, and which layer's gradient is the largest."""
        model, optimizer = self.model, self.model.optimizer
        assert optimizer is not None
        with np.errstate(all="ignore"):
            outputs = model.forward(x, Context(False))
            model.backward(model.loss_and_gradient(outputs, t, weight)[1], outputs)
            sizes = [
                (float(np.abs(w.grad).max(initial=0)), layer.name, w.name)
                for layer in model.layers
                for w in layer.weights
                if w.trainable
            ]
        largest = max(sizes, key=lambda s: math.inf if math.isnan(s[0]) else s[0], default=(0.0, "", ""))
        return (
            f"the loss is {loss} in epoch {self.epoch + 1}, batch {self.batch + 1}, at learning rate "
            f"{optimizer.rate():g}; the largest gradient is {largest[0]:.3g} in {largest[1]}/{largest[2]}; "
            "lower the learning rate, clip the gradients (clipnorm), or scale the data"
        )

    # --- exact continuation -------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return all that determines how the run goes on."""
        model = self.model
        assert model.optimizer is not None
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "loss_sum": self._loss_sum,
            "samples": self.samples,
            "weights": model.parameters.values,
            "state": model.state.values,
            "layers": {str(layer.name): state for layer in model.layers if (state := layer.state())},
            "optimizer": model.optimizer.state(),
            "random": seeds.state_of(model.random),
            "kernels": kernels.chosen,
            "metrics": [metric.state() for metric in model.metrics],
            "callbacks": [{"name": type(c).__name__, "state": c.state()} for c in self.callbacks if c.memory],
            "stop_training": self.stop_training,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; the run must be put together as it was then."""
        model = self.model
        assert model.optimizer is not None
        self.epoch, self.batch, self.kernels = state["epoch"], state["batch"], state["kernels"]
        self._loss_sum, self.samples = state["loss_sum"], state["samples"]
        model.parameters.values[:] = state["weights"]
        model.state.values[:] = state["state"]
        for layer in model.layers:
            layer.restore(state["layers"].get(str(layer.name), {}))
        model.optimizer.restore(state["optimizer"])
        seeds.restore(model.random, state["random"])
        for metric, saved in zip(model.metrics, state["metrics"], strict=True):
            metric.restore(saved)
        with_memory = [c for c in self.callbacks if c.memory]  # a display may come and go
        for callback, saved in zip(with_memory, state["callbacks"], strict=True):
            callback.restore(saved["state"])
        self.stop_training = state["stop_training"]


@threads.computing()
def evaluate(model: Sequential, batches: Batches) -> Logs:
    """Return loss and metrics over all batches, without training; the running metrics stay as they were."""
    kept = [metric.state() for metric in model.metrics]
    model.reset_metrics()
    loss_sum, samples = 0.0, 0
    for x, t, weight in batches.epoch(0):
        loss_sum += model.test_step(x, t, weight) * len(x)
        samples += len(x)
    logs = {"loss": loss_sum / max(samples, 1), **{m.column: m.number() for m in model.metrics}}
    for metric, saved in zip(model.metrics, kept, strict=True):
        metric.restore(saved)
    return logs
