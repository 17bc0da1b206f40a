"""Names of Keras that change nothing here, and those that cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnctl import callbacks
from nnctl.checkpoint import load_weights
from nnctl.errors import ConfigError
from nnctl.fields import create

from .test_callbacks import run


@pytest.mark.parametrize("callback", [callbacks.BaseLogger(), callbacks.BackupAndRestore("somewhere")])
def test_changes_nothing(tmp_path: Path, callback: callbacks.Callback) -> None:
    trainer, saved = run(tmp_path, callback, [2.0, 1.0])
    assert trainer.history.history == {"loss": [0, 0], "val_loss": [2, 1]}
    assert not saved
    assert not list(tmp_path.iterdir())


def test_code_cannot_stand_in_a_spec() -> None:
    with pytest.raises(ConfigError, match=r"no callback is called 'LambdaCallback' .*load it with --plugin FILE\.py"):
        create("callback", {"LambdaCallback": {"on_epoch_end": "print"}})


def test_model_checkpoint_of_the_weights_alone(tmp_path: Path) -> None:
    trainer, saved = run(tmp_path, callbacks.ModelCheckpoint("{epoch}.weights.h5", save_weights_only=True), [2.0, 1.0])
    assert not saved  # no whole model
    model = trainer.model
    load_weights(tmp_path / "1.weights.h5", model)
    np.testing.assert_array_equal(model.get_weights()[0], [[0]])
    load_weights(tmp_path / "2.weights.h5", model)
    np.testing.assert_array_equal(model.get_weights()[0], [[1]])
