"""What is compared with Keras: one table of cases a family, plain data that imports neither Keras nor nnctl.

A case names a thing as a spec would (`{"Dense": {"units": 3}}`) and says which numbers go in (inputs.py). Its `id`
names the test, seeds the draws, and finds Keras' answer in the family's .npz file; its `fingerprint` tells an answer
to an older version of the case.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..inputs import Draw, normal, uniform

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str  # the thing's Keras class name
    config: Config = field(default_factory=dict)
    note: str = ""  # tells apart cases of the same config, and says what a case is about
    float32: bool = False  # Keras computes a part in float32 whatever the floatx: 1e-5 is the tolerance then

    @property
    def spec(self) -> dict[str, Any]:
        return {self.name: dict(self.config)}

    @property
    def id(self) -> str:
        return " ".join([f"{self.name}({short(self.config)})", *self.marks(), self.note]).strip()

    def marks(self) -> list[str]:
        """What beside the config belongs into the id."""
        return []

    @property
    def fingerprint(self) -> str:
        return f"{zlib.crc32(repr(self).encode()):08x}"


@dataclass(frozen=True, kw_only=True)
class LayerCase(Case):
    """One layer called `calls` times: outputs, output mask, gradients of sum(output * u), state."""

    x: Draw
    training: bool = False
    mask: str = ""  # a pattern of draw_mask
    calls: int = 1

    def marks(self) -> list[str]:
        shape = "x".join(map(str, self.x.shape))
        mask = [f"mask={self.mask}"] if self.mask else []
        return [f"on {shape}", *(["training"] if self.training else []), *mask]


@dataclass(frozen=True, kw_only=True)
class ActivationCase(Case):
    """Values and gradients of an activation; `axis_sized` ones mix the last axis, the others work elementwise."""

    x: Draw


@dataclass(frozen=True, kw_only=True)
class LossCase(Case):
    """A loss of targets `y` and predictions: values, every reduction, gradients; plain, weighted and masked.

    With `through`, `prediction` holds the logits and the gradient is taken with respect to these, through that
    activation: Keras computes such a pair from the logits.
    """

    y: Draw
    prediction: Draw
    through: str = ""
    mask: str = ""

    def weights(self, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
        """Draw weights for losses of this shape: one a sample and, where there are steps, one a step."""
        if not shape:  # one number for the whole batch
            return {}
        per_sample = uniform(shape[0], *(1 for _ in shape[1:]), high=2.0)
        draws = {"sample weighted": per_sample, **({"step weighted": uniform(*shape, high=2.0)} if shape[1:] else {})}
        # Keras takes a weight a sample for losses a step only when it is repeated over the steps.
        return {label: draw.make(f"{self.id}/{label}") * np.ones(shape) for label, draw in draws.items()}

    def marks(self) -> list[str]:
        shape = "x".join(map(str, self.prediction.shape))
        return [
            f"on {shape}",
            *([f"through {self.through}"] if self.through else []),
            *([f"mask={self.mask}"] if self.mask else []),
        ]


@dataclass(frozen=True, kw_only=True)
class MetricCase(Case):
    """A metric over several batches; `sizes` are those of the batches that the draws are cut into."""

    y: Draw
    prediction: Draw
    weighted: bool = False
    mask: str = ""
    sizes: tuple[int, ...] = (4, 4, 3)

    def marks(self) -> list[str]:
        shape = "x".join(map(str, self.prediction.shape))
        return [f"on {shape}", *(["weighted"] if self.weighted else []), *([f"mask={self.mask}"] if self.mask else [])]


@dataclass(frozen=True, kw_only=True)
class OptimizerCase(Case):
    """`steps` updates of a kernel and a bias from given gradients; each step's weights are recorded."""

    steps: int = 10
    shapes: tuple[tuple[int, ...], ...] = ((3, 2), (2,))
    scale: float = 1.0  # of the gradients
    sparse: bool = False  # some gradients are exactly zero

    def gradients(self, step: int) -> list[np.ndarray]:
        found = []
        for i, shape in enumerate(self.shapes):
            gradient = normal(*shape, scale=self.scale).make(f"{self.id}/gradient {i} {step}")
            found.append(np.where(np.abs(gradient) < 0.5 * self.scale, 0.0, gradient) if self.sparse else gradient)
        return found


@dataclass(frozen=True, kw_only=True)
class ScheduleCase(Case):
    """A schedule's learning rate at each of `steps`."""

    steps: tuple[int, ...] = (0, 1, 2, 5, 9, 10, 11, 20, 35, 50, 99, 100, 101, 150, 1000)


@dataclass(frozen=True, kw_only=True)
class WeightCase(Case):
    """An initializer, regularizer or constraint on one weight."""

    w: Draw = field(default_factory=lambda: Draw("normal", (4, 3)))

    def marks(self) -> list[str]:
        return ["on " + "x".join(map(str, self.w.shape))]


@dataclass(frozen=True, kw_only=True)
class TrajectoryCase(Case):
    """A whole net trained by fit with shuffling off: every column of the history, and the final weights.

    `config` is empty and `name` a sentence; the other fields are those of a spec.
    """

    layers: tuple[Any, ...]
    x: Draw
    y: Draw
    loss: Any
    optimizer: Any = "SGD"
    metrics: tuple[Any, ...] = ()
    weighted_metrics: tuple[Any, ...] = ()
    fit: Config = field(default_factory=dict)
    validation: int = 0  # rows drawn for an explicit validation set
    sample_weight: Draw | None = None
    callbacks: tuple[Any, ...] = ()
    batch: int | None = None  # a fixed batch size, which stateful layers need

    @property
    def id(self) -> str:
        return self.name

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.x.shape[1:]

    @property
    def input_dtype(self) -> str:
        return "int32" if self.x.kind == "ints" else "float64"

    def arrays(self) -> dict[str, np.ndarray]:
        """The training set, its sample weights, and the explicit validation set, each where there is one."""
        made = {"x": self.x.make(f"{self.id}/x"), "y": self.y.make(f"{self.id}/y")}
        if self.sample_weight:
            made["weight"] = self.sample_weight.make(f"{self.id}/weight")
        if self.validation:
            for name, draw in (("vx", self.x), ("vy", self.y)):
                made[name] = draw.make(f"{self.id}/{name}")[: self.validation]
        return made


def short(value: Any) -> str:
    """Write a config so that it can stand in a test's name.

    >>> short({"units": 3, "activation": "relu", "axis": [1, 2]})
    'units=3, activation=relu, axis=[1,2]'
    """
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value))[:1].isupper():
            name, inner = next(iter(value.items()))
            return f"{name}({short(inner or {})})"
        return ", ".join(f"{key}={short(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(short, value)) + "]"
    return str(value)


def families() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def cases_of(family: str) -> list[Case]:
    """Return a family's cases; raise ValueError where two have one id."""
    cases: list[Case] = importlib.import_module(f"{__name__}.{family}").CASES
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise ValueError(f"{family}: two cases are called {case.id!r}; give one a note")
        seen.add(case.id)
    return cases
