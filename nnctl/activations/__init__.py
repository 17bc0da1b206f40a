"""Activations: functions y = f(z), elementwise or along an axis; the other files are examples of it.

The contract is `forward(z, out=None) -> (y, cache)` and `backward(dy, cache) -> dz`. `out` is
memory that the result may be written to (a layer passes z itself when it has no more use for it);
an activation that needs z again in `backward` leaves it alone. Names are Keras' (lower case).

y has the shape of z, with one exception (glu) that says so: `keeps_shape` and `output_shape`.

Most activations work on each element by itself: they derive from `Elementwise` and define the
curve and its slope.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.fields import Thing, plain
from nnctl.registry import exported, register
from nnctl.rules import Of

Array = np.ndarray[Any, np.dtype[Any]]


class Activation(Thing):
    """y = f(z)"""

    kind: ClassVar[str] = "activation"

    by_parts: bool = False  # whether forward_biased works in the memory of z and its cache is y, or of no use

    keeps_shape: ClassVar[bool] = True  # one that does not needs a layer of its own

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of y for z of this shape, both without the batch axis; ConfigError where there is none."""
        return shape

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        raise NotImplementedError

    def backward(self, dy: Array, cache: Any) -> Array:
        raise NotImplementedError

    def forward_biased(self, z: Array, bias: Array | None) -> tuple[Array, Any]:
        """Return what `forward` does of z + bias, in the memory of z, for which the caller has no more use."""
        if bias is not None:
            z += bias
        return self.forward(z, out=z)

    def to_spec(self) -> Any:
        """Return the name alone where every field has its default, as Keras writes activations."""
        defaults = all(plain(getattr(self, name)) == plain(field.default) for name, field in self.fields.items())
        return self.title() if defaults else super().to_spec()


AnActivation = Annotated[Activation, Of("activation")]


class Elementwise(Activation):
    """y = curve(z), dy/dz = slope(z), each element by itself"""

    def curve(self, z: Array) -> Array:
        """Return y in new memory."""
        raise NotImplementedError

    def slope(self, z: Array) -> Array:
        raise NotImplementedError

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        return self.curve(z), z

    def backward(self, dy: Array, cache: Array) -> Array:
        return dy * self.slope(cache)


@register("activation", name="linear")
class Linear(Activation):
    """y = z

    Source  keras.activations.linear
    """

    by_parts = True

    def forward(self, z: Array, out: Array | None = None) -> tuple[Array, Any]:
        return z, None

    def backward(self, dy: Array, cache: Any) -> Array:
        return dy


def __getattr__(name: str) -> Any:
    return exported("activation", name)
