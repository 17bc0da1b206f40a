"""Penalties and their gradients."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, given, normal
from . import WeightCase

KERNEL, VECTOR, FILTERS = normal(4, 3), normal(5), normal(2, 2, 3, 2)
WITH_ZEROS = given([[0.0, 1.0], [-2.0, 0.0]])


def on(w: Draw, name: str, **config: Any) -> WeightCase:
    return WeightCase(name=name, config=config, w=w)


CASES = [
    *(on(w, name) for name in ("L1", "L2", "L1L2") for w in (KERNEL, VECTOR, FILTERS)),
    on(WITH_ZEROS, "L1", l1=0.1),
    on(KERNEL, "L1", l1=0.1),
    on(KERNEL, "L2", l2=0.1),
    on(KERNEL, "L1L2", l1=0.1, l2=0.2),
    on(KERNEL, "OrthogonalRegularizer"),
    on(KERNEL, "OrthogonalRegularizer", factor=0.5, mode="rows"),
    on(KERNEL, "OrthogonalRegularizer", factor=0.5, mode="columns"),
]
