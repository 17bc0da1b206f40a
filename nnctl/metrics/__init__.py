"""Metrics: numbers about the predictions, gathered batch by batch, exact whatever the batches were.

A metric keeps running sums in float64 between `reset` and `result`; `state` and `restore` carry
them through a checkpoint. Most metrics are the weighted mean of one value a sample: they derive
from `MeanMetric` and define `values` alone. Others are made of a few running sums: they derive from
`Sums`. A result may be a vector, as in Keras (one F score a class); its column is the mean.

A metric named by a string in the spec keeps that string as the name of its column, as in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import exported, snake
from nnctl.rules import Of

Array = np.ndarray[Any, np.dtype[Any]]


class Metric(Thing):
    """result = f(all t, all y)"""

    kind: ClassVar[str] = "metric"

    better: ClassVar[str | None] = None  # "max" or "min" where it is clear; callbacks' mode: auto
    called: ClassVar[str | None] = None  # its column, where Keras' differs from the class name in lower case
    own: ClassVar[tuple[str, ...]] = ()  # fields that Keras does not have; its files name them only where they matter
    takes_mask: ClassVar[bool] = False  # whether masked steps are left out: in Keras, of means alone

    weighted = False  # whether sample weights count; the model sets it for weighted_metrics

    name: str | None = field(None, doc="Name of its column; by default the metric's own.", positional=False)

    def spelled(self, text: str) -> None:
        self.name = text

    @property
    def column(self) -> str:
        return self.name or self.called or snake(self.title())

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        """Return the metric to use with this loss and these outputs; most are themselves."""
        return self

    def reset(self) -> None:
        raise NotImplementedError

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        """Take in one batch; t is encoded as the loss wants it, weight is (B,) or (B, T)."""
        raise NotImplementedError

    def result(self) -> Any:
        """Return what Keras returns: a float, or a vector of them."""
        raise NotImplementedError

    def number(self) -> float:
        """Return the result as one number: what the history holds."""
        return float(np.mean(self.result()))

    def state(self) -> dict[str, Any]:
        raise NotImplementedError

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


AMetric = Annotated[Metric, Of("metric")]


def column_names(metrics: Sequence[Metric], weighted_metrics: Sequence[Metric] = ()) -> list[str]:
    """Return a column for each metric, those of one name numbered or marked as Keras does: mse, mse_1, weighted_mse."""
    names = ["loss"]
    for metric in (*metrics, *weighted_metrics):
        name, number = metric.column, 0
        if name in names and metric in weighted_metrics:
            name = f"weighted_{name}"
        base = name
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names[1:]


class MeanMetric(Metric):
    """result = sum(weight * value) / sum(weight)"""

    takes_mask = True

    def values(self, t: Array, y: Array) -> Array:
        """Return one number a sample (and time step)."""
        raise NotImplementedError

    def reset(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        self.add(self.values(t, y), weight)

    def add(self, values: Array, weight: Array | None) -> None:
        if weight is None:
            hits = values.dtype == np.bool_  # whose sum is dear
            self.total += float(np.count_nonzero(values) if hits else values.sum(dtype=np.float64))
            self.count += values.size
        else:
            weight = spread(weight, values)
            self.total += float((values * weight).sum())
            self.count += float(weight.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def state(self) -> dict[str, Any]:
        return {"total": self.total, "count": self.count}


class Sums(Metric):
    """result = f(sums over all samples)"""

    sums: ClassVar[tuple[str, ...]]  # the attributes that hold them: numbers, or arrays after the first batch

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def reset(self) -> None:
        for name in self.sums:
            setattr(self, name, 0.0)

    def add(self, *values: Any) -> None:
        """Add a batch's share to each sum, in the order of `sums`; what `state` gave out stays as it was."""
        for name, value in zip(self.sums, values, strict=True):
            setattr(self, name, getattr(self, name) + value)

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.sums}


def spread(weight: Array, values: Array) -> Array:
    """Repeat weights (B,) or (B, T) over the other axes of `values`, in float64."""
    wide = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    return np.broadcast_to(wide.astype(np.float64), values.shape)


def ratio(a: Any, b: Any) -> Any:
    """Return a / b, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=np.asarray(b) != 0)


def hot(t: Array, y: Array) -> Array:
    """Return targets of the shape of y: class numbers become one-hot rows."""
    return t if t.ndim == y.ndim else np.arange(y.shape[-1]) == t[..., None]


def table(truth: Array, said: Array, weight: Array, classes: int) -> Array:
    """Return the weights summed by true and predicted class, (classes, classes)."""
    cells = np.bincount(truth * classes + said, weight, minlength=classes * classes)
    return cells.reshape(classes, classes)


def __getattr__(name: str) -> Any:
    return exported("metric", name)
