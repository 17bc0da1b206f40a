"""What checkpoints cost: under 2 % of the time by default, whatever one costs and however long an epoch takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from nnctl.run import saving
from nnctl.run.saving import Often, Saver


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("cost", [0.001, 0.05, 1.0, 20.0])
@pytest.mark.parametrize("epoch", [0.5, 40.0, 900.0])
def test_share_of_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, cost: float, epoch: float) -> None:
    """On a clock of its own. The first save, before it is known what one costs, and one each 5 minutes come on top."""
    clock, spent = Clock(), 0.0

    def save_state(path: Any, state: Any) -> None:
        nonlocal spent
        clock.now += cost
        spent += cost

    monkeypatch.setattr(saving, "time", clock)
    monkeypatch.setattr(saving, "save_state", save_state)
    saver = Saver()
    model = SimpleNamespace(optimizer=SimpleNamespace(iterations=1))
    saver.trainer = SimpleNamespace(callbacks=[], state=dict, model=model)  # type: ignore[assignment]
    saver.open(tmp_path / "a", tmp_path / "b", {}, lambda seconds: None, Often())
    saver.on_train_begin()
    began, batches = clock.now, 4
    while clock.now - began < 4000:
        for batch in range(batches):
            clock.now += epoch / batches
            saver.on_batch_end(batch, 0.0)
        saver.on_epoch_end(0, {})
    every_five_minutes = cost / saving.SECONDS
    assert spent > 0
    assert (spent - cost) / (clock.now - began) <= max(saving.SHARE, every_five_minutes)
