"""What a training run will take: memory by counting, time by timing a few of its steps."""

from __future__ import annotations

import itertools
import math
import time
from typing import Any

from nnctl.data import Batches, Prepared
from nnctl.model import Sequential
from nnctl.spec import Spec

TRIAL = 0.3  # seconds of steps that are timed
VECTORS = 2  # of the weights' size besides the optimizer's own: the weights and their gradients


def memory(spec: Spec, prepared: Prepared, model: Sequential) -> dict[str, int]:
    """Return the bytes of the weights with all that goes with them, of a batch's activations, and of the data."""
    size = model.parameters.values.itemsize
    slots = len(model.optimizer.slots) if model.optimizer else 0
    outputs = sum(math.prod(shape) for shape in (model.input_shape, *model.shapes))
    parts = [rows for rows in (prepared.train, prepared.validation, prepared.test) if rows is not None]
    arrays = [array for rows in parts for array in (rows.x, rows.y, rows.weight) if array is not None]
    return {
        "weights": model.count_params() * size * (VECTORS + slots),
        "batch": 2 * outputs * size * min(spec.fit.batch_size, len(prepared.train)),  # outputs and their gradients
        "data": sum(array.nbytes for array in arrays),
    }


def seconds(spec: Spec, prepared: Prepared, model: Sequential) -> tuple[float, int]:
    """Return the time that all epochs take, and how many steps it was guessed from; trains the model a little."""
    batches: Any = Batches(prepared.train, spec.fit.batch_size, spec.fit.shuffle, spec.seed)
    total = len(batches) * (spec.fit.epochs - spec.fit.initial_epoch)
    steps = (batch for epoch in itertools.count() for batch in batches.epoch(epoch))
    model.train_step(*next(steps))  # the first one also takes memory and wakes the threads
    began, count, spent = time.perf_counter(), 0, 0.0
    while spent < TRIAL and count < max(total, 2):
        model.train_step(*next(steps))
        count += 1
        spent = time.perf_counter() - began
    return spent / count * total, count
