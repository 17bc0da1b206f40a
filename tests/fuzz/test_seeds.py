"""What the fuzzer once found, loaded again in each test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnctl.errors import NnctlError

from .fuzz import LOADERS, SOUND

SEEDS = sorted((Path(__file__).parent / "findings").glob("*.*"))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_t01_findings_are_refused_in_order(seed: Path) -> None:
    with pytest.raises(NnctlError) as caught:
        LOADERS[seed.name.partition(".")[2]](seed)
    assert caught.value.status in SOUND
