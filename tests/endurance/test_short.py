"""The endurance scripts, a few rounds of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from .flipped_bytes import flip_bytes
from .kill_rounds import kill_rounds


@pytest.mark.slow
def test_c01_killed_again_and_again(tmp_path: Path) -> None:
    counts = kill_rounds(tmp_path, 6, seed=1)
    assert counts["kills"] == 6
    assert counts["checkpoint.h5 whole, of a finished step"] > 0
    assert counts["runs that came to the same end"] > 0


@pytest.mark.slow
def test_m11_flipped_bytes_of_own_files(tmp_path: Path) -> None:
    counts = flip_bytes(tmp_path, 200, seed=1)
    assert sum(counts.values()) == 600
    assert counts["model.h5: equal"] == counts["checkpoint.h5: equal"] == 0  # the seal covers every byte


def test_m11_a_few_flipped_bytes(tmp_path: Path) -> None:
    assert sum(flip_bytes(tmp_path, 4, seed=2).values()) == 12
