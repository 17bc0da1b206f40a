"""Atomic files under faults: C02 (the k-th call fails), C03 (order), C05 (unusable places), C06 (umask, links)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nnctl.checkpoint.atomic import check_writable, sweep, write_bytes, write_file, write_text
from nnctl.errors import DeniedError, OutputError, ReadWriteError


class FailingCalls:
    """Records the system calls that a save makes, and fails the k-th of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: int, code: int, persistent: bool) -> None:
        self.seen: list[str] = []
        self.failing, self.code, self.persistent = failing, code, persistent
        for name in ("open", "fsync", "replace"):
            monkeypatch.setattr(os, name, self.wrapped(name, getattr(os, name)))

    def wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.seen.append(name)
            number = len(self.seen)
            if number == self.failing or (self.persistent and 0 < self.failing <= number):
                raise OSError(self.code, os.strerror(self.code))
            return real(*args, **kwargs)

        return call


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("failing", range(1, 6))
def test_c02_any_failing_call_leaves_the_old_or_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, code: int, persistent: bool
) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"old")
    with monkeypatch.context() as patched:
        FailingCalls(patched, failing, code, persistent)
        with pytest.raises(ReadWriteError, match=r"model\.h5: writing failed"):
            write_bytes(path, b"new")
    assert path.read_bytes() in (b"old", b"new")
    assert os.listdir(tmp_path) == ["model.h5"]


def test_c03_file_is_synced_before_the_rename_and_the_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        calls = FailingCalls(patched, 0, 0, False)
        write_bytes(tmp_path / "model.h5", b"new")
    assert calls.seen == ["open", "fsync", "replace", "open", "fsync"]


def test_c04_file_size_limit_is_an_error_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"old")

    def out_of_space(file: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ReadWriteError, match=r"No space left on device \([\d,]+ bytes free\)"):
        write_file(path, out_of_space)
    with pytest.raises(ReadWriteError, match=r"No space left on device \(1,234 bytes needed, [\d,]+ free\)"):
        write_file(path, out_of_space, 1234)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.h5"]


def unusable(folder: Path) -> Iterator[tuple[Path, str]]:
    (folder / "folder").mkdir()
    (folder / "file").write_text("")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    yield folder / "folder", "it is a directory"
    yield folder / "missing" / "a.h5", "directory does not exist"
    yield folder / "file" / "a.h5", "is a file, not a directory"
    yield folder / ("a" * 300), "name is too long"
    yield folder / "circle", "circle"
    yield folder / "pipe", "device, pipe or socket"
    yield folder / "nul\0l", "cannot write here"


@pytest.mark.parametrize("function", [lambda path: write_bytes(path, b""), check_writable])
def test_c05_unusable_places_are_refused(tmp_path: Path, function: Callable[[Path], None]) -> None:
    for path, sentence in list(unusable(tmp_path)):
        before = sorted(os.listdir(tmp_path))
        with pytest.raises(OutputError, match=sentence):
            function(path)
        assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_c05_read_only_directory_is_denied(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DeniedError, match="no permission"):
        write_bytes(tmp_path / "a.h5", b"")


def test_c05_longest_name_is_usable(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("a" * 252 + ".h5"), b"x")


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_c06_mode_follows_the_umask(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "ä\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()


def test_c06_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link.h5").symlink_to(tmp_path / "far" / "real.h5")
    write_bytes(tmp_path / "link.h5", b"new")
    assert (tmp_path / "link.h5").is_symlink()
    assert (tmp_path / "far" / "real.h5").read_bytes() == b"new"


def test_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(file: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", interrupted)
    assert os.listdir(tmp_path) == []


def test_c08_sweep_removes_only_what_killed_writes_left(tmp_path: Path) -> None:
    (tmp_path / ".0123456789abcdef.nnctl-tmp").write_text("")
    (tmp_path / "notes.nnctl-tmp").write_text("")
    assert [path.name for path in sweep(tmp_path)] == [".0123456789abcdef.nnctl-tmp"]
    assert os.listdir(tmp_path) == ["notes.nnctl-tmp"]
