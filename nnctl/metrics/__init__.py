"""Metrics: numbers about the predictions, gathered batch by batch, exact whatever the batches were.

A metric keeps running sums in float64 between `reset` and `result`; `state` and `restore` carry
them through a checkpoint. Most metrics are the weighted mean of one value a sample: they derive
from `MeanMetric` and define `values` alone.

A metric named by a string in the spec keeps that string as the name of its column, as in Keras.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from nnctl.fields import Thing, field
from nnctl.registry import exported, snake
from nnctl.rules import Of

Array = np.ndarray[Any, np.dtype[Any]]


class Metric(Thing):
    """result = f(all t, all y)"""

    better: ClassVar[str | None] = None  # "max" or "min" where it is clear; callbacks' mode: auto
    takes_mask: ClassVar[bool] = False  # whether masked steps are left out: in Keras, of means alone

    name: str | None = field(None, doc="Name of its column; by default the metric's own.", positional=False)

    def spelled(self, text: str) -> None:
        self.name = text

    @property
    def column(self) -> str:
        return self.name or snake(self.title())

    def resolve(self, loss: Any, output_shape: tuple[int, ...]) -> Metric:
        """Return the metric to use with this loss and these outputs; most are themselves."""
        return self

    def reset(self) -> None:
        raise NotImplementedError

    def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
        """Take in one batch; t is encoded as the loss wants it, weight is (B,) or (B, T)."""
        raise NotImplementedError

    def result(self) -> float:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        raise NotImplementedError

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


AMetric = Annotated[Metric, Of("metric")]


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
        values = self.values(t, y)
        if weight is None:
            self.total += float(values.sum())
            self.count += values.size
        else:
            weight = np.broadcast_to(weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)), values.shape)
            self.total += float((values * weight).sum())
            self.count += float(weight.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def state(self) -> dict[str, Any]:
        return {"total": self.total, "count": self.count}


def __getattr__(name: str) -> Any:
    return exported("metric", name)
