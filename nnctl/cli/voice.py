"""What a command says while it works: lines on stderr, as text or as JSON objects.

Text from files is escaped, so that it cannot steer a terminal. A reader of stderr who has left is
no reason to stop a training run: the voice falls silent and the work goes on.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

from nnctl.errors import escape

QUIET, NORMAL, VERBOSE = -1, 0, 1


class Voice:
    """How much is said (`level`), and how: `as_json`, or through `show` while a bar is on the screen."""

    def __init__(self) -> None:
        self.level = NORMAL
        self.as_json = False
        self.show: Callable[[str], None] = write_line

    def say(self, text: str) -> None:
        """Say a line, or several, unless -q."""
        if self.level >= NORMAL:
            self._lines("message", text)

    def detail(self, text: str) -> None:
        """Say a line that only -v wants."""
        if self.level >= VERBOSE:
            self._lines("detail", text)

    def error(self, text: str, status: int, detail: str = "") -> None:
        """Say why the command failed: the detail as it is, and one last line."""
        if self.as_json:
            self.event("error", text=text, status=status, **({"detail": detail} if detail else {}))
            return
        for line in detail.splitlines():
            self.show(escape(line))
        self.show(f"nnctl: error: {escape(text)}")

    def event(self, name: str, **values: Any) -> None:
        """Say a JSON object; only with --log-format json."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self.show(json_line({"time": stamp, "event": name, **values}))

    def _lines(self, event: str, text: str) -> None:
        if self.as_json:
            self.event(event, text=text)
        else:
            for line in text.split("\n"):
                self.show(escape(line))


def write_line(text: str) -> None:
    """Write a line to stderr at once."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # nobody reads it; what matters is in the exit status and the run directory


def json_line(value: Any) -> str:
    """Write plain values as strict JSON on one line; numbers that JSON has not become null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


voice = Voice()


def tell_of_downloads() -> None:
    """Say what the library logs: that it downloads a data set, and where it is kept."""
    import logging

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            voice.say(record.getMessage())

    log = logging.getLogger("nnctl.data")
    log.handlers = [Listener()]
    log.setLevel(logging.INFO)
    log.propagate = False
