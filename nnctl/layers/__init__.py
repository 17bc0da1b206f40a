"""Layers: the contract that every layer follows; the other files of this folder are examples of it.

A layer declares its fields, makes its weights in `build`, and computes in `forward` and `backward`:

    output_shape = layer.build(input_shape)        shapes without the batch axis
    y, cache = layer.forward(x, ctx)               x and y with the batch axis in front
    dx = layer.backward(dy, cache)                 writes each weight's gradient with out=

Rules. `forward` keeps nothing on the layer: what `backward` needs travels in the cache, so that an
evaluation in between changes nothing (stateful recurrent layers are the exception, see `state`).
Inputs are never written to. `backward` writes gradients, it does not add to them. A layer whose
`needs_dx` is false may return None. Weights get their memory from the model, as slices of one flat
vector (see model.py). Data are channels-last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field
from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.activations import Activation, Linear
from nnctl.constraints import Constraint
from nnctl.errors import ConfigError
from nnctl.fields import Thing, field
from nnctl.findings import Findings, Path
from nnctl.initializers import Initializer
from nnctl.registry import exported
from nnctl.regularizers import Regularizer
from nnctl.rules import Of, PositiveInt, show

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]
InputShape = tuple[PositiveInt | None, ...]


BATCH_SIZE = "fit.batch_size says how many rows a batch has"


@dataclass(eq=False)
class Weight:
    """A named array of a layer: `value` and `grad` are views of the model's flat vectors."""

    name: str
    shape: Shape
    initializer: Initializer
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    trainable: bool = True
    path: str = dataclass_field(init=False)  # with the layer's name in front, once it is known
    value: Array = dataclass_field(init=False, repr=False)
    grad: Array = dataclass_field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.path = self.name

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass
class Context:
    """What a layer may know of the pass it is in."""

    training: bool = False
    random: np.random.Generator | None = None  # the stream of dropout and its kin, while training
    mask: Array | None = None  # (B, T): which time steps of x count; None means all


class Layer(Thing):
    """y = f(x)"""

    kind: ClassVar[str] = "layer"

    rank: ClassVar[tuple[int, int | None]] = (1, None)  # least and largest rank of an input, batch axis left out

    joined: ClassVar[Mapping[tuple[str, ...], str]] = {("input_length", "input_dim"): "input_shape"}
    own: ClassVar[tuple[str, ...]] = ()  # fields that Keras does not have; its files name them only where they matter
    recent: ClassVar[tuple[str, ...]] = ()  # fields that older versions of Keras lack: the same of these
    makes_mask: ClassVar[bool] = False  # whether compute_mask may answer with a mask where none came
    reshapes: ClassVar[bool] = False  # whether an activation may change the shape that the fields say
    mixes_rows: ClassVar[bool] = False  # whether a row's output depends on the other rows while training
    moves_weights: ClassVar[bool] = False  # whether a training pass changes trained weights before it uses them

    adapts: ClassVar[bool] = False  # whether `adapt` has anything to learn from

    name: str | None = field(None, doc="Name in summaries and files; by default made from the class.", positional=False)
    trainable: bool = field(True, doc="Whether training changes the weights.", positional=False)
    input_shape: InputShape | None = field(
        None,
        doc="Shape of one input, for a first layer without an Input before it.",
        positional=False,
        legacy={"input_dim": lambda width: (width,), "batch_input_shape": lambda shape: tuple(shape)[1:]},
    )

    weights: list[Weight]
    needs_dx: bool

    def _fill(self, values: dict[str, Any], findings: Any, path: Any) -> None:
        self.weights = []
        self.needs_dx = True
        super()._fill(values, findings, path)
        for name, value in values.items():
            if isinstance(value, Activation) and not (value.keeps_shape or self.reshapes):
                findings.error(
                    (*path, name),
                    f"{value.title()} changes the shape of what it gets, and {self.title()} cannot pass that on",
                    f"give it a layer of its own:  - Activation: {value.title()}",
                )

    @classmethod
    def joining(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> Mapping[str, Any]:
        """Like any thing's, and says of a batch size within a shape that it is not used."""
        for name in ("batch_shape", "batch_input_shape"):
            shape = given.get(name)
            if isinstance(shape, (list, tuple)) and shape and shape[0] is not None:
                findings.notice((*path, name), f"{show(shape[0])} in front of {name!r} has no effect: {BATCH_SIZE}")
        return super().joining(given, findings, path)

    def build_on(self, input_shape: Shape) -> Shape:
        """Do `build`; raise ConfigError where the layer, or an activation of it, cannot take this shape."""
        self.check_rank(input_shape)
        output_shape = self.build(input_shape)
        for name in self.fields:
            if isinstance(activation := getattr(self, name), Activation):
                activation.output_shape(self.activated(input_shape, output_shape))
        return output_shape

    def activated(self, input_shape: Shape, output_shape: Shape) -> Shape:
        """Return the shape of what the layer's activations get."""
        return output_shape

    def build(self, input_shape: Shape) -> Shape:
        """Make the weights for inputs of this shape and return the shape of the outputs."""
        return input_shape

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, dy: Array, cache: Any) -> Array | None:
        raise NotImplementedError

    def adapt(self, x: Array) -> None:
        """Learn what is needed of the training rows, as they reach this layer, before training starts."""

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        """Return the mask of the outputs; most layers hand theirs on."""
        return mask

    def numbers(self, rows: int, output_shape: Shape) -> int:
        """Return about how many numbers the layer goes through beside its products: its outputs."""
        return rows * math.prod(output_shape)

    def take_head(self) -> Activation:
        """Give the closing activation to the model and compute without it from now on.

        The model joins it with the loss: softmax and crossentropy are one formula from the logits.
        A layer that has none, or cannot give it away, keeps this answer: the linear one.
        """
        return Linear()

    def state(self) -> dict[str, Any]:
        """Return what goes from batch to batch beside the weights: arrays whose shape follows the batch's."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""

    def reset_state(self) -> None:
        """Forget it, as at the start of a new sequence."""

    def weight(
        self,
        name: str,
        shape: Shape,
        initializer: Initializer,
        regularizer: Regularizer | None = None,
        constraint: Constraint | None = None,
        *,
        trainable: bool = True,
    ) -> Weight:
        """Declare a weight; the model gives it memory and its first value after all layers are built."""
        made = Weight(name, shape, initializer, regularizer, constraint, trainable and self.trainable)
        self.weights.append(made)
        return made

    def check_rank(self, input_shape: Shape) -> None:
        """Raise ConfigError for inputs of a rank that the layer does not take."""
        least, largest = self.rank
        if len(input_shape) < least or (largest is not None and len(input_shape) > largest):
            wanted = f"{least}" if least == largest else f"{least} or more"
            raise ConfigError(
                f"{self.title()} takes inputs of {wanted} dimensions beside the batch, "
                f"got shape {show_shape(input_shape)}"
            )


ALayer = Annotated[Layer, Of("layer")]


def show_shape(shape: Shape) -> str:
    """Write a shape with its batch axis, as Keras' summaries do.

    >>> show_shape((28, 28))
    '(None, 28, 28)'
    """
    return "(" + ", ".join(str(size) for size in (None, *shape)) + ")"


def rows(x: Array) -> Array:
    """Return x as a matrix of its last axis: (B, T, I) becomes (B * T, I)."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def __getattr__(name: str) -> Any:
    return exported("layer", name)
