from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnctl.data import DataSettings, Prepared, prepare

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of text or bytes and return its path."""

    def write_file(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def table(write: Write) -> Callable[..., Prepared]:
    """Prepare a table given as text, its column y being the target."""

    def make(
        content: str | bytes, targets: Any = "auto", name: str = "t.csv", seed: int = 0, **settings: Any
    ) -> Prepared:
        path = write(content, name)
        return prepare(DataSettings(**{"source": str(path), "target": "y", **settings}), targets=targets, seed=seed)

    return make
