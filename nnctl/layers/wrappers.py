"""Wrappers: layers that hold another layer, Bidirectional and TimeDistributed.

The weights belong to the inner layers, which also say whether they are trained: as in Keras 3,
`trainable: false` on the wrapper does not freeze what is inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from nnctl.activations import Activation
from nnctl.errors import ConfigError
from nnctl.fields import create, field, plain
from nnctl.layers import ALayer, Array, Context, Layer, Shape, Weight, show_shape
from nnctl.layers.recurrent import Recurrent
from nnctl.registry import register, snake
from nnctl.regularizers import Regularizer
from nnctl.rules import show


class Wrapper(Layer):
    """y = f(x), f made of the inner layers"""

    def inner(self) -> dict[str, Layer]:
        """Return the inner layers by name, in the order of their weights."""
        raise NotImplementedError

    def own_weights(self) -> list[Weight]:
        """Return what Keras 3 files under the wrapper itself, beside the weights of the inner layers."""
        return []

    def build_inner(self, shape: Shape) -> list[Shape]:
        """Build the inner layers on one shape and take over their weights."""
        shapes = []
        for name, layer in self.inner().items():
            layer.weights = []
            shapes.append(layer.build_on(shape))
            for weight in layer.weights:
                weight.name = f"{name}/{weight.name}"
            self.weights += layer.weights
        return shapes

    def backward(self, dy: Array, cache: Any) -> Array | None:
        for layer in self.inner().values():
            layer.needs_dx = self.needs_dx
        return self.backward_inner(dy, cache)

    def backward_inner(self, dy: Array, cache: Any) -> Array | None:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        return {name: state for name, layer in self.inner().items() if (state := layer.state())}

    def restore(self, state: dict[str, Any]) -> None:
        for name, layer in self.inner().items():
            layer.restore(state.get(name, {}))

    def reset_state(self) -> None:
        for layer in self.inner().values():
            layer.reset_state()


@register("layer")
class Bidirectional(Wrapper):
    """y = merge(forward(x), backward(x)): two recurrent layers, one going from the last step to the first

    Masked steps give zeros where sequences are returned.
    Shapes  x (B, T, ...)  y (B, ...) or (B, T, ...), the last axis twice as wide where merge_mode is concat
    Source  Schuster & Paliwal 1997; keras.layers.Bidirectional
    """

    rank = (2, None)

    layer: ALayer = field(doc="The recurrent layer; its weights are not shared by the two directions.")
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = field(
        "concat", doc="How the two outputs become one; null, for two outputs, does not fit into a stack of layers."
    )
    backward_layer: ALayer | None = field(None, doc="The layer of the other direction; by default one like `layer`.")

    examples = (
        {"layer": {"LSTM": 2}, "input_shape": [4, 2]},
        {"layer": {"GRU": {"units": 2, "return_sequences": True}}, "merge_mode": "sum", "input_shape": [4, 2]},
        {
            "layer": {"SimpleRNN": {"units": 2, "return_sequences": True, "dropout": 0.4}},
            "merge_mode": "mul",
            "backward_layer": {"GRU": {"units": 2, "return_sequences": True, "go_backwards": True}},
            "input_shape": [4, 2],
        },
        {"layer": {"LSTM": {"units": 2, "go_backwards": True}}, "merge_mode": "ave", "input_shape": [4, 2],
         "backward_layer": {"LSTM": 2}},
    )  # fmt: skip

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.merge_mode is None:
            yield "merge_mode", "null gives two outputs, and a layer in a stack has one; use concat, sum, mul or ave"
        pair = {"layer": self.layer, "backward_layer": self.backward_layer}
        for name, layer in pair.items():
            if layer is not None and not isinstance(layer, Recurrent):
                yield name, f"expected a recurrent layer (SimpleRNN, LSTM, GRU or ConvLSTM), got {layer.title()}"
        first, second = pair.values()
        if isinstance(first, Recurrent):
            if first.activity_regularizer and self.merge_mode != "concat":
                yield "layer", f"its activity_regularizer needs merge_mode concat, got {self.merge_mode}"
            if first.go_backwards and second is None:
                yield "layer", "with go_backwards it needs a backward_layer that goes forwards"
        if isinstance(first, Recurrent) and isinstance(second, Recurrent):
            if first.go_backwards == second.go_backwards:
                yield "backward_layer", f"go_backwards is {show(first.go_backwards)} in both layers, set it in one"
            for name in ("return_sequences", "stateful", "activity_regularizer"):
                if plain(getattr(first, name)) != plain(getattr(second, name)):
                    yield "backward_layer", f"{name} must be the same in both layers"

    def build(self, input_shape: Shape) -> Shape:
        self.forward_layer = self._copy(self.layer, "forward_")
        if self.backward_layer is None:
            self.reverse_layer = self._copy(self.layer, "backward_")
            self.reverse_layer.go_backwards = True
        else:
            self.reverse_layer = self._copy(self.backward_layer, "")
        shape, other = self.build_inner(input_shape)
        if shape[:-1] != other[:-1] or (shape != other and self.merge_mode != "concat"):
            raise ConfigError(
                f"Bidirectional: merge_mode {self.merge_mode} needs outputs of the same shape from both layers, "
                f"got {show_shape(shape)} and {show_shape(other)}"
            )
        return (*shape[:-1], shape[-1] + other[-1]) if self.merge_mode == "concat" else shape

    def _copy(self, layer: Layer, prefix: str) -> Recurrent:
        """Make a copy, which has a name and a state of its own."""
        made: Recurrent = create("layer", layer.to_spec())
        name = layer.name or snake(layer.title())
        made.name = prefix + name.removeprefix(prefix)
        made.zero_output_for_mask = made.return_sequences
        return made

    def inner(self) -> dict[str, Layer]:
        return {str(layer.name): layer for layer in (self.forward_layer, self.reverse_layer)}

    @property
    def activity_regularizer(self) -> Regularizer | None:
        """The inner layers' penalty on their outputs, which side by side are the wrapper's."""
        return getattr(self.layer, "activity_regularizer", None)

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return self.forward_layer.compute_mask(x, mask)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        a, first = self.forward_layer.forward(x, ctx)
        b, second = self.reverse_layer.forward(x, ctx)
        b = self._turned(b)
        if self.merge_mode == "concat":
            y = np.concatenate([a, b], axis=-1)
        elif self.merge_mode == "mul":
            y = a * b
        else:
            y = a + b
            if self.merge_mode == "ave":
                y *= 0.5
        return y, (a, b, first, second)

    def backward_inner(self, dy: Array, cache: Any) -> Array | None:
        a, b, first, second = cache
        if self.merge_mode == "concat":
            da, db = np.split(dy, [a.shape[-1]], axis=-1)
        elif self.merge_mode == "mul":
            da, db = dy * b, dy * a
        else:
            da = db = dy * 0.5 if self.merge_mode == "ave" else dy
        dx = self.forward_layer.backward(da, first)
        other = self.reverse_layer.backward(self._turned(db), second)
        return None if dx is None else dx + other

    def _turned(self, y: Array) -> Array:
        """Bring the outputs of the reverse layer into the order of the forward one."""
        return y[:, ::-1] if self.reverse_layer.return_sequences else y


@register("layer")
class TimeDistributed(Wrapper):
    """y_t = layer(x_t), the same layer at every time step

    Shapes  x (B, T, ...)  y (B, T, ...)
    Source  keras.layers.TimeDistributed
    """

    rank = (2, None)

    layer: ALayer = field(doc="The layer that sees one time step at a time.")

    examples = (
        {"layer": {"Dense": {"units": 2, "activation": "tanh"}}, "input_shape": [4, 3]},
        {"layer": {"LSTM": 2}, "input_shape": [2, 3, 2]},
        {"layer": {"Dropout": 0.3}, "input_shape": [4, 3]},
    )

    def build(self, input_shape: Shape) -> Shape:
        self.steps = input_shape[0]
        self.one_by_one = self.layer.mixes_rows or getattr(self.layer, "stateful", False)
        (shape,) = self.build_inner(input_shape[1:])
        return (self.steps, *shape)

    def inner(self) -> dict[str, Layer]:
        return {self.layer.name or snake(self.layer.title()): self.layer}

    def take_head(self) -> Activation:
        return self.layer.take_head()

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        """Take all steps as one batch, or one after the other where the rows of a batch are not independent."""
        if not self.one_by_one:
            y, cache = self.layer.forward(x.reshape(-1, *x.shape[2:]), replace(ctx, mask=None))
            return y.reshape(*x.shape[:2], *y.shape[1:]), cache
        masks = [None] * self.steps if ctx.mask is None else list(ctx.mask.T)
        done = [self.layer.forward(x[:, t], replace(ctx, mask=mask)) for t, mask in enumerate(masks)]
        return np.stack([y for y, _ in done], axis=1), [cache for _, cache in done]

    def backward_inner(self, dy: Array, cache: Any) -> Array | None:
        if not self.one_by_one:
            dx = self.layer.backward(dy.reshape(-1, *dy.shape[2:]), cache)
            return None if dx is None else dx.reshape(*dy.shape[:2], *dx.shape[1:])
        slopes: list[Any] = []
        sums = [np.zeros_like(weight.grad) for weight in self.weights]
        for t, kept in enumerate(cache):
            slopes.append(self.layer.backward(dy[:, t], kept))
            for total, weight in zip(sums, self.weights, strict=True):
                total += weight.grad
        for total, weight in zip(sums, self.weights, strict=True):
            weight.grad[...] = total
        return np.stack(slopes, axis=1) if self.needs_dx else None
