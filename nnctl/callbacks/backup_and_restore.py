"""BackupAndRestore: a name of Keras for what every run does."""

from __future__ import annotations

from typing import Literal

from nnctl.callbacks import Callback
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import PositiveInt


@register("callback")
class BackupAndRestore(Callback):
    """save the state of the run, to go on after an interruption

    Every run of nnctl keeps checkpoint.h5 and goes on from it with --resume, to the same bits. The name
    is accepted so that Keras' specs run; all it changes is how often that file is saved.
    Source  keras.callbacks.BackupAndRestore
    """

    backup_dir: str = field(doc="Accepted for Keras' sake: checkpoints are in the run directory.")
    save_freq: Literal["epoch"] | PositiveInt = field("epoch", doc="Also save after every so many batches.")
    double_checkpoint: bool = field(False, doc="Accepted for Keras' sake: the checkpoint before is always kept.")
    delete_checkpoint: bool = field(True, doc="Accepted for Keras' sake: the checkpoint stays, for more epochs.")

    examples = ({"backup_dir": "backup"},)
