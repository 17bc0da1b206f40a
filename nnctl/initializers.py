"""Initializers: the distribution that a weight is drawn from before training.

The contract is `initializer(shape, random, dtype) -> array`. The fans of a weight of shape
(..., I, O) are Keras': fan_in = I * receptive field, fan_out = O * receptive field.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import register
from nnctl.rules import NonNegativeFloat, NonNegativeInt, Of, PositiveFloat

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]

# The standard deviation of a unit normal distribution cut at +-2.
TRUNCATED_STDDEV = 0.87962566103423978


class Initializer(Thing):
    """value = f(shape)"""

    kind: ClassVar[str] = "initializer"

    def __call__(self, shape: Shape, random: np.random.Generator, dtype: str) -> Array:
        own = getattr(self, "seed", None)
        if own is not None:
            random = np.random.Generator(np.random.SFC64(own))
        return np.asarray(self.draw(shape, random), dtype=dtype)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        raise NotImplementedError

    def between(self, input_axes: tuple[int, ...], output_axes: tuple[int, ...]) -> Initializer:
        """Return the same for a weight whose fans lie along these axes, unless it names axes of its own."""
        return self


AnInitializer = Annotated[Initializer, Of("initializer")]
Seed = NonNegativeInt | None
SEED_DOC = "Seed of its own; without it the values come from the seed of the spec."


@register("initializer", aliases=("zero",))
class Zeros(Initializer):
    """value = 0

    Source  keras.initializers.Zeros
    """

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return np.zeros(shape)


@register("initializer", aliases=("one",))
class Ones(Initializer):
    """value = 1

    Source  keras.initializers.Ones
    """

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return np.ones(shape)


@register("initializer")
class Constant(Initializer):
    """value = c

    Source  keras.initializers.Constant
    """

    value: float = field(0.0, doc="The value of every element.")

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return np.full(shape, self.value)


@register("initializer", aliases=("uniform",))
class RandomUniform(Initializer):
    """value ~ U(minval, maxval)

    Source  keras.initializers.RandomUniform
    """

    minval: float = field(-0.05, doc="Lower end of the range.")
    maxval: float = field(0.05, doc="Upper end of the range.")
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return random.uniform(self.minval, self.maxval, shape)


@register("initializer", aliases=("normal",))
class RandomNormal(Initializer):
    """value ~ N(mean, stddev^2)

    Source  keras.initializers.RandomNormal
    """

    mean: float = field(0.0, doc="Mean of the distribution.")
    stddev: NonNegativeFloat = field(0.05, doc="Standard deviation.")
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return random.normal(self.mean, self.stddev, shape)


@register("initializer")
class TruncatedNormal(Initializer):
    """value ~ N(mean, stddev^2), drawn again where it is further than 2 stddev from the mean

    Source  keras.initializers.TruncatedNormal
    """

    mean: float = field(0.0, doc="Mean of the distribution.")
    stddev: NonNegativeFloat = field(0.05, doc="Standard deviation before the cut.")
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return self.mean + self.stddev * truncated_normal(shape, random)


class _Fanned(Initializer):
    """An initializer whose variance goes by the number of inputs and outputs of a unit"""

    input_axes: tuple[int, ...] | None = field(
        None, doc="Axes of the weight whose sizes make up fan_in; null for Keras' rule. Given with output_axes."
    )
    output_axes: tuple[int, ...] | None = field(None, doc="Axes whose sizes make up fan_out; null for Keras' rule.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if (self.input_axes is None) != (self.output_axes is None):
            yield "output_axes", "input_axes and output_axes go together: give both or neither"

    def between(self, input_axes: tuple[int, ...], output_axes: tuple[int, ...]) -> Initializer:
        if self.input_axes is not None:
            return self
        return type(self)(**self.config() | {"input_axes": input_axes, "output_axes": output_axes})

    def fans(self, shape: Shape) -> tuple[float, float]:
        if self.input_axes is None or self.output_axes is None:
            return fans(shape)
        for axis in (*self.input_axes, *self.output_axes):
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"{self.title()}: a weight of shape {shape} has no axis {axis}")
        return math.prod(shape[axis] for axis in self.input_axes), math.prod(shape[axis] for axis in self.output_axes)


@register("initializer")
class VarianceScaling(_Fanned):
    """value ~ a distribution with variance scale / n, where n is fan_in, fan_out or their mean

    Source  Glorot & Bengio 2010, He et al. 2015; keras.initializers.VarianceScaling
    """

    scale: PositiveFloat = field(1.0, doc="Numerator of the variance.")
    mode: Literal["fan_in", "fan_out", "fan_avg"] = field("fan_in", doc="Which fan the variance is divided by.")
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = field(
        "truncated_normal", doc="Shape of the distribution."
    )
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return scaled(shape, self.fans(shape), random, self.scale, self.mode, self.distribution)


class _Scaled(_Fanned):
    """A VarianceScaling with fixed (scale, mode, distribution)."""

    scaling = (1.0, "fan_avg", "uniform")
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        return scaled(shape, self.fans(shape), random, *self.scaling)


@register("initializer")
class GlorotUniform(_Scaled):
    """value ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out))

    Source  Glorot & Bengio 2010, eq. 16; keras.initializers.GlorotUniform
    """

    scaling = (1.0, "fan_avg", "uniform")


@register("initializer")
class GlorotNormal(_Scaled):
    """value ~ truncated N(0, 2 / (fan_in + fan_out))

    Source  Glorot & Bengio 2010; keras.initializers.GlorotNormal
    """

    scaling = (1.0, "fan_avg", "truncated_normal")


@register("initializer")
class HeUniform(_Scaled):
    """value ~ U(-a, a), a = sqrt(6 / fan_in)

    Source  He et al. 2015; keras.initializers.HeUniform
    """

    scaling = (2.0, "fan_in", "uniform")


@register("initializer")
class HeNormal(_Scaled):
    """value ~ truncated N(0, 2 / fan_in)

    Source  He et al. 2015, eq. 10; keras.initializers.HeNormal
    """

    scaling = (2.0, "fan_in", "truncated_normal")


@register("initializer")
class LecunUniform(_Scaled):
    """value ~ U(-a, a), a = sqrt(3 / fan_in)

    Source  LeCun et al. 1998, sec. 4.6; keras.initializers.LecunUniform
    """

    scaling = (1.0, "fan_in", "uniform")


@register("initializer")
class LecunNormal(_Scaled):
    """value ~ truncated N(0, 1 / fan_in)

    Source  LeCun et al. 1998, sec. 4.6; keras.initializers.LecunNormal
    """

    scaling = (1.0, "fan_in", "truncated_normal")


@register("initializer", aliases=("OrthogonalInitializer",))
class Orthogonal(Initializer):
    """value = gain * Q, Q with orthonormal rows or columns, the shape seen as (rest, O)

    Source  Saxe, McClelland & Ganguli 2014; keras.initializers.Orthogonal
    """

    gain: float = field(1.0, doc="Factor on the orthogonal matrix.")
    seed: Seed = field(None, doc=SEED_DOC)

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a weight of rank 2 or more, got shape {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(random.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # makes the distribution uniform over the orthogonal matrices
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@register("initializer", aliases=("IdentityInitializer",))
class Identity(Initializer):
    """value = gain * I

    Source  keras.initializers.Identity
    """

    gain: float = field(1.0, doc="Factor on the identity matrix.")

    def draw(self, shape: Shape, random: np.random.Generator) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Identity needs a weight of rank 2, got shape {shape}")
        return self.gain * np.eye(*shape)


def fans(shape: Shape) -> tuple[float, float]:
    """Return (fan_in, fan_out) of a weight as Keras counts them.

    >>> fans((784, 512)), fans((3, 3, 32, 64)), fans((10,))
    ((784, 512), (288, 576), (10, 10))
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field_size = math.prod(shape[:-2])
    return shape[-2] * field_size, shape[-1] * field_size


def scaled(
    shape: Shape, fans: tuple[float, float], random: np.random.Generator, scale: float, mode: str, distribution: str
) -> Array:
    """Draw with variance scale / fan."""
    fan_in, fan_out = fans
    variance = scale / max(1.0, {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode])
    if distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return random.uniform(-limit, limit, shape)
    if distribution == "untruncated_normal":
        return random.normal(0, math.sqrt(variance), shape)
    return truncated_normal(shape, random) * (math.sqrt(variance) / TRUNCATED_STDDEV)


def truncated_normal(shape: Shape, random: np.random.Generator) -> Array:
    """Draw from a unit normal, again wherever the value is beyond +-2."""
    values = random.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = random.standard_normal(int(outside.sum()))
    return values
