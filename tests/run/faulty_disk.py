"""A disk that fails at the k-th call, once or from then on: open, write, fsync, close, rename, link, mkdir, unlink."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest


class FaultyDisk:
    """Counts the calls by which this process changes the disk, and makes one of them fail.

    Files are real ones; a write that fails has written half of its bytes, a close that fails has closed.
    """

    def __init__(self, patch: pytest.MonkeyPatch, failing: int, code: int, persistent: bool) -> None:
        self.failing, self.code, self.persistent, self.count = failing, code, persistent, 0
        for name in ("fsync", "replace", "link", "mkdir"):
            patch.setattr(os, name, self.wrapped(getattr(os, name)))
        patch.setattr(os, "open", self.opened(os.open))
        patch.setattr(os, "fdopen", self.file)
        real = io.open
        patch.setattr(
            io,
            "open",
            lambda path, mode="r", *a, **k: (self.text if set(mode) & {"w", "a"} else real)(path, mode, *a, **k),
        )

    def is_due(self) -> bool:
        self.count += 1
        return self.count == self.failing or (self.persistent and self.count > self.failing > 0)

    def call(self) -> None:
        if self.is_due():
            raise OSError(self.code, os.strerror(self.code))

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.call()
            return real(*args, **kwargs)

        return call

    def opened(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR):
                self.call()
            return real(path, flags, *args, **kwargs)

        return call

    def file(self, descriptor: int, mode: str) -> Any:
        raw = _Raw(descriptor, mode)
        raw.disk = self
        return io.BufferedReader(raw) if mode == "rb" else io.BufferedWriter(raw)

    def text(
        self, path: Any, mode: str, buffering: int = -1, encoding: Any = None, *_: Any, newline: Any = None
    ) -> Any:
        self.call()
        raw = _Raw(os.fspath(path), mode.replace("b", "").replace("t", ""))
        raw.disk = self
        buffered = io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding or "utf-8", newline=newline, line_buffering=buffering == 1)


class _Raw(io.FileIO):
    disk: FaultyDisk

    def write(self, data: Any) -> int:
        if self.disk.is_due():
            super().write(bytes(data)[: len(data) // 2])
            raise OSError(self.disk.code, os.strerror(self.disk.code))
        return super().write(data)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if self.writable_once:
            self.disk.call()

    @property
    def writable_once(self) -> bool:
        return "r" not in self.mode or "+" in self.mode
