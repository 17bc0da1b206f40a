"""SwapEMAWeights: validate with the running averages of the weights."""

from __future__ import annotations

from typing import Any

from nnctl.callbacks import Callback
from nnctl.errors import ConfigError
from nnctl.fields import field
from nnctl.registry import register


@register("callback")
class SwapEMAWeights(Callback):
    """exchange the weights and their averages for each validation, and back

    With swap_on_epoch the averages also stay in the network from the end of an epoch to the beginning
    of the next, so that callbacks after this one, such as ModelCheckpoint, save them. Raises ConfigError
    where the optimizer has no averages.
    Source  keras.callbacks.SwapEMAWeights
    """

    swap_on_epoch: bool = field(False, doc="Also exchange them between two epochs.")

    def on_train_begin(self) -> None:
        if not self.optimizer.use_ema:
            raise ConfigError("SwapEMAWeights: the optimizer keeps no averages; give it  use_ema: true")

    def on_epoch_begin(self, epoch: int) -> None:
        self._put(averages=False)

    def on_test_begin(self) -> None:
        self._put(averages=True)

    def on_test_end(self) -> None:
        self._put(averages=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self.swap_on_epoch:
            self._put(averages=True)

    @property
    def optimizer(self) -> Any:
        return self.trainer.model.optimizer

    def _put(self, *, averages: bool) -> None:
        if self.optimizer.swapped != averages:
            self.optimizer.swap_averages()
