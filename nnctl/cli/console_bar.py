"""The bar of a training run on a terminal, drawn by rich.

A finished epoch stays as one line. Where epochs are short the bar runs over the whole run, and only
some of them stay: the first, the last, and one every few seconds. The bar is drawn at most ten
times a second, from the callbacks themselves; a batch in between costs a look at the clock.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nnctl.cli import wording
from nnctl.cli.progress import EpochLines
from nnctl.cli.voice import voice, write_line

INTERVAL = 0.1  # seconds between two drawings
SHORT = 0.25  # seconds: shorter epochs share a bar
BETWEEN_LINES = 3.0  # seconds between two lines of short epochs
BAR_WIDTH = 24
GONE = (OSError, ValueError)  # where the terminal was closed; the run goes on


class Bar(EpochLines):
    """epoch  3/40 ━━━━━━━━━━━━━━━━━━━━━━━━ 35/45  loss 0.2345  accuracy 0.9312  12,345 samples/s  0:12 left"""

    def __init__(self) -> None:
        # Rich takes COLUMNS=0 at its word.
        environment = {k: v for k, v in os.environ.items() if k != "COLUMNS" or (v.isdecimal() and int(v) > 0)}
        self.console = Console(file=sys.stderr, highlight=False, force_terminal=True, _environ=environment)
        self.screen = Live(
            console=self.console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self.due = self.line_due = 0.0
        self.short = False

    def on_train_begin(self) -> None:
        super().on_train_begin()
        self.samples_before = self.rows = self.trainer.samples
        voice.show = self.show
        self.screen.start()
        self.console.show_cursor(True)  # a killed process cannot bring it back

    def on_batch_end(self, batch: int, loss: float) -> None:
        if time.perf_counter() >= self.due:
            self.draw()

    def on_epoch_begin(self, epoch: int) -> None:
        super().on_epoch_begin(epoch)
        self.samples_before = self.trainer.samples if self.trainer.batch else 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        now = time.perf_counter()
        self.rows = self.trainer.samples
        self.short = now - self.epoch_began < SHORT
        if not self.short or now >= self.line_due or epoch + 1 == self.trainer.epochs:
            self.line_due = now + BETWEEN_LINES
            self.show(self.line(epoch, logs))

    def close(self) -> None:
        voice.show = write_line
        with suppress(*GONE):
            self.screen.stop()

    def show(self, text: str) -> None:
        """Put a line above the bar."""
        with suppress(*GONE):
            self.console.print(Text(text), soft_wrap=True)

    def draw(self) -> None:
        with suppress(*GONE):
            self.screen.update(self.row(), refresh=True)
        self.due = time.perf_counter() + INTERVAL

    def row(self) -> Table:
        """Make the picture of this moment."""
        trainer = self.trainer
        total = str(trainer.epochs)
        batches = len(trainer.train)
        done, whole = (self.done() * trainer.epochs, trainer.epochs) if self.short else (trainer.batch, batches)
        count = "" if self.short else f" {trainer.batch}/{batches} "
        row = Table.grid(padding=(0, 1, 0, 0))
        for _ in range(2):
            row.add_column(no_wrap=True)
        row.add_column(no_wrap=True, overflow="ellipsis")
        row.add_row(
            Text(f"epoch {trainer.epoch + 1:>{len(total)}}/{total}"),
            ProgressBar(total=whole, completed=done, width=min(BAR_WIDTH, max(self.console.width // 4, 4))),
            Text(
                f"{count} {wording.logs(trainer.logs())}  {self.pace():,.0f} samples/s  "
                f"{wording.duration(max(self.seconds_left(), 1))} left".lstrip()
            ),
        )
        return row

    def pace(self) -> float:
        """Return the samples a second: of this epoch, or of the whole run where epochs are short."""
        now = time.perf_counter()
        if self.short:
            return (self.done() - self.done_before) * self.trainer.epochs * self.rows / max(now - self.began, 1e-9)
        return (self.trainer.samples - self.samples_before) / max(now - self.epoch_began, 1e-9)
