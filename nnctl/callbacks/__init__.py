"""Callbacks: what happens besides the arithmetic of training, at a handful of events.

    on_train_begin()             before the first batch, also when a run goes on
    on_epoch_begin(epoch)        epoch counts from 0
    on_batch_end(batch, loss)    batch counts from 1 within the epoch
    on_test_begin()              before the validation of an epoch
    on_test_end()                after it
    on_epoch_end(epoch, logs)    logs: loss, metrics, val_loss, val_ metrics; a callback may add to it
    on_train_end()               after the last epoch; not when the run was interrupted

`self.trainer` gives the model, the position and `stop_training`. A method called `on_...` that is
none of these events would never be heard, so it is refused when the class is made. The attributes
named in `memory` are saved in checkpoint.h5 and come back when the run goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nnctl.fields import Thing
from nnctl.registry import exported

if TYPE_CHECKING:
    from nnctl.training import Trainer

EVENTS = (
    "on_train_begin",
    "on_epoch_begin",
    "on_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_epoch_end",
    "on_train_end",
)

Mode = Literal["auto", "min", "max"]
MONITOR_DOC = "Column that is watched: loss, a metric, or val_ and one of these."
MODE_DOC = "Whether lower (min) or higher (max) is better; auto knows the metrics."


class Callback(Thing):
    """something done at the events of a run"""

    kind: ClassVar[str] = "callback"

    memory: ClassVar[tuple[str, ...]] = ()
    monitors: ClassVar[bool] = False  # whether `monitor` must be a column of the run

    trainer: Trainer

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in vars(cls):
            if name.startswith("on_") and name not in EVENTS:
                raise TypeError(f"{cls.__name__}.{name} would never be called; the events are {', '.join(EVENTS)}")

    def on_train_begin(self) -> None: ...
    def on_epoch_begin(self, epoch: int) -> None: ...
    def on_batch_end(self, batch: int, loss: float) -> None: ...
    def on_test_begin(self) -> None: ...
    def on_test_end(self) -> None: ...
    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None: ...
    def on_train_end(self) -> None: ...

    def reset(self) -> None:
        """Forget earlier runs; called before every run, and before `restore` where one goes on."""

    def hears(self, event: str) -> bool:
        """Whether the class does anything at an event."""
        return getattr(type(self), event) is not getattr(Callback, event)

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.memory}

    def restore(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def path(self, name: str) -> Path:
        """Place a file name in the run directory; absolute names are left alone."""
        return self.trainer.host.directory / name

    def say(self, text: str) -> None:
        """Tell the user one line, through whatever shows the run."""
        self.trainer.host.say(text)


def improved(value: float, best: float | None, mode: str, min_delta: float = 0.0) -> bool:
    """Whether a monitored value beats the best so far by more than min_delta; NaN never does."""
    if best is None:
        return value == value
    return value < best - min_delta if mode == "min" else value > best + min_delta


def direction(mode: str, monitor: str, trainer: Trainer) -> str:
    """Resolve mode auto to "min" or "max" from the metric that the monitor names."""
    if mode != "auto":
        return mode
    column = monitor.removeprefix("val_")
    for metric in trainer.model.metrics:
        if metric.column == column:
            return metric.better or "min"
    return "min"


def __getattr__(name: str) -> Any:
    return exported("callback", name)
