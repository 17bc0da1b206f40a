"""Gradient check by random projection (Baydin et al.; autograd's test_util).

For y = f(p) with p = (input, all weights), draw directions u (of y) and v (of p). One backward
pass with seed u gives <grad, v>; the central difference of <u, f> along v must equal it. Three
forward passes, whatever the size. Gradients are filled with NaN first, so that a weight whose
gradient is not written shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

EPSILON = 1e-6


def check_projection(
    function: Callable[[], np.ndarray[Any, Any]],
    gradients: Callable[[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]],
    points: list[np.ndarray[Any, Any]],
    seed: int = 0,
) -> None:
    """`function` reads `points` (float64 arrays that are moved in place); `gradients(u)` one array a point."""
    random = np.random.default_rng(seed)
    y = function()
    u = random.normal(size=y.shape)
    analytic = gradients(u)
    directions = [random.normal(size=p.shape) for p in points]
    slope = sum(float((g * v).sum()) for g, v in zip(analytic, directions, strict=True))
    starts = [p.copy() for p in points]
    sides = []
    for sign in (1, -1):
        for p, start, v in zip(points, starts, directions, strict=True):
            p[...] = start + sign * EPSILON * v
        sides.append(float((u * function()).sum()))
    for p, start in zip(points, starts, strict=True):
        p[...] = start
    numeric = (sides[0] - sides[1]) / (2 * EPSILON)
    np.testing.assert_allclose(slope, numeric, rtol=1e-3, atol=1e-5)
