"""The bar of a download on a terminal, drawn by rich; elsewhere the lines of the voice are enough."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nnctl.cli.voice import NORMAL, voice


def bars() -> Callable[[Any], Any] | None:
    """Return what makes a bar for a file, or None where there is no terminal or -q was given."""
    if not sys.stderr.isatty() or voice.level < NORMAL or voice.as_json:
        return None
    return lambda file: Bar(file.name, file.size)


class Bar:
    """What a downloader moves on: `total` bytes, of which `update` adds some."""

    def __init__(self, name: str, size: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self.total = size
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._task = self._progress.add_task(name, total=size)
        self._progress.start()

    def update(self, count: int) -> None:
        self._progress.update(self._task, advance=count, total=self.total or None)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
