"""SwapEMAWeights: which weights are in the network when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnctl import callbacks, layers
from nnctl.data import Batches, Rows
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.model import Sequential
from nnctl.training import Trainer


def trained(callback: Any, **optimizer: Any) -> tuple[list[float], Trainer]:
    """Move one weight by 1 an epoch, to 1 and 2 (averages 1 and 1.5); return it as each validation sees it."""
    seen: list[float] = []

    class Watch(callbacks.Callback):
        """the weight during validations and after epochs, for the tests"""

        def on_test_begin(self) -> None:
            seen.append(self.trainer.model.get_weights()[0].item())

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            self.on_test_begin()

    model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="zeros")], dtype="float64")
    model.build((1,))
    model.compile(create("optimizer", {"SGD": {"learning_rate": 1.0, **optimizer}}), create("loss", "mae"))
    rows = Batches(Rows(np.ones((1, 1)), np.full((1, 1), 99.0)), 1)
    trainer = Trainer(model, rows, rows, epochs=2, callbacks=[callback, Watch()])
    trainer.run()
    return seen, trainer


@pytest.mark.parametrize(
    ("swap_on_epoch", "seen"),
    [(False, [1, 1, 1.5, 2]), (True, [1, 1, 1.5, 1.5])],
)
def test_validation_sees_the_averages(swap_on_epoch: bool, seen: list[float]) -> None:
    weights, trainer = trained(callbacks.SwapEMAWeights(swap_on_epoch), use_ema=True, ema_momentum=0.5)
    assert weights == seen
    assert trainer.model.get_weights()[0].item() == 1.5  # use_ema ends with the averages


def test_needs_averages() -> None:
    with pytest.raises(ConfigError, match="use_ema: true"):
        trained(callbacks.SwapEMAWeights())
