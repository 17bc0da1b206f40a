"""A network trained with the Circle loss gives an embedding: as many outputs as it likes, whatever the classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnctl.spec import loads
from tests.cli.conftest import last_line, run_nnctl, write_flowers

SPEC = """\
data: {source: flowers.csv, target: place, scale: standard, labels: [Bern, Zürich]}
layers:
  - Dense: %d
  - UnitNormalization
loss: Circle
fit: {epochs: 1}
"""


@pytest.mark.parametrize("units", [1, 2, 5])
def test_no_number_of_outputs_is_wrong(units: int) -> None:
    assert loads(SPEC % units).layers[0].units == units


def test_predictions_are_the_embedding(tmp_path: Path) -> None:
    write_flowers(tmp_path / "flowers.csv")
    (tmp_path / "spec.yaml").write_text(SPEC % 5, encoding="utf-8")
    run_nnctl("train", "spec.yaml", "--out", "run", cwd=tmp_path)
    header, *rows = run_nnctl("predict", "run", "flowers.csv", cwd=tmp_path).stdout.splitlines()
    assert header == ",".join(f"prediction({i})" for i in range(5))
    assert len(rows) == 120
    refused = run_nnctl("predict", "run", "flowers.csv", "--labels", cwd=tmp_path, status=2)
    assert "the model predicts numbers, not classes" in last_line(refused)
