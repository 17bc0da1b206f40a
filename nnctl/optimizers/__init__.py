"""Optimizers: rules that move the weights along their gradients.

All trainable weights are one flat vector and all gradients another (see model.Parameters), so an
optimizer is its paper's formula on vectors: `update(w, g, slots, scratch, lr)`, in place. The base
class calls it on blocks that fit the processor's cache: several at once, in any order, cut anywhere, so
that an update goes by elements and writes to nothing but what it is given. A rule that looks at a
weight as a whole (its norm, its rows) sets `whole_weights` and is called once a weight, one after the
other, with arrays in the weight's shape.

What all rules share is a pass over the flat vectors, in the order of Keras:

    gradients: mean over several batches -> clipping -> weights: decay -> update -> running average

`scratch` holds `temporaries` arrays of a block's size, so that an update allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from annotated_types import Ge

from nnctl import threads
from nnctl.fields import Thing, field
from nnctl.findings import Findings, Path
from nnctl.optimizers import pieces
from nnctl.optimizers.old_names import renewed
from nnctl.optimizers.pieces import Array
from nnctl.registry import exported
from nnctl.rules import NonNegativeFloat, Of, PositiveFloat, PositiveInt, Probability
from nnctl.schedules import ARate, Schedule

FLUSH_EVERY = 64  # steps
TINY = 1e-30  # far below any epsilon squared; a slot below it does not change an update

RATE_DOC = "Step size: a number, or a schedule."
EPSILON_DOC = "Keeps the division finite."
MEAN_DOC = "Decay of the running mean of the gradients."
SQUARE_DOC = "Decay of the running mean of the squared gradients."


class Parameters(Protocol):
    """What an optimizer sees of a model: flat vectors, and where each weight lies in them."""

    weights: list[Any]  # with shape, size and path
    values: Array
    grads: Array
    slices: list[slice]


class Optimizer(Thing):
    """w <- w + f(g)"""

    kind: ClassVar[str] = "optimizer"

    slot_names: tuple[str, ...] = ()  # of this instance: `prepare` leaves out those that its options do not use
    numbers: ClassVar[tuple[str, ...]] = ()  # attributes that are part of the state besides the slots
    temporaries: ClassVar[int] = 1
    whole_weights: ClassVar[bool] = False

    learning_rate: ARate = field(0.001, doc=RATE_DOC, positional=False, legacy=("lr",))
    weight_decay: NonNegativeFloat | None = field(
        None, doc="Share of every weight, biases too, that a step takes away, times the rate.", positional=False
    )
    clipnorm: PositiveFloat | None = field(None, doc="Largest norm of each weight's gradient.", positional=False)
    clipvalue: PositiveFloat | None = field(None, doc="Largest magnitude of a gradient's element.", positional=False)
    global_clipnorm: PositiveFloat | None = field(
        None, doc="Largest norm of all gradients taken together.", positional=False
    )
    use_ema: bool = field(False, doc="End with running averages of the weights in their place.", positional=False)
    ema_momentum: Probability = field(0.99, doc="Share of the old average that a step keeps.", positional=False)
    ema_overwrite_frequency: PositiveInt | None = field(
        None, doc="Steps after which the weights are set to their averages, again and again.", positional=False
    )
    loss_scale_factor: PositiveFloat | None = field(
        None, doc="Accepted for Keras' sake: without half precision it changes nothing.", positional=False
    )
    gradient_accumulation_steps: Annotated[int, Ge(2)] | None = field(
        None, doc="Batches whose mean gradient makes one update.", positional=False
    )
    name: str | None = field(None, doc="Name in the model file.", positional=False)

    iterations: int  # batches so far
    t: int  # number of the present update, from 1
    slots: dict[str, Array]
    swapped: bool  # whether the averages are in the weights, and the weights in the averages

    def update(self, w: Array, g: Array, slots: list[Array], scratch: list[Array], lr: float) -> None:
        """Move one block of weights, or one weight."""
        raise NotImplementedError

    def begin_step(self) -> None:
        """Bring `numbers` up to date, before the first block of a step."""

    def slot_shape(self, name: str, weight: Any) -> tuple[int, ...] | None:
        """Return the shape of a slot for a weight: the weight's own, or a smaller one; None for no slot."""
        return weight.shape

    def decay_weights(self, lr: float) -> None:
        """w <- w - lr weight_decay w"""
        if self.weight_decay:
            self.parameters.values *= 1 - lr * self.weight_decay

    def conflicts(self) -> Any:
        given = [n for n in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, n) is not None]
        if len(given) > 1:
            yield given[1], f"{given[0]} and {given[1]} are both given; only one way of clipping is possible"

    @classmethod
    def joining(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> Mapping[str, Any]:
        return renewed(super().joining(given, findings, path), cls.fields, findings, path)

    # --- a step -------------------------------------------------------------------------------

    def prepare(self, parameters: Parameters) -> None:
        """Allocate the slots (zeros) for a model's parameters and start counting steps."""
        self.parameters = parameters
        self.iterations = 0
        self.swapped = False
        shared = {"average": self.use_ema, "gradient_accumulator": self.gradient_accumulation_steps is not None}
        names = (*(name for name, is_used in shared.items() if is_used), *self.slot_names)
        self.slots = {name: np.zeros_like(parameters.values) for name in names}
        if self.whole_weights:
            views = [self.views(name) for name in self.slot_names]
            self._pieces = [list(pieces.weights(parameters, views, self.temporaries))]
        else:
            self._pieces = pieces.blocks(parameters, [self.slots[name] for name in self.slot_names], self.temporaries)

    def views(self, slot: str) -> list[Any]:
        """Return a slot as one array a weight, or None; one smaller than its weight fills the place's beginning."""
        shapes = [self.slot_shape(slot, weight) for weight in self.parameters.weights]
        parts = [self.slots[slot][part] for part in self.parameters.slices]
        pairs = zip(parts, shapes, strict=True)
        return [None if shape is None else part[: math.prod(shape)].reshape(shape) for part, shape in pairs]

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        if isinstance(self.learning_rate, Schedule):
            return self.learning_rate(self.iterations)
        return self.learning_rate

    def step(self) -> None:
        """Update all weights once from their gradients, which may be changed."""
        lr = self.rate()
        self.iterations += 1
        self.t = (self.iterations - 1) // (self.gradient_accumulation_steps or 1) + 1
        if self.gradient_accumulation_steps is None or self._accumulate(self.gradient_accumulation_steps):
            self._clip()
            self.decay_weights(lr)
            self.begin_step()
            threads.share([partial(self._update, part, lr) for part in self._pieces])
        if self.use_ema:
            self._average()
        if self.iterations % FLUSH_EVERY == 0:
            self._flush()

    def _update(self, part: list[pieces.Piece], lr: float) -> None:
        for w, g, slots, scratch in part:
            self.update(w, g, slots, scratch, lr)

    def _accumulate(self, steps: int) -> bool:
        """Add up the gradients; at every `steps`-th step put their mean in their place and return True."""
        total, grads = self.slots["gradient_accumulator"], self.parameters.grads
        if self.iterations % steps:
            total += grads
            return False
        grads += total
        grads /= steps
        total[:] = 0
        return True

    def _clip(self) -> None:
        grads = self.parameters.grads
        if self.clipvalue is not None:
            np.clip(grads, -self.clipvalue, self.clipvalue, out=grads)
            return
        limit = self.global_clipnorm if self.clipnorm is None else self.clipnorm
        if limit is None:
            return
        for part in [slice(None)] if self.clipnorm is None else self.parameters.slices:
            g = grads[part]
            norm = math.sqrt(float(np.dot(g, g)))
            if norm > limit:
                g *= limit / norm

    def _average(self) -> None:
        """average <- m average + (1 - m) w, beginning with the weights after the first update"""
        average, w = self.slots["average"], self.parameters.values
        average -= w
        average *= self.ema_momentum if self.t > 1 else 0.0
        average += w
        if self.ema_overwrite_frequency and self.t % self.ema_overwrite_frequency == 0:
            w[:] = average

    def _flush(self) -> None:
        """Set slots that have decayed to nothing to zero before they become denormal numbers.

        The moments of a dead unit halve and halve again; denormal float32 numbers (below 1e-38)
        make the processor 80 times slower, and float64 ones are too far away to matter.
        """
        for slot in self.slots.values():
            if slot.dtype == np.float32:
                slot[np.abs(slot) < TINY] = 0

    # --- the averages and the state -----------------------------------------------------------

    def swap_averages(self) -> None:
        """Exchange the weights and their averages; a second call undoes the first."""
        average, w = self.slots["average"], self.parameters.values
        kept = w.copy()
        w[:] = average
        average[:] = kept
        self.swapped = not self.swapped

    def finish(self) -> None:
        """End the training: leave the averages in the place of the weights, where there are any."""
        if not self.use_ema or self.iterations == 0:
            return
        if not self.swapped:
            self.swap_averages()
        self.slots["average"][:] = self.parameters.values
        self.swapped = False

    def state(self) -> dict[str, Any]:
        """Return everything that a continued run needs, as arrays and plain numbers."""
        rate = None if isinstance(self.learning_rate, Schedule) else self.learning_rate
        numbers = {name: getattr(self, name) for name in (*self.numbers, "iterations", "swapped")}
        return {**numbers, "learning_rate": rate, "slots": dict(self.slots)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; `prepare` must have been called."""
        for name in (*self.numbers, "iterations", "swapped"):
            setattr(self, name, state[name])
        if state["learning_rate"] is not None:
            self.learning_rate = state["learning_rate"]
        for name, slot in self.slots.items():
            slot[:] = state["slots"][name]


def follow(mean: Array, target: Array, share: float, scratch: Array) -> None:
    """mean <- mean + share (target - mean); `scratch` may be the target itself"""
    np.subtract(target, mean, scratch)
    scratch *= share
    mean += scratch


AnOptimizer = Annotated[Optimizer, Of("optimizer")]


def __getattr__(name: str) -> Any:
    return exported("optimizer", name)
