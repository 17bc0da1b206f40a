"""A recurrent layer's pass over a batch, in parts that threads run side by side.

Steps must follow one another, but the rows of a batch know nothing of each other. So each thread goes
through the steps of some rows. Where Python leads from step to step, a step must be work enough: the
threads need the interpreter between two products, and more than two would only wait for it.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from nnctl import threads
from nnctl.layers import Array, Context, Shape
from nnctl.layers.dropout import draw_mask
from nnctl.layers.scan import Cell, Given, Gradients, runs_free

MOST, WORTH = 2, 8_000_000  # threads that share the interpreter, and the multiplications of a step that pay for one


class Parts:
    """The cells of one batch, each with some of its rows; a cell keeps what `backward` needs."""

    def __init__(self, layer: Any, x: Array, ctx: Context) -> None:
        self.layer, self.shape = layer, x.shape
        self.given = self._cut(self._draw(x, ctx), layer.start(len(x)))
        self.cells: list[Cell] = []

    def _draw(self, x: Array, ctx: Context) -> Given:
        """Draw the masks of dropout for the whole batch, so that they do not depend on the parts."""
        layer = self.layer
        gates = layer.cell.gates if layer.drops_by_gate else 1

        def draw(rate: float, shape: Shape) -> Array | None:
            return draw_mask((gates, len(x), *shape), rate, ctx.random, x.dtype) if ctx.training and rate else None

        inputs = draw(layer.dropout, x.shape[2:])
        return Given(x, ctx.mask, inputs, draw(layer.recurrent_dropout, layer.state_shape))

    def _cut(self, whole: Given, starts: list[Array] | None) -> list[Given]:
        layer, (rows, steps) = self.layer, whole.x.shape[:2]
        step = rows * math.prod(layer.state_shape[:-1]) * layer.recurrent_kernel.size
        count = threads.parts(step * steps)
        if not (layer.cell.usual and runs_free(whole.x.dtype)):
            count = min(MOST, count, max(1, step // WORTH))
        self.rows = threads.ranges(rows, count) or [slice(0, 0)]
        return [
            Given(
                whole.x[part],
                None if whole.mask is None else whole.mask[part],
                None if whole.input_masks is None else whole.input_masks[:, part],
                None if whole.state_masks is None else whole.state_masks[:, part],
                None if starts is None else [start[part] for start in starts],
                len(self.rows) == 1,
            )
            for part in self.rows
        ]

    def forward(self) -> Array:
        outputs: list[Any] = [None] * len(self.rows)
        cells: list[Any] = [None] * len(self.rows)

        def run(number: int) -> None:
            cells[number] = self.layer.cell(self.layer, self.given[number])
            outputs[number] = cells[number].forward()

        threads.share([partial(run, number) for number in range(len(self.rows))])
        self.cells = cells
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def backward(self, dy: Array) -> Array | None:
        """Write the gradients of the weights; return that of x where it is needed."""
        own: Gradients = self.layer.gradients()
        dx = np.empty(self.shape, dy.dtype) if self.layer.needs_dx else None
        targets = [own, *(own.like() for _ in self.cells[1:])]

        def run(cell: Cell, rows: slice, grads: Gradients) -> None:
            cell.backward(dy[rows], grads._replace(x=None if dx is None else dx[rows]))

        threads.share([partial(run, *work) for work in zip(self.cells, self.rows, targets, strict=True)])
        for other in targets[1:]:
            for total, part in zip(own.weights(), other.weights(), strict=True):
                total += part
        return dx

    def last_states(self) -> list[Array]:
        """Return the states after the last step, of all rows."""
        per_cell = [[cell.shaped(state[-1]) for state in cell.states] for cell in self.cells]
        return [np.concatenate(states) for states in zip(*per_cell, strict=True)]
