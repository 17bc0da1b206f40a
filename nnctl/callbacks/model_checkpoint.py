"""ModelCheckpoint: keep the best model, or every one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from nnctl.callbacks import MODE_DOC, MONITOR_DOC, Callback, Mode, direction, improved
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import PositiveInt
from nnctl.templates import fill


@register("callback")
class ModelCheckpoint(Callback):
    """write the model after an epoch; with save_best_only, when `monitor` is the best so far

    The file name may hold {epoch} (from 1) and the columns of the run, with formats of plain
    numbers: best-{epoch:02d}-{val_loss:.2f}.h5. The best value survives an interruption of the run.
    With save_weights_only, the file has the layout of Keras 2, which Keras 3 reads under a name that
    ends in .h5 but not in .weights.h5; nnctl reads it under any.
    Raises ConfigError where the monitored column does not exist.
    Source  keras.callbacks.ModelCheckpoint
    """

    monitors = True
    memory = ("best",)

    filepath: str = field(doc="Name of the file, in the run directory.")
    monitor: str = field("val_loss", doc=MONITOR_DOC)
    verbose: int = field(0, doc="1: say when a file is written.")
    save_best_only: bool = field(False, doc="Write only when the monitored value improved.")
    save_weights_only: bool = field(False, doc="Write the weights alone, as for initial_weights.")
    mode: Mode = field("auto", doc=MODE_DOC)
    save_freq: Literal["epoch"] | PositiveInt = field("epoch", doc="Write after each epoch, or every so many batches.")
    initial_value_threshold: float | None = field(None, doc="Value that the first epoch must beat.")

    examples = ({"filepath": "best.h5", "save_best_only": True}, {"filepath": "{epoch:03d}.h5", "save_freq": 10})

    best: float | None

    def reset(self) -> None:
        self.best = self.initial_value_threshold

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.save_best_only and self.save_freq != "epoch":
            yield "save_freq", "save_best_only compares epochs; write save_freq: epoch"

    def on_batch_end(self, batch: int, loss: float) -> None:
        steps = self.trainer.model.optimizer.iterations  # type: ignore[union-attr]  # a trainer's model is compiled
        if self.save_freq != "epoch" and steps % self.save_freq == 0:
            self._write({"epoch": self.trainer.epoch + 1, **self.trainer.logs()})

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self.save_freq != "epoch":
            return
        if self.save_best_only:
            if self.monitor not in logs:
                raise ConfigError(
                    f"ModelCheckpoint: no column {self.monitor!r} to monitor; there are {', '.join(logs)}"
                )
            value = logs[self.monitor]
            if not improved(value, self.best, direction(self.mode, self.monitor, self.trainer)):
                return
            self.best = value
        self._write({"epoch": epoch + 1, **logs})

    def _write(self, values: dict[str, Any]) -> None:
        path = self.path(fill(self.filepath, values))
        if self.save_weights_only:
            from nnctl.checkpoint import save_weights

            save_weights(path, self.trainer.model)
        else:
            self.trainer.host.save(path, self.trainer.model)
        if self.verbose:
            self.say(
                f"Epoch {values['epoch']}: {self.monitor} {values.get(self.monitor, float('nan')):.6g}, wrote {path}"
            )
