"""Every loss as a metric: the mean of its values, under the loss' own names and fields."""

from __future__ import annotations

from typing import Any

from nnctl.metrics import Array, MeanMetric, spread
from nnctl.registry import known, names, register


def metric_of(loss: type[Any]) -> type[MeanMetric]:
    """Make the metric class that averages a loss' values over the samples."""

    class LossMetric(MeanMetric):
        better = "min"

        def values(self, t: Array, y: Array) -> Array:
            return self._loss.forward(y, t)[0]

        def update(self, t: Array, y: Array, weight: Array | None = None) -> None:
            values = self.values(t, y)
            if weight is not None and (counted := self._loss.counted(values, t, None)) is not None:
                weight = spread(weight, values) * counted
            self.add(values, weight)

        def _fill(self, values: Any, findings: Any, path: Any) -> None:
            super()._fill(values, findings, path)
            self._loss = loss(**{key: values[key] for key in own})

    own = [name for name in loss.fields if name not in ("name", "reduction")]
    LossMetric.fields = {**{name: loss.fields[name] for name in own}, **MeanMetric.fields}
    LossMetric.__name__ = LossMetric.__qualname__ = loss.__name__
    LossMetric.__doc__ = loss.__doc__
    LossMetric.examples = loss.examples
    return LossMetric


for _loss in known("loss").values():
    if not _loss.averages:  # type: ignore[attr-defined]  # a Loss
        continue
    _aliases, _legacy = names(_loss)
    register("metric", name=_loss.registered_name, aliases=_aliases, legacy=_legacy)(metric_of(_loss))  # type: ignore[attr-defined] # a Thing
