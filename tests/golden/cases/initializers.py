"""The initializers that draw nothing; those that draw are held by their distributions in tests of their own."""

from __future__ import annotations

from ..inputs import normal
from . import WeightCase

KERNEL, SQUARE, VECTOR, FILTERS = normal(4, 3), normal(3, 3), normal(3), normal(2, 2, 3, 2)

CASES = [
    *(WeightCase(name=name, w=w) for name in ("Zeros", "Ones") for w in (KERNEL, VECTOR, FILTERS)),
    WeightCase(name="Constant", w=KERNEL),
    *(WeightCase(name="Constant", config={"value": 0.3}, w=w) for w in (KERNEL, VECTOR, FILTERS)),
    *(WeightCase(name="Identity", w=w) for w in (KERNEL, SQUARE, normal(2, 4))),
    WeightCase(name="Identity", config={"gain": 0.5}, w=SQUARE),
]
