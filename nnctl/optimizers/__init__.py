"""Optimizers: rules that move the weights along their gradients.

All trainable weights are one flat vector and all gradients another (see model.Parameters), so an
optimizer is its paper's formula on vectors: `update(w, g, *slots, lr)`, in place. The base class
calls it on blocks that fit the processor's cache, one after the other, and does what all rules
share: the learning rate and its schedule, clipping, and the count of steps.

`scratch` holds `temporaries` vectors of a block's size, so that an update allocates nothing.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import exported
from nnctl.rules import Of, PositiveFloat
from nnctl.schedules import ARate, Schedule

Array = np.ndarray[Any, np.dtype[Any]]

BLOCK = 65_536  # elements: a block of weights, gradients and slots stays in the cache
FLUSH_EVERY = 64  # steps
TINY = 1e-30  # far below any epsilon squared; a slot below it does not change an update

RATE_DOC = "Step size: a number, or a schedule."
EPSILON_DOC = "Keeps the division finite."


class Parameters(Protocol):
    """What an optimizer sees of a model: flat vectors, and where each weight lies in them."""

    values: Array
    grads: Array
    slices: list[slice]


class Optimizer(Thing):
    """w <- w + f(g)"""

    slot_names: tuple[str, ...] = ()  # of this instance: `prepare` leaves out those that its options do not use
    temporaries: ClassVar[int] = 1

    learning_rate: ARate = field(0.001, doc=RATE_DOC, positional=False)
    clipnorm: PositiveFloat | None = field(None, doc="Largest norm of each weight's gradient.", positional=False)
    clipvalue: PositiveFloat | None = field(None, doc="Largest magnitude of a gradient's element.", positional=False)
    global_clipnorm: PositiveFloat | None = field(
        None, doc="Largest norm of all gradients taken together.", positional=False
    )
    name: str | None = field(None, doc="Name in the model file.", positional=False)

    iterations: int
    slots: dict[str, Array]

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        """Move one block of weights."""
        raise NotImplementedError

    def conflicts(self) -> Any:
        given = [n for n in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, n) is not None]
        if len(given) > 1:
            yield given[1], f"{given[0]} and {given[1]} are both given; only one way of clipping is possible"

    def prepare(self, parameters: Parameters) -> None:
        """Allocate the slots (zeros) for a model's parameters and start counting steps."""
        self.parameters = parameters
        self.iterations = 0
        self.slots = {name: np.zeros_like(parameters.values) for name in self.slot_names}
        size = min(BLOCK, parameters.values.size)
        self._blocks = []
        scratch = [np.empty(size, parameters.values.dtype) for _ in range(self.temporaries)]
        for start in range(0, parameters.values.size, BLOCK):
            part = slice(start, min(start + BLOCK, parameters.values.size))
            views = [vector[part] for vector in self.slots.values()]
            block = parameters.values[part], parameters.grads[part], views
            self._blocks.append((*block, [s[: part.stop - part.start] for s in scratch]))

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        if isinstance(self.learning_rate, Schedule):
            return self.learning_rate(self.iterations)
        return self.learning_rate

    def step(self) -> None:
        """Clip the gradients and update all weights once."""
        if self.clipnorm is not None or self.clipvalue is not None or self.global_clipnorm is not None:
            self._clip()
        lr = self.rate()
        self.iterations += 1
        for w, g, slots, scratch in self._blocks:
            self.update(w, g, slots, scratch, lr)
        if self.iterations % FLUSH_EVERY == 0:
            self._flush()

    def _clip(self) -> None:
        grads = self.parameters.grads
        if self.clipvalue is not None:
            np.clip(grads, -self.clipvalue, self.clipvalue, out=grads)
            return
        limit = self.global_clipnorm if self.clipnorm is None else self.clipnorm
        parts = [slice(None)] if self.clipnorm is None else self.parameters.slices
        for part in parts:
            g = grads[part]
            norm = math.sqrt(float(np.dot(g, g)))
            if limit is not None and norm > limit:
                g *= limit / norm

    def _flush(self) -> None:
        """Set slots that have decayed to nothing to zero before they become denormal numbers.

        The moments of a dead unit halve and halve again; denormal float32 numbers (below 1e-38)
        make the processor 80 times slower, and float64 ones are too far away to matter.
        """
        for slot in self.slots.values():
            if slot.dtype == np.float32:
                slot[np.abs(slot) < TINY] = 0

    def state(self) -> dict[str, Any]:
        """Return everything that a continued run needs, as arrays and plain numbers."""
        rate = None if isinstance(self.learning_rate, Schedule) else self.learning_rate
        return {"iterations": self.iterations, "learning_rate": rate, "slots": dict(self.slots)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; `prepare` must have been called."""
        self.iterations = state["iterations"]
        if state["learning_rate"] is not None:
            self.learning_rate = state["learning_rate"]
        for name, slot in self.slots.items():
            slot[:] = state["slots"][name]


AnOptimizer = Annotated[Optimizer, Of("optimizer")]


def __getattr__(name: str) -> Any:
    return exported("optimizer", name)
