"""SpectralNormalization: a layer whose kernel, seen as a matrix, keeps the largest singular value 1 while it trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl.activations import Activation
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.initializers import TruncatedNormal
from nnctl.layers import ALayer, Array, Context, Layer, Shape, Weight
from nnctl.layers.wrappers import Wrapper
from nnctl.registry import register, snake
from nnctl.regularizers import Regularizer
from nnctl.rules import PositiveInt

SHORTEST = 1e-7  # length below which a vector is not made longer, as keras.config.epsilon()


@register("layer")
class SpectralNormalization(Wrapper):
    """y = layer(x) with kernel <- kernel / sigma, sigma being about the largest singular value of the kernel

    Each training pass first does, with W the kernel as (rest, C), power_iterations times v = u W' / |u W'| and
    u = v W / |v W|; then sigma = v W u'. As in Keras the kernel itself is replaced, and the gradient is that of the
    layer with the new kernel. Otherwise, and where the kernel is all zeros, the layer alone is at work.
    Shapes  x and y: the layer's  vector_u (1, C)
    Source  Miyato et al. 2018; keras.layers.SpectralNormalization
    """

    rank = (0, None)
    moves_weights = True

    layer: ALayer = field(doc="The layer, which has a kernel (Dense, Conv2D, ...) or embeddings.")
    power_iterations: PositiveInt = field(1, doc="Number of times that u and v are brought nearer, each training pass.")

    examples = (
        {"layer": {"Dense": {"units": 3, "activation": "tanh"}}},
        {"layer": {"Conv2D": {"filters": 2, "kernel_size": 2}}, "power_iterations": 3, "input_shape": [3, 4, 2]},
    )

    def build(self, input_shape: Shape) -> Shape:
        (shape,) = self.build_inner(input_shape)
        (name,) = self.inner()
        wanted = (f"{name}/kernel", f"{name}/embeddings")
        found = next((weight for weight in self.weights if weight.name in wanted), None)
        if found is None:
            raise ConfigError(
                f"SpectralNormalization needs a layer with a kernel or embeddings, {self.layer.title()} has neither"
            )
        self.kernel = found
        start = TruncatedNormal(stddev=0.02)
        self.vector_u = self.weight("vector_u", (1, self.kernel.shape[-1]), start, trainable=False)
        self.weights.insert(self.weights.index(self.kernel) + 1, self.weights.pop())  # where Keras lists it
        return shape

    def own_weights(self) -> list[Weight]:
        """The kernel too, which Keras 3 so has in its files twice"""
        return [self.kernel, self.vector_u]

    def inner(self) -> dict[str, Layer]:
        return {self.layer.name or snake(self.layer.title()): self.layer}

    def take_head(self) -> Activation:
        return self.layer.take_head()

    @property
    def makes_mask(self) -> bool:  # type: ignore[override]  # the layer's answer, known with the layer alone
        return self.layer.makes_mask

    @property
    def activity_regularizer(self) -> Regularizer | None:
        """The layer's penalty on its outputs, which are the wrapper's."""
        return getattr(self.layer, "activity_regularizer", None)

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        return self.layer.compute_mask(x, mask)

    def normalize(self) -> None:
        """Divide the kernel by its largest singular value, nearly."""
        kernel, u = self.kernel.value, self.vector_u.value
        matrix = kernel.reshape(-1, kernel.shape[-1])
        for _ in range(self.power_iterations):
            v = _unit(u @ matrix.T)
            u = _unit(v @ matrix)
        if (sigma := float((v @ matrix @ u.T).item())) > 0:  # 0 for a kernel of zeros
            self.vector_u.value[...] = u
            kernel /= sigma

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Any]:
        if ctx.training:
            self.normalize()
        return self.layer.forward(x, ctx)

    def backward_inner(self, dy: Array, cache: Any) -> Array | None:
        return self.layer.backward(dy, cache)


def _unit(vector: Array) -> Array:
    return vector / max(float(np.sqrt(np.square(vector).sum())), SHORTEST)
