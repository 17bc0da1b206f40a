"""Sequential: a stack of layers over one flat vector of weights.

    model = Sequential([Dense(12, activation="relu"), Dense(1, activation="sigmoid")])
    model.build((8,))
    model.compile(Adam(), BinaryCrossentropy(), metrics=[...])
    loss = model.train_step(x, t)

Memory. Every trainable weight is a slice of `parameters.values`, its gradient the same slice of
`parameters.grads`; frozen weights and moving averages are slices of `state`. Optimizers, clipping
and checkpoints see the flat vectors; layers see their slices.

The head. The activation that closes the network is run by the model, not by the last layer, so
that softmax or sigmoid with its crossentropy can be computed from the logits, where neither
log(0) nor a vanished gradient can occur.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnctl import seeds
from nnctl.activations import Linear
from nnctl.errors import ConfigError
from nnctl.layers import Array, Context, Layer, Shape, Weight, show_shape
from nnctl.layers.input import Input
from nnctl.losses import Loss
from nnctl.metrics import Metric, column_names
from nnctl.optimizers import Optimizer
from nnctl.registry import snake

ALIGN = 16  # elements: every weight starts on a cache line
Apply = Callable[[Callable[[Array], Array], Array], Array]
# The slopes of a network that is sure of its answers come close to zero, and would go back through all layers as
# denormal numbers, which many processors compute with a hundred times slower. So much is added to each and taken off
# again: those below 1e-26 round to nothing, and change no weight. A small network does not feel them.
VANISHED, MANY = 1e-18, 256
MOST_WEIGHTS = 10**11  # more than any machine's memory holds: a slip of the pen, said before it is tried


class FlatVectors:
    """Weights laid out one after the other in one vector, gradients in another."""

    def __init__(self, weights: Sequence[Weight], dtype: str) -> None:
        self.weights = list(weights)
        self.slices: list[slice] = []
        end = 0
        for weight in self.weights:
            self.slices.append(slice(end, end + weight.size))
            end += -(-weight.size // ALIGN) * ALIGN
        self.values = np.zeros(end, dtype)
        self.grads = np.zeros(end, dtype)
        for weight, part in zip(self.weights, self.slices, strict=True):
            weight.value = self.values[part].reshape(weight.shape)
            weight.grad = self.grads[part].reshape(weight.shape)


class Outputs(NamedTuple):
    """What a forward pass leaves: the predictions, and what the backward pass needs."""

    y: Array
    logits: Array
    tape: list[Any]
    head: Any
    mask: Array | None
    active: dict[int, Array]  # outputs of the layers that have an activity_regularizer


class Sequential:
    """Layers applied one after the other.

    Raises ConfigError where a layer cannot take the shape that reaches it.
    """

    def __init__(
        self, layers: Sequence[Layer] = (), name: str = "sequential", *, dtype: str = "float32", seed: int = 0
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.seed = seed
        self.layers: list[Layer] = []
        self.input: Input | None = None
        self.built = False
        self.optimizer: Optimizer | None = None
        self.loss: Loss | None = None
        self.metrics: list[Metric] = []
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Put a layer on top."""
        if isinstance(layer, Input):
            if self.layers or self.input:
                raise ConfigError("Input must be the first layer")
            self.input = layer
            return
        taken = {other.name for other in self.layers}
        if layer.name is None:
            base, number = snake(layer.title()), 0
            while (name := f"{base}_{number}" if number else base) in taken:
                number += 1
            layer.name = name
        elif layer.name in taken:
            raise ConfigError(f"two layers are called {layer.name!r}: every layer needs a name of its own")
        self.layers.append(layer)
        self.built = False

    def declared_input_shape(self) -> Shape | None:
        """Return the input shape that the layers themselves say, if they do."""
        shape = self.input.shape if self.input else (self.layers[0].input_shape if self.layers else None)
        return None if shape is None or None in shape else tuple(int(size or 0) for size in shape)

    # --- building -----------------------------------------------------------------------------

    def build(self, input_shape: Shape | None = None) -> None:
        """Fix all shapes, give the weights their memory and their first values."""
        self.infer_shapes(input_shape)
        if (size := self.count_params()) > MOST_WEIGHTS:
            raise ConfigError(f"the network would have {size:,} weights; nnctl holds at most {MOST_WEIGHTS:,}")
        self._allocate()
        self.random = seeds.generator(self.seed, "dropout")
        self.built = True

    def infer_shapes(self, input_shape: Shape | None = None) -> None:
        """Fix all shapes without taking memory: `shapes`, `weights` and `count_params` are known after it."""
        shape = self.declared_input_shape() or input_shape
        if shape is None:
            raise ConfigError("the input shape is not known: begin with  Input: [...]  or give data")
        if not self.layers:
            raise ConfigError("the network has no layers")
        self.input_shape = tuple(shape)
        self.shapes = self._build_layers(self.input_shape)
        self.output_shape = self.shapes[-1]
        self._active = {
            number: regularizer
            for number, layer in enumerate(self.layers)
            if (regularizer := getattr(layer, "activity_regularizer", None)) is not None
        }
        # An activity penalty is on the output of the layer, its activation included.
        self.head = Linear() if len(self.layers) - 1 in self._active else self.layers[-1].take_head()

    def _build_layers(self, shape: Shape) -> list[Shape]:
        """Build each layer on the output of the one before; return their output shapes."""
        shapes = []
        for number, layer in enumerate(self.layers):
            layer.weights = []
            try:
                shape = layer.build_on(shape)
            except ConfigError as error:
                error.layer = number  # type: ignore[attr-defined]  # lets a spec point at the line
                raise
            for weight in layer.weights:
                weight.path = f"{layer.name}/{weight.name}"
            shapes.append(shape)
        return shapes

    def _allocate(self) -> None:
        trainable = [w for w in self.weights if w.trainable]
        self.parameters = FlatVectors(trainable, self.dtype)
        self.state = FlatVectors([w for w in self.weights if not w.trainable], self.dtype)
        random = seeds.generator(self.seed, "init")
        for weight in self.weights:
            try:
                weight.value[...] = weight.initializer(weight.shape, random, self.dtype)
            except ValueError as error:
                raise ConfigError(str(error)) from None
        first = next((i for i, layer in enumerate(self.layers) if any(w.trainable for w in layer.weights)), None)
        self._backward_to = len(self.layers) if first is None else first
        for number, layer in enumerate(self.layers):
            layer.needs_dx = number > self._backward_to
        self._penalised = [w for w in trainable if w.regularizer]
        self._constrained = [w for w in trainable if w.constraint]

    @property
    def weights(self) -> list[Weight]:
        """All weights, layer by layer, each layer's trainable ones first, as Keras orders them."""
        return [w for layer in self.layers for w in sorted(layer.weights, key=lambda w: not w.trainable)]

    def count_params(self) -> int:
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights in Keras' order."""
        return [weight.value.copy() for weight in self.weights]

    def set_weights(self, values: Sequence[Array]) -> None:
        """Set all weights, given in Keras' order; raise ConfigError where number or shapes differ."""
        weights = self.weights
        if len(values) != len(weights):
            raise ConfigError(f"set_weights expects {len(weights)} arrays, got {len(values)}")
        for weight, value in zip(weights, values, strict=True):
            if np.shape(value) != weight.shape:
                raise ConfigError(f"weight {weight.name!r} has shape {weight.shape}, got {np.shape(value)}")
        for weight, value in zip(weights, values, strict=True):
            weight.value[...] = value

    def compile(
        self,
        optimizer: Optimizer,
        loss: Loss,
        metrics: Sequence[Metric] = (),
        weighted_metrics: Sequence[Metric] = (),
    ) -> None:
        """Join the network with an optimizer, a loss and metrics; `build` must have run.

        Sample weights count in the loss and in the weighted metrics, not in the others.
        """
        self.optimizer, self.loss = optimizer, loss
        self.metrics = []
        for metric in (*metrics, *weighted_metrics):
            resolved = metric.resolve(loss, self.output_shape)
            resolved.weighted = metric.weighted or metric in weighted_metrics
            self.metrics.append(resolved)
        weighted = [metric for metric in self.metrics if metric.weighted]
        unweighted = [metric for metric in self.metrics if not metric.weighted]
        for metric, name in zip((*unweighted, *weighted), column_names(unweighted, weighted), strict=True):
            metric.name = name
            metric.reset()
        optimizer.prepare(self.parameters)
        # A crossentropy computes from the logits; Keras takes those of either activation for its own.
        self.fused = loss.fuses and self.head.title() in ("sigmoid", "softmax")
        self._closed = self.fused and loss.closes(self.head)

    @property
    def stateful(self) -> bool:
        """Whether a batch goes on where the one before ended, so that all must have as many rows."""
        inner = [layer for outer in self.layers for layer in (outer, *getattr(outer, "inner", dict)().values())]
        return any(getattr(layer, "stateful", False) for layer in inner)

    def reset_state(self) -> None:
        """Let stateful layers start from zeros."""
        for layer in self.layers:
            layer.reset_state()

    def adapt(self, x: Array, apply: Apply | None = None) -> None:
        """Show the training rows to the layers that learn from them before training, such as Normalization.

        `apply(function, x)` puts rows through a layer, where x is no array in memory.
        """
        last = max((number for number, layer in enumerate(self.layers) if layer.adapts), default=-1)
        for layer in self.layers[: last + 1]:
            layer.adapt(x)
            if layer is not self.layers[last]:
                through = partial(_outputs_of, layer)
                x = apply(through, x) if apply else through(x)

    def reset_metrics(self) -> None:
        for metric in self.metrics:
            metric.reset()

    # --- computing ----------------------------------------------------------------------------

    def forward(self, x: Array, ctx: Context) -> Outputs:
        """Run all layers and the head."""
        tape: list[Any] = []
        active: dict[int, Array] = {}
        for number, layer in enumerate(self.layers):
            below = x
            x, cache = layer.forward(below, ctx)
            if ctx.mask is not None or layer.makes_mask:
                ctx.mask = layer.compute_mask(below, ctx.mask)
            if number in self._active:
                active[number] = x
            tape.append(cache)
        y, head = self.head.forward(x)
        return Outputs(y, x, tape, head, ctx.mask, active)

    def predict_batch(self, x: Array) -> Array:
        """Return the predictions for a batch."""
        return self.forward(x, Context()).y

    def train_step(self, x: Array, t: Array, weight: Array | None = None) -> float:
        """Update the weights once on a batch; return its loss, penalties included.

        Where the loss is not finite, the weights stay as they are.
        """
        optimizer = self.optimizer
        assert optimizer is not None
        outputs = self.forward(x, Context(True, self.random))
        loss, dz = self.loss_and_gradient(outputs, t, weight)
        loss += self.penalty(outputs)
        if not math.isfinite(loss):
            return loss
        if dz.size >= MANY:
            dz = (dz + VANISHED) - VANISHED
        self.backward(dz, outputs)
        for penalised in self._penalised:
            penalised.grad += penalised.regularizer.gradient(penalised.value)  # type: ignore[union-attr]
        optimizer.step()
        for constrained in self._constrained:
            constrained.constraint.project(constrained.value)  # type: ignore[union-attr]
        self._update_metrics(t, outputs, weight)
        return loss

    def test_step(self, x: Array, t: Array, weight: Array | None = None) -> float:
        """Return the loss of a batch, penalties included, and update the metrics."""
        outputs = self.forward(x, Context())
        self._update_metrics(t, outputs, weight)
        values, _ = self.loss_values(outputs, t)
        assert self.loss is not None
        mask = self.loss.counted(values, t, outputs.mask)
        return self.loss.scale(values, weight, mask)[0] + self.penalty(outputs)

    def _update_metrics(self, t: Array, outputs: Outputs, weight: Array | None) -> None:
        for metric in self.metrics:
            counts = outputs.mask if metric.takes_mask else None
            if weight is not None and metric.weighted:
                counts = weight if counts is None else weight.reshape(len(weight), -1) * counts
            metric.update(t, outputs.y, counts)

    def loss_values(self, outputs: Outputs, t: Array) -> tuple[Array, Any]:
        """Return one loss value a sample, and what its gradient needs."""
        assert self.loss is not None
        if self.fused:
            return self.loss.forward_logits(outputs.logits, outputs.y if self._closed else None, t)
        return self.loss.forward(outputs.y, t)

    def loss_and_gradient(self, outputs: Outputs, t: Array, weight: Array | None) -> tuple[float, Array]:
        """Return a batch's loss and its slope with respect to the last layer's outputs."""
        assert self.loss is not None
        values, cache = self.loss_values(outputs, t)
        loss, scale = self.loss.scale(values, weight, self.loss.counted(values, t, outputs.mask))
        if self.fused:
            return loss, self.loss.backward_logits(scale, cache)
        return loss, self.head.backward(self.loss.backward(scale, cache), outputs.head)

    def backward(self, dz: Array | None, outputs: Outputs) -> None:
        """Write the gradient of every weight, from the last layer to the first that has any."""
        tape = outputs.tape
        for number in range(len(self.layers) - 1, self._backward_to - 1, -1):
            assert dz is not None
            if number in self._active:
                y = outputs.active[number]
                dz = dz + self._active[number].gradient(y) / y.dtype.type(len(y))
            dz = self.layers[number].backward(dz, tape[number])
            tape[number] = None  # frees what this layer kept

    def penalty(self, outputs: Outputs) -> float:
        """Return the penalties on trainable weights, and those on outputs divided by the batch size."""
        total = 0.0
        for weight in self._penalised:
            total += weight.regularizer.penalty(weight.value)  # type: ignore[union-attr]
        for number, y in outputs.active.items():
            total += self._active[number].penalty(y) / max(len(y), 1)
        return total

    def numbers(self, rows: int) -> int:
        """Return about how many numbers a training step goes through beside its products."""
        pairs = zip(self.layers, self.shapes, strict=True)
        return self.parameters.values.size + sum(layer.numbers(rows, shape) for layer, shape in pairs)

    # --- telling ------------------------------------------------------------------------------

    def summary_rows(self) -> list[tuple[str, str, str, int]]:
        """Return (name, class, output shape, number of weights) of every layer."""
        return [
            (str(layer.name), layer.title(), show_shape(shape), sum(w.size for w in layer.weights))
            for layer, shape in zip(self.layers, self.shapes, strict=True)
        ]


def _outputs_of(layer: Layer, x: Array) -> Array:
    return layer.forward(x, Context())[0]
