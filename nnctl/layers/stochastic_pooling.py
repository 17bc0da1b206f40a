"""Stochastic pooling: a value of every window, drawn with probabilities proportional to the values."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnctl import kernels
from nnctl.layers import Array, Context
from nnctl.layers.pooling import LINE, PLANE, Pooling
from nnctl.registry import register


class StochasticPooling(Pooling):
    """Draws while training; otherwise takes the mean of the values weighted by themselves.

    The values ought to be positive, as after relu. A negative one has probability 0, and a window
    without a positive value gives 0.
    """

    draws = True

    def pooled(self, x: Array, y: Array, ctx: Context) -> Any:
        total, squares = np.zeros_like(y), np.zeros_like(y)
        for seen in kernels.elements(x, *self.windows.steps):
            positive = np.maximum(seen, 0)
            total += positive
            squares += positive * positive
        if not ctx.training:
            np.divide(squares, total, out=squares, where=total > 0)
            y[...] = squares
            return total, None
        assert ctx.random is not None
        limit = ctx.random.random(y.shape, dtype=y.dtype.type) * total
        passed, picked, waiting = np.zeros_like(y), np.full(y.shape, -1, np.int16), np.ones(y.shape, bool)
        y[...] = 0
        for number, seen in enumerate(kernels.elements(x, *self.windows.steps)):
            passed += np.maximum(seen, 0)
            hit = waiting & (passed > limit)
            np.copyto(y, seen, where=hit)
            np.copyto(picked, np.int16(number), where=hit)
            waiting &= ~hit
        return total, picked

    def slope(self, x: Array, y: Array, dy: Array, kept: Any, dx: Array) -> None:
        total, picked = kept
        dx[...] = 0
        slopes = kernels.elements(dx, *self.windows.steps)
        if picked is not None:
            for number, slope in enumerate(slopes):
                slope += dy * (picked == number)
            return
        share = np.divide(dy, total, out=np.zeros(dy.shape, dy.dtype), where=total > 0)
        for seen, slope in zip(kernels.elements(x, *self.windows.steps), slopes, strict=True):
            slope += (2 * seen - y) * share * (seen > 0)


@register("layer")
class StochasticPooling1D(StochasticPooling):
    """y[t] = x_k with probability p_k = x_k / sum_l x_l, of the window's x;  y = sum_k p_k x_k when not training

    Shapes  x (B, T, C)  y (B, T', C)
    Source  Zeiler & Fergus 2013, equations 4 to 6
    """

    axes = 1
    examples = (LINE, {"pool_size": 3, "strides": 2, "padding": "same", **LINE})


@register("layer")
class StochasticPooling2D(StochasticPooling):
    """y[i, j] = x_k with probability p_k = x_k / sum_l x_l, of the window's x;  y = sum_k p_k x_k when not training

    Shapes  x (B, H, W, C)  y (B, H', W', C)
    Source  Zeiler & Fergus 2013, equations 4 to 6
    """

    axes = 2
    examples = (PLANE, {"pool_size": [3, 2], "strides": 1, "data_format": "channels_first", **PLANE})
