"""Projections of a weight, inside and outside of what is allowed."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, given, normal
from . import WeightCase

KERNEL, VECTOR, FILTERS = normal(4, 3, scale=2.0), normal(5, scale=2.0), normal(2, 2, 3, 2, scale=2.0)
WITH_ZEROS = given([[0.0, 1.0], [0.0, -2.0]])


def on(w: Draw, name: str, **config: Any) -> WeightCase:
    return WeightCase(name=name, config=config, w=w)


CASES = [
    *(
        on(w, name)
        for name in ("MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm")
        for w in (KERNEL, VECTOR, FILTERS, WITH_ZEROS)
    ),
    on(KERNEL, "MaxNorm", max_value=1.5),
    on(KERNEL, "MaxNorm", max_value=1.0, axis=1),
    on(FILTERS, "MaxNorm", max_value=1.0, axis=[0, 1, 2]),
    on(KERNEL, "UnitNorm", axis=1),
    on(FILTERS, "UnitNorm", axis=[0, 1, 2]),
    on(KERNEL, "MinMaxNorm", min_value=0.5, max_value=1.5),
    on(KERNEL, "MinMaxNorm", min_value=0.5, max_value=1.5, rate=0.3),
    on(KERNEL, "MinMaxNorm", min_value=0.5, max_value=1.5, rate=0.3, axis=1),
]
