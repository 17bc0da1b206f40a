"""Cells that go through their steps one by one, in Python: any activation, any dropout.

Their z is (T, B, gates * units); a step turns z[t] into the gates. A cell that `overwrites` has none of its
gates left after backward.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nnctl.kernels.reference_scans import FLUSH_EVERY, TINY
from nnctl.layers import Array
from nnctl.layers.scan import Cell


class SteppedCell(Cell):
    """A cell whose file says what one step does."""

    overwrites: ClassVar[bool] = False  # whether dz takes the place of z, which makes for less memory to go through

    def make_z(self) -> Array:
        return self.inputs.forward(self.x, np.empty((*self.x.shape[:2], self.inputs.weight.shape[-1]), self.x.dtype))

    def state_shape(self) -> tuple[int, int, int]:
        steps, count, width = self.z.shape
        return steps, count, width // self.gates

    def prepare(self) -> None:
        # The same arrays step by step: to index a list costs a third of indexing an array.
        self.z_at, self.states_at = list(self.z), [list(state) for state in self.states]
        self.spare = np.empty_like(self.states[0][0])
        self.resting = [rest[:, None] if rest.any() else None for rest in self.rest] or [None] * self.steps

    def step(self, t: int) -> None:
        """Lead from states[t] to states[t + 1]."""
        raise NotImplementedError

    def step_back(self, t: int, *slopes: Array) -> None:
        """Write dz[t], and turn the slopes of states[t + 1] into those of states[t], in place."""
        raise NotImplementedError

    def prepare_back(self) -> None:
        """Make what the way back needs."""

    def scan(self) -> None:
        for t, rest in enumerate(self.resting):
            self.step(t)
            if rest is not None:
                for state in self.states:
                    np.copyto(state[t + 1], state[t], where=rest)

    def scan_back(self, dy: Array, slopes: list[Array]) -> None:
        self.dz = self.z if self.overwrites else np.empty_like(self.z)
        self.dz_at = list(self.dz)
        self.prepare_back()
        for t in reversed(range(self.steps)):
            if len(dy):
                slopes[0] += dy[t]
            self._step_back_valid(t, slopes)
            if t % FLUSH_EVERY == 0 and self.dtype == np.float32:
                for slope in slopes:
                    slope[np.abs(slope) < TINY] = 0

    def _step_back_valid(self, t: int, slopes: list[Array]) -> None:
        """Go back through a step; the slopes of resting rows pass by it."""
        rest = self.resting[t]
        if rest is None:
            self.step_back(t, *slopes)
            return
        passed = [slope * rest for slope in slopes]
        for slope in slopes:
            slope *= ~rest
        self.step_back(t, *slopes)
        for slope, past in zip(slopes, passed, strict=True):
            slope += past

    def write_gradients(self) -> None:
        self.write_input_gradients()
        self.recurrent.gradient(self.states[0][:-1], self.dz, self.grads.recurrent_kernel)

    def write_input_gradients(self) -> None:
        self.write_inputs(self.inputs.gradient(self.x, self.dz, np.empty_like(self.inputs.weight)))

    def write_dx(self, dx: Array) -> None:
        dx[...] = self.inputs.backward(self.dz, np.empty(dx.shape, self.dtype))
