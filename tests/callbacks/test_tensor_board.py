"""TensorBoard: what the real TensorBoard reads in the event files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from nnctl import callbacks
from nnctl.errors import MissingExtraError

from .test_callbacks import run


def test_without_tensorboardx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'nnctl\[tensorboard\]'"):
        run(tmp_path, callbacks.TensorBoard(), [1.0])


def events(folder: Path) -> Any:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = accumulator.EventAccumulator(str(folder), size_guidance={"histograms": 0})  # 0: keep all
    read.Reload()
    return read


def scalars(read: Any) -> dict[str, list[tuple[int, float]]]:
    return {tag: [(event.step, event.value) for event in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def test_scalars_and_histograms(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    run(tmp_path, callbacks.TensorBoard("tb", histogram_freq=2, update_freq="batch"), [3.0, 2.0, 1.0])
    train = events(tmp_path / "tb" / "train")
    assert scalars(train) == {
        "batch_loss": [(1, 0), (2, 0), (3, 0)],
        "epoch_loss": [(0, 0), (1, 0), (2, 0)],
        "epoch_learning_rate": [(0, 1), (1, 1), (2, 1)],
    }
    assert scalars(events(tmp_path / "tb" / "validation")) == {"epoch_loss": [(0, 3), (1, 2), (2, 1)]}
    histograms = train.Histograms("dense/kernel/histogram")
    assert [(event.step, event.histogram_value.max) for event in histograms] == [(0, 0), (2, 2)]
