"""TensorBoard: event files of numbers and weights, for TensorBoard to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from nnctl.callbacks import Callback
from nnctl.errors import MissingExtraError
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt

NO_EFFECT = "Accepted for Keras' sake: changes nothing."


@register("callback")
class TensorBoard(Callback):
    """log_dir/train and log_dir/validation: epoch_loss, epoch_accuracy, epoch_learning_rate, ...

    With update_freq also batch_loss and the metrics so far, every so many batches; with histogram_freq
    the weights as layer/weight/histogram, every so many epochs. Show them with
    `tensorboard --logdir RUN/logs`. Raises MissingExtraError where tensorboardX is not installed.
    Source  keras.callbacks.TensorBoard
    """

    log_dir: str = field("logs", doc="Name of the folder, in the run directory.")
    histogram_freq: NonNegativeInt = field(0, doc="Epochs between two histograms of the weights; 0: none.")
    write_graph: bool = field(True, doc=NO_EFFECT)
    write_images: bool = field(False, doc=NO_EFFECT)
    write_steps_per_second: bool = field(False, doc=NO_EFFECT)
    update_freq: Literal["epoch", "batch"] | PositiveInt = field(
        "epoch", doc="Write after each epoch, or also every so many batches (batch: each)."
    )
    profile_batch: int | tuple[int, int] = field(0, doc=NO_EFFECT)
    embeddings_freq: NonNegativeInt = field(0, doc=NO_EFFECT)
    embeddings_metadata: str | dict[str, str] | None = field(None, doc=NO_EFFECT)

    def on_train_begin(self) -> None:
        self.writers: dict[str, Any] = {}
        self._writer("train")  # now, so that a missing library is noticed before the first epoch

    def on_batch_end(self, batch: int, loss: float) -> None:
        if self.update_freq == "epoch":
            return
        step = self.trainer.model.optimizer.iterations  # type: ignore[union-attr]  # a trainer's model is compiled
        if step % (1 if self.update_freq == "batch" else self.update_freq) == 0:
            for name, value in self.trainer.logs().items():
                self._writer("train").add_scalar(f"batch_{name}", value, step)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        optimizer: Any = self.trainer.model.optimizer
        for name, value in {"learning_rate": optimizer.rate(), **logs}.items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.trainer.model.layers:
                for weight in layer.weights:
                    tag = f"{layer.name}/{weight.name}/histogram"
                    self._writer("train").add_histogram(tag, weight.value, epoch)
        for writer in self.writers.values():
            writer.flush()

    def on_train_end(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def _writer(self, part: str) -> Any:
        if part not in self.writers:
            folder: Path = self.path(self.log_dir) / part
            # Epochs that are trained again after an interruption replace what was written of them.
            again = self.trainer.epoch if self.trainer.epoch and self.update_freq == "epoch" else None
            self.writers[part] = _summary_writer()(str(folder), purge_step=again)
        return self.writers[part]


def _summary_writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("the callback TensorBoard", "tensorboard") from error
    return SummaryWriter
