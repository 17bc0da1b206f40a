"""The Python API: Keras' verbs on nnctl's engine.

The same classes run under `nnctl train`; what is added here is only what a Python program needs:
plain arrays in, names instead of objects, Keras' arguments and return values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import model as engine, threads
from nnctl.callbacks import Callback
from nnctl.callbacks.history import History
from nnctl.callbacks.progbar_logger import ProgbarLogger
from nnctl.data import Batches, Rows, class_weights
from nnctl.data.splits import last_rows
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.layers import Array
from nnctl.losses import Loss
from nnctl.optimizers import Optimizer
from nnctl.spec import dump, load as load_spec
from nnctl.training import Trainer, evaluate

__all__ = ["Sequential", "load_model", "load_spec", "train"]


class Sequential(engine.Sequential):
    """A stack of layers with Keras' compile, fit, evaluate and predict.

    >>> from nnctl import layers
    >>> model = Sequential([layers.Input([2]), layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> model.count_params()
    3
    """

    _pending: tuple[Optimizer, Loss, list[Any], list[Any]] | None = None

    def compile(
        self,
        optimizer: Optimizer | str | Mapping[str, Any] = "rmsprop",
        loss: Loss | str | Mapping[str, Any] | None = None,
        metrics: Sequence[Any] = (),
        weighted_metrics: Sequence[Any] = (),
    ) -> None:
        """Choose optimizer, loss and metrics, by name or as objects; raise ConfigError for unknown ones."""
        if loss is None:
            raise ConfigError("compile needs a loss, for example 'mean_squared_error'")
        plain, weighted = ([create("metric", metric) for metric in part or ()] for part in (metrics, weighted_metrics))
        self._pending = create("optimizer", optimizer), create("loss", loss), plain, weighted
        if not self.built and self.declared_input_shape() is not None:
            self.build()
        elif self.built:
            super().compile(*self._pending)

    def build(self, input_shape: tuple[int, ...] | None = None) -> None:
        super().build(input_shape)
        if self._pending is not None:
            super().compile(*self._pending)

    # --- training -----------------------------------------------------------------------------

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = 0,
        callbacks: Sequence[Callback] = (),
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | str | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        validation_freq: int = 1,
    ) -> History:
        """Train; return the numbers of every epoch.

        `validation_split` sets the last rows aside, before any shuffling; they are judged after
        every `validation_freq` epochs. `verbose` 1 or 2 prints a
        line an epoch. Raises ConfigError for arrays that do not fit the network, DivergedError
        where the loss is no longer finite.
        """
        rows = self._rows(x, y, sample_weight)
        validation = None if validation_data is None else self._rows(*validation_data)
        if validation is None and validation_split:
            parts = last_rows(len(rows), validation_split)
            rows, validation = rows.take(parts.train), rows.take(parts.validation)
        if class_weight is not None:
            self._weigh(rows, class_weight)
        own = ProgbarLogger()
        own.shown = verbose not in (0, "auto")
        size = batch_size or 32
        trainer = Trainer(
            self,
            Batches(rows, size, shuffle, self.seed),
            None if validation is None else Batches(validation, size),
            epochs=epochs,
            initial_epoch=initial_epoch,
            validation_freq=validation_freq,
            callbacks=[create("callback", callback) for callback in callbacks or ()],
            observers=[own],
        )
        return trainer.run()

    @threads.computing()
    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> float | list[float]:
        """Update the weights once; return the loss of this batch, or [loss, *metrics]."""
        rows = self._rows(x, y, sample_weight)
        self.reset_metrics()
        return self._numbers(self.train_step(rows.x, rows.y, rows.weight))  # type: ignore[arg-type]  # _rows sets y

    @threads.computing()
    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> float | list[float]:
        """Return the loss of a batch, or [loss, *metrics], without training."""
        rows = self._rows(x, y, sample_weight)
        self.reset_metrics()
        return self._numbers(self.test_step(rows.x, rows.y, rows.weight))  # type: ignore[arg-type]  # _rows sets y

    def evaluate(
        self, x: Any, y: Any, batch_size: int = 32, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Return the loss, [loss, *metrics], or a dictionary of them, over all rows."""
        logs = evaluate(self, Batches(self._rows(x, y, sample_weight), batch_size))
        values = list(logs.values())
        return logs if return_dict else values if len(values) > 1 else values[0]

    @threads.computing()
    def predict(self, x: Any, batch_size: int = 32) -> Array:
        """Return the outputs for all rows."""
        x = self._inputs(x)
        if not len(x):
            return np.zeros((0, *self.output_shape), self.dtype)
        return np.concatenate([self.predict_batch(x[i : i + batch_size]) for i in range(0, len(x), batch_size)])

    def predict_classes(self, x: Any, batch_size: int = 32) -> Array:
        """Return class numbers: the largest output, or for one output whether it is above 0.5."""
        y = self.predict(x, batch_size)
        return y.argmax(axis=-1) if y.shape[-1] > 1 else (y > 0.5).astype("int32")

    # --- looking and saving -------------------------------------------------------------------

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table of layers, output shapes and numbers of weights."""
        if not self.built:
            self.build()
        rows = [("Layer (type)", "Output shape", "Param #")]
        rows += [(f"{name} ({title})", shape, f"{size:,}") for name, title, shape, size in self.summary_rows()]
        wide, middle = (max(len(row[i]) for row in rows) + 2 for i in (0, 1))
        print_fn(f'Model: "{self.name}"')
        for row in rows:
            print_fn(f"{row[0]:<{wide}}{row[1]:<{middle}}{row[2]:>12}")
        trainable = sum(weight.size for weight in self.weights if weight.trainable)
        print_fn(f"Total params: {self.count_params():,} (trainable: {trainable:,})")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a model file that Keras opens too, atomically: an archive where its name ends in .keras, else .h5."""
        from nnctl.checkpoint import save_archive, save_model  # HDF5: a program that saves nothing needs none

        (save_archive if os.fspath(path).endswith(".keras") else save_model)(path, self)

    def to_json(self) -> str:
        """Return the architecture as Keras' JSON."""
        from nnctl.checkpoint.keras_model import model_config

        return json.dumps(model_config(self))

    def to_yaml(self) -> str:
        """Return the layers as a spec writes them."""
        return dump({"layers": [layer.to_spec() for layer in self.layers]})

    # --- arrays -------------------------------------------------------------------------------

    def _rows(self, x: Any, y: Any, sample_weight: Any = None) -> Rows:
        """Check arrays against the network and bring them into its types."""
        inputs = self._inputs(x)
        if self.loss is None:
            raise ConfigError("the model is not compiled: call compile(optimizer, loss, metrics) first")
        t = np.asarray(y)
        if len(t) != len(inputs):
            raise ConfigError(f"x has {len(inputs)} rows and y {len(t)}; they must be as many")
        t = self.loss.adapt_targets(t if t.ndim > 1 else t.reshape(-1), self.output_shape)
        if t.dtype.kind != "i" or self.loss.targets != "index":
            t = t.astype(self.dtype)
        weight = None if sample_weight is None else np.asarray(sample_weight, self.dtype)
        if weight is not None and len(weight) != len(inputs):
            raise ConfigError(f"x has {len(inputs)} rows and sample_weight {len(weight)}; they must be as many")
        return Rows(inputs, t, weight)

    def _inputs(self, x: Any) -> Array:
        inputs = np.asarray(x)
        if not self.built:
            self.build(inputs.shape[1:] or (1,))
        if inputs.ndim == 1 and self.input_shape == (1,):
            inputs = inputs[:, None]
        if inputs.shape[1:] != self.input_shape:
            raise ConfigError(f"the network takes inputs of shape {(None, *self.input_shape)}, got {inputs.shape}")
        if inputs.dtype.kind in "iu" and getattr(self.layers[0], "integer_inputs", False):
            return inputs
        return inputs.astype(self.dtype, copy=False)

    def _weigh(self, rows: Rows, weights: Any) -> None:
        classes = self.output_shape[-1] if self.output_shape[-1] > 1 else 2
        by_class = class_weights(weights, range(classes), np.asarray(rows.y)).astype(self.dtype)
        rows.weight = by_class if rows.weight is None else rows.weight * by_class

    def _numbers(self, loss: float) -> float | list[float]:
        return [loss, *(metric.number() for metric in self.metrics)] if self.metrics else loss


def load_model(path: str | os.PathLike[str]) -> Sequential:
    """Return the model in a file that nnctl or Keras wrote.

    Raises MissingInputError where there is none, ModelFileError where it is not sound.
    """
    from nnctl.checkpoint import load_model as load

    model = load(path, Sequential).model
    assert isinstance(model, Sequential)
    return model


def train(spec: str | os.PathLike[str], **options: Any) -> Any:
    """Train a spec as `nnctl train` does; `options` are those of nnctl.run.train."""
    from nnctl.run import train as run

    return run(load_spec(Path(spec)), **options)
