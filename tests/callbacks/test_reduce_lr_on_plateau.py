"""ReduceLROnPlateau: which epochs count, and what the rate becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnctl import callbacks
from nnctl.errors import ConfigError
from nnctl.fields import create
from nnctl.findings import LegacyNameWarning

from .test_callbacks import run


@pytest.mark.parametrize(
    ("config", "values", "rates"),
    [
        # The rate of an epoch is that of its batches: it changes after the epoch that was waited for.
        ({"patience": 1, "factor": 0.5}, [3, 3, 3, 1], [1, 1, 0.5, 0.25]),
        ({"patience": 2, "factor": 0.5}, [3, 3, 3, 3], [1, 1, 1, 0.5]),
        ({"patience": 1, "factor": 0.5, "min_lr": 0.4}, [3, 3, 3, 3], [1, 1, 0.5, 0.4]),
        ({"patience": 1, "factor": 0.5, "min_delta": 0.2}, [3, 2.9, 2, 1], [1, 1, 0.5, 0.5]),
        ({"patience": 1, "factor": 0.5, "mode": "max"}, [1, 2, 3, 3, 3], [1, 1, 1, 1, 0.5]),
        ({"patience": 1, "factor": 0.5, "cooldown": 1}, [3, 3, 3, 3], [1, 1, 0.5, 0.25]),
        ({"patience": 1, "factor": 0.5, "cooldown": 2}, [3, 3, 3, 3, 3], [1, 1, 0.5, 0.5, 0.25]),
    ],
)
def test_rates(tmp_path: Path, config: dict[str, Any], values: list[float], rates: list[float]) -> None:
    trainer, _ = run(tmp_path, callbacks.ReduceLROnPlateau(**config), values)
    assert trainer.history.history["learning_rate"] == rates


def test_old_name_of_min_delta() -> None:
    with pytest.warns(LegacyNameWarning, match="'epsilon' is an old name: 'min_delta'"):
        assert create("callback", {"ReduceLROnPlateau": {"epsilon": 0.5}}).min_delta == 0.5


def test_not_beside_a_schedule(tmp_path: Path) -> None:
    class Scheduled(callbacks.ReduceLROnPlateau):
        def reset(self) -> None:
            super().reset()
            schedule = {"ExponentialDecay": {"initial_learning_rate": 1.0, "decay_steps": 1, "decay_rate": 0.5}}
            self.trainer.model.optimizer = create("optimizer", {"SGD": {"learning_rate": schedule}})

    with pytest.raises(ConfigError, match="is a schedule already"):
        run(tmp_path, Scheduled(), [1.0])
