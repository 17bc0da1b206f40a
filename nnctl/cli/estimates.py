"""What a training run will take: memory by counting, time by timing a few of its steps."""

from __future__ import annotations

import math

from nnctl import kernels
from nnctl.benchmark import row_time, step_time
from nnctl.cli.voice import voice
from nnctl.data import Batches, Prepared
from nnctl.data.lazy import in_memory
from nnctl.model import Sequential
from nnctl.spec import Spec

TRIAL = 0.05  # seconds of steps that are timed, three of them at least
VECTORS = 2  # of the weights' size besides the optimizer's own: the weights and their gradients


def memory(spec: Spec, prepared: Prepared, model: Sequential) -> dict[str, int]:
    """Return the bytes of the weights with all that goes with them, of a batch's activations, and of the data."""
    size = model.parameters.values.itemsize
    slots = len(model.optimizer.slots) if model.optimizer else 0
    outputs = sum(math.prod(shape) for shape in (model.input_shape, *model.shapes))
    parts = [rows for rows in (prepared.train, prepared.validation, prepared.test) if rows is not None]
    arrays = [array for rows in parts for array in (rows.x, rows.y, rows.weight) if in_memory(array)]
    return {
        "weights": model.count_params() * size * (VECTORS + slots),
        "batch": 2 * outputs * size * min(spec.fit.batch_size, len(prepared.train)),  # outputs and their gradients
        "data": sum(array.nbytes for array in arrays if array is not None),
    }


def seconds(spec: Spec, prepared: Prepared, model: Sequential) -> tuple[float, int]:
    """Return the time that all epochs take, and how many steps it was guessed from; trains the model a little."""
    fit = spec.fit
    batches = Batches(prepared.train, fit.batch_size, fit.shuffle, spec.seed)
    epochs = fit.epochs - fit.initial_epoch
    total = len(batches) * epochs
    kernels.choose(model.numbers(fit.batch_size) * total, voice.say)  # those that the training will take
    step, count = step_time(model, batches, TRIAL)
    spent = step * total
    if (rows := prepared.validation) is not None:
        judged = len(rows) * (epochs // fit.validation_freq)
        spent += judged * row_time(model, Batches(rows, fit.batch_size))
    return spent, count
