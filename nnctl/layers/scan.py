"""The scan over time: what one pass of a recurrent layer over one batch does, whatever its cell.

A `Cell` keeps the arrays of all steps that `backward` needs, once. Time comes first:

    x (T, B, I + 1)                   the inputs and a 1, whose weights are the bias
    z                                 x W + b for all steps, which the steps turn into gates
    states, each (T + 1, B, units)    step t leads from states[t] to states[t + 1]; the first is the output
    dz like z                         the weights' gradients are as few products of it at the end

There are two kinds. A `SteppedCell` (stepping.py) can have any activation and any dropout; its file writes
`step` as its paper does, and `step_back`, the same line by line backwards. A `UsualCell` (usual.py) has the
activations that nearly all nets have; a kernel goes through all of its steps.

Masks, as in Keras: a masked step leaves the states as they are, so the output repeats the last
valid one; before the first valid one it is zero; with `zero_output_for_mask` it always is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nnctl import kernels, threads
from nnctl.layers import Array, rows
from nnctl.layers.gates import blocks


def runs_free(dtype: Any) -> bool:
    """Whether kernels go through the steps of a UsualCell without the interpreter."""
    return kernels.free_scans and bool(dtype == np.float32)


class Product:
    """y = x @ w; with dropout, x is multiplied by one mask for all columns of w, or by one for each equal part."""

    def __init__(self, weight: Array, masks: Array | None = None) -> None:
        self.weight, self.masks = weight, masks
        self.whole = masks is None or len(masks) == 1  # whether one mask at the most serves all columns

    def kept(self, x: Array) -> Array:
        """Return what dropout leaves of x, where the product is whole."""
        return x if self.masks is None else x * self.masks[0]

    @cached_property
    def transposed(self) -> Array:
        """A copy: many small products with it cost less than with a transposed view."""
        return np.ascontiguousarray(self.weight.T)

    def forward(self, x: Array, out: Array) -> Array:
        if self.whole:
            kernels.product(rows(self.kept(x)), self.weight, rows(out))
            return out
        for keep, w, y in zip(*self.with_masks(self.weight, out), strict=True):
            np.matmul(x * keep, w, out=y)
        return out

    def backward(self, dy: Array, out: Array) -> Array:
        """Write the gradient of x; `out` may leave out the 1 at its end."""
        width = out.shape[-1]
        if self.whole:
            kernels.product(rows(dy), self.transposed[:, :width], rows(out))
            if self.masks is not None:
                out *= self.masks[0][:, :width]
            return out
        out[...] = 0
        for keep, w, part in zip(*self.with_masks(self.weight, dy), strict=True):
            out += np.matmul(part, w[:width].T) * keep[:, :width]
        return out

    def step(self, x: Array, out: Array) -> Array:
        """Do as `forward` for the matrices of one step: the least that Python can do, as there are many."""
        if self.masks is None and len(x) * self.weight.size < threads.PRODUCT and out.flags.c_contiguous:
            return np.dot(x, self.weight, out)
        return self.forward(x, out)

    def step_back(self, dy: Array, out: Array) -> Array:
        """Do as `backward` for the matrices of one step."""
        if self.masks is None and len(dy) * self.weight.size < threads.PRODUCT and out.flags.c_contiguous:
            return np.dot(dy, self.transposed, out)
        return self.backward(dy, out)

    def gradient(self, x: Array, dy: Array, out: Array) -> Array:
        """Write the gradient of w, from all steps."""
        if self.whole:
            return kernels.product(rows(self.kept(x)).T, rows(dy), out, by_rows=True)
        for keep, part, grad in zip(*self.with_masks(dy, out), strict=True):
            np.matmul(rows(x * keep).T, rows(part), out=grad)
        return out

    def parts(self, *arrays: Array) -> list[list[Array]]:
        """Return of each array the columns that go with each mask."""
        assert self.masks is not None
        return [blocks(array, len(self.masks)) for array in arrays]

    def with_masks(self, *arrays: Array) -> list[list[Array]]:
        """Return the masks, and of each array the columns that go with them."""
        assert self.masks is not None
        return [[*self.masks], *self.parts(*arrays)]


@dataclass
class Given:
    """What one pass starts from: a batch, or some rows of it."""

    x: Array  # (B, T, I)
    mask: Array | None = None  # (B, T)
    input_masks: Array | None = None  # of dropout, (gates, B, I)
    state_masks: Array | None = None  # (gates, B, units)
    starts: list[Array] | None = None  # (B, units) each; zeros where there are none
    alone: bool = True  # whether these are all rows of the batch, so that no other thread is at work


class Gradients(NamedTuple):
    """Where a pass writes the gradients of a layer's weights, and that of its inputs."""

    kernel: Array
    recurrent_kernel: Array
    bias: Any  # None where the layer has none
    x: Array | None = None  # None where it is not needed

    def weights(self) -> list[Array]:
        return [grad for grad in self[:3] if grad is not None]

    def like(self) -> Gradients:
        """Return as much new memory for the weights."""
        bias = None if self.bias is None else np.empty_like(self.bias)
        return Gradients(np.empty_like(self.kernel), np.empty_like(self.recurrent_kernel), bias)


class Cell:
    """One pass of a layer over one batch, or some rows of it."""

    gates: ClassVar[int] = 1  # blocks of `units` columns in the kernels
    memories: ClassVar[int] = 1  # arrays that go from step to step
    usual: ClassVar[bool] = False  # whether a kernel goes through all steps
    places: int = 1  # rows of z for each row of the batch
    dz: Array

    def __init__(self, layer: Any, given: Given) -> None:
        self.layer, self.dtype, self.alone = layer, given.x.dtype, given.alone
        self.z = self.take_in(given)
        self.steps, count, units = shape = self.state_shape()
        self.states = [np.empty((self.steps + 1, count, units), self.dtype) for _ in range(self.memories)]
        for number, state in enumerate(self.states):
            state[0] = 0 if given.starts is None else given.starts[number].reshape(shape[1:])
        self._look_at_mask(given.mask, given.starts is not None)
        self.prepare()

    def take_in(self, given: Given) -> Array:
        """Make x and the products; return z of all steps without its recurrent part."""
        x, layer, masks = self._with_one(self.ordered(given.x)), self.layer, given.input_masks
        kernel = layer.kernel.value
        if layer.use_bias:
            kernel = np.concatenate([kernel, self.bias()[None]])
        self.x = x
        self.inputs: Product = Product(kernel, None if masks is None else self._with_one(masks))
        self.recurrent: Product = Product(layer.recurrent_kernel.value, given.state_masks)
        return self.make_z()

    def make_z(self) -> Array:
        """Return x W + b of all steps."""
        raise NotImplementedError

    def state_shape(self) -> tuple[int, int, int]:
        """Return the steps, and the rows and columns of a state."""
        raise NotImplementedError

    def bias(self) -> Array:
        """Return what is added to x W."""
        bias: Array = self.layer.bias.value
        return bias

    def _with_one(self, x: Array) -> Array:
        """Put a 1 after the last input, whose weights are the bias: far cheaper than adding it."""
        if not self.layer.use_bias:
            return np.ascontiguousarray(x)
        wider = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
        wider[..., :-1] = x
        wider[..., -1] = 1
        return wider

    def ordered(self, x: Array) -> Array:
        """Put time first, in the order of processing."""
        x = x.swapaxes(0, 1)
        return x[::-1] if self.layer.go_backwards else x

    def shaped(self, rows: Array) -> Array:
        """Return rows of outputs or states, (..., B, units), as the layer gives them."""
        return rows

    def flat(self, y: Array) -> Array:
        """Return as rows what `shaped` made of them."""
        return y

    def _look_at_mask(self, mask: Array | None, carried: bool) -> None:
        """Find the steps at which some rows rest (T, B), and where outputs are set to zero."""
        self.rest: Array = np.empty((0, self.states[0].shape[1]), bool)
        self.shown: Array | None = None
        if mask is None:
            return
        valid = np.repeat(self.ordered(mask), self.places, axis=1)
        if not valid.all():
            self.rest = np.ascontiguousarray(~valid)
        if self.layer.zero_output_for_mask:
            self.shown = valid[..., None]
        elif carried:  # a state that starts at zero stays so until the first valid step
            self.shown = np.logical_or.accumulate(valid, axis=0)[..., None]

    def prepare(self) -> None:
        """Make what the steps need."""

    def scan(self) -> None:
        """Go from the first states to the last."""
        raise NotImplementedError

    def scan_back(self, dy: Array, slopes: list[Array]) -> None:
        """Write dz, from the slopes of the outputs, (0, B, units) where they have none, and of the last states."""
        raise NotImplementedError

    def forward(self) -> Array:
        self.scan()
        y = self.states[0][1:]
        if not self.layer.return_sequences:
            return self.shaped(y[-1] if self.shown is None else y[-1] * self.shown[-1])
        if self.shown is not None:
            y = y * self.shown
        return self.shaped(y).swapaxes(0, 1)

    def backward(self, dy: Array, grads: Gradients) -> None:
        self.grads, self.dx = grads, None if grads.x is None else self.ordered(grads.x)
        sequences = self.layer.return_sequences
        dy = self.flat(dy.swapaxes(0, 1) if sequences else dy)
        if self.shown is not None:
            dy = dy * (self.shown if sequences else self.shown[-1])
        slopes = [np.zeros_like(state[0]) for state in self.states]
        if not sequences:
            slopes[0] += dy
            dy = np.empty((0, *dy.shape), self.dtype)
        self.scan_back(np.ascontiguousarray(dy), slopes)
        self.write_gradients()
        if self.dx is not None:
            self.write_dx(self.dx)

    def write_gradients(self) -> None:
        """Write those of the weights."""
        raise NotImplementedError

    def write_dx(self, dx: Array) -> None:
        """Write dz W^T, without the column of the bias, where `scan_back` has not done so."""

    def write_inputs(self, gradient: Array) -> None:
        """Take the gradients of the kernel and the bias out of that of both."""
        inputs = len(self.grads.kernel)
        self.grads.kernel[...] = gradient[:inputs]
        if self.layer.use_bias:
            self.write_bias(gradient[inputs])

    def write_bias(self, gradient: Array) -> None:
        self.grads.bias[...] = gradient
