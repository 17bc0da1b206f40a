"""Cells with the usual activations: a kernel goes through all of their steps (kernels/reference_scans.py).

Their z is (gates, T, B, units), a product for each gate: what a step does with a gate, it does on memory
without gaps. Dropout has no mask for a gate alone; where it has, the cell is a SteppedCell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from nnctl import kernels, threads
from nnctl.activations.saturating import Sigmoid, Tanh
from nnctl.kernels.tiles import SMALL
from nnctl.layers import Array, rows
from nnctl.layers.gates import blocks
from nnctl.layers.scan import Cell, runs_free

PIECE = 4 * threads.PRODUCT  # multiplications of a piece of the way back: half a millisecond
MOST = 8  # pieces, as each has gradients of its own


class UsualCell(Cell):
    """A cell whose kernels say what all steps do."""

    usual = True
    order: ClassVar[Sequence[int]]  # the block of columns in the layer's kernels that is each gate's of z

    def make_z(self) -> Array:
        """Return memory, which `scan` fills: with several threads, piece by piece."""
        self.kept = self.inputs.kept(self.x)
        return np.empty((self.gates, *self.x.shape[:2], self.layer.units), self.dtype)

    def state_shape(self) -> tuple[int, int, int]:
        _, steps, count, units = self.z.shape
        return steps, count, units

    def of_gates(self, matrix: Array) -> list[Array]:
        """Return the columns of each gate of z."""
        found = blocks(matrix, self.gates)
        return [found[block] for block in self.order]

    @cached_property
    def U(self) -> Array:
        """The recurrent weights of each gate; memory without gaps is what small products want."""
        return np.stack(self.of_gates(self.recurrent.weight))

    @cached_property
    def V(self) -> Array:
        """The transposes of U."""
        return np.ascontiguousarray(self.U.swapaxes(1, 2))

    @cached_property
    def W(self) -> Array:
        """The weights of the inputs and the bias, of each gate."""
        return np.stack(self.of_gates(self.inputs.weight))

    @cached_property
    def R(self) -> Array:
        """The transposes of W, without the bias."""
        return np.ascontiguousarray(self.W[:, : len(self.grads.kernel)].swapaxes(1, 2))

    @cached_property
    def weighs(self) -> bool:
        """Whether the kernels do the products with W as well, step by step: small ones are sooner done while z is near.

        Where Python leads from step to step, another thread can do them for many steps at once.
        """
        return runs_free(self.dtype) and self.kept[0].size * self.layer.units <= SMALL

    @cached_property
    def pieces(self) -> list[slice]:
        """The steps, in pieces that leave products enough for another thread while this one goes through the next.

        A kernel that runs without the interpreter needs none: its threads have some rows each (parts.py).
        """
        _, steps, count, units = self.z.shape
        products = steps * count * self.gates * units * units
        return threads.ranges(steps, 1 if runs_free(self.dtype) else min(MOST, products // PIECE))

    def scan(self) -> None:
        wind_weighed = partial(self.wind, self.U[:0], self.kept[:0])
        if self.threaded:
            threads.share_in_turn(self.pieces, self._weigh_inputs, wind_weighed)
        elif self.weighs:
            self.wind(self.W, self.kept, *self.pieces)
        else:
            self._weigh_inputs(*self.pieces)
            wind_weighed(*self.pieces)

    def _weigh_inputs(self, steps: slice) -> None:
        """Write x W + b to z."""
        for gate, weight in zip(self.z, self.of_gates(self.inputs.weight), strict=True):
            kernels.step_products(self.kept[steps], weight, gate[steps])

    def wind(self, W: Array, x: Array, steps: slice) -> None:
        """Lead from the states before these steps to those after them, and turn z, or x W, into gates."""
        raise NotImplementedError

    def scan_back(self, dy: Array, slopes: list[Array]) -> None:
        self.dz = self.z  # its memory: the gates are not needed afterwards
        self.found = [(np.empty_like(self.inputs.weight), np.empty_like(self.recurrent.weight)) for _ in self.pieces]
        work = self._unwind_pieces(dy, slopes)
        if self.threaded:
            threads.share_as_made(work)
        else:
            for products in work:
                products()

    @property
    def threaded(self) -> bool:
        """Whether threads take pieces of the way; else they may take parts of its products."""
        return len(self.pieces) > 1

    def _unwind_pieces(self, dy: Array, slopes: list[Array]) -> Iterator[Callable[[], None]]:
        """Go back through the steps, and yield the products that are due."""
        for steps, (of_inputs, of_state) in zip(reversed(self.pieces), self.found, strict=True):
            found = self.weighs and self.dx is not None
            dx = np.empty((len(self.x) if found else 0, self.x.shape[1], len(self.grads.kernel)), self.dtype)
            self.unwind(steps, self.R if found else self.U[:0], dx, dy[steps], *slopes)
            yield partial(self._input_products, steps, of_inputs)
            yield partial(self._state_products, steps, of_state)
            if self.dx is not None:
                yield partial(self._write_dx if found else self._slope_products, steps, dx)

    def unwind(self, steps: slice, R: Array, dx: Array, dy: Array, *slopes: Array) -> None:
        """Turn z of these steps into dz, from the slopes of their outputs and of the states after them."""
        raise NotImplementedError

    def input_slopes(self, steps: slice) -> list[Array]:
        """Return for each gate the slope of x W + b."""
        return list(self.dz[:, steps])

    def _input_products(self, steps: slice, out: Array) -> None:
        self._products(self.kept[steps], self.input_slopes(steps), out)

    def _state_products(self, steps: slice, out: Array) -> None:
        self._products(self.states[0][:-1][steps], self.dz[:, steps], out)

    def _products(self, x: Array, slopes: Iterable[Array], out: Array) -> None:
        """Write the gradients of weights, from what they were multiplied with."""
        turned = rows(x).T
        for slope, grad in zip(slopes, self.of_gates(out), strict=True):
            if self.alone and not self.threaded:
                kernels.product(turned, rows(slope), grad, by_rows=True)
            else:
                np.matmul(turned, rows(slope), out=grad)

    def _slope_products(self, steps: slice, none: Array) -> None:
        first, *others = zip(self.input_slopes(steps), self.R, strict=True)
        dx = np.empty((*first[0].shape[:2], none.shape[-1]), self.dtype)
        kernels.step_products(*first, dx)
        spare = np.empty_like(dx)
        for slope, weight in others:
            dx += kernels.step_products(slope, weight, spare)
        self._write_dx(steps, dx)

    def _write_dx(self, steps: slice, dx: Array) -> None:
        assert self.dx is not None
        masks = self.inputs.masks
        self.dx[steps] = dx if masks is None else dx * masks[0][:, : dx.shape[-1]]

    def write_gradients(self) -> None:
        of_inputs, of_state = self.found[0]
        for more in self.found[1:]:
            of_inputs += more[0]
            of_state += more[1]
        self.grads.recurrent_kernel[...] = of_state
        self.write_inputs(of_inputs)


def is_usual(layer: Any) -> bool:
    """Whether a layer has the activations that its UsualCell is for, and no dropout of single gates."""
    gate = getattr(layer, "recurrent_activation", None)
    return type(layer.activation) is Tanh and (gate is None or type(gate) is Sigmoid) and not layer.masks_by_gate
