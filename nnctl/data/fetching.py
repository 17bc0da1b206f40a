"""Downloads of the public data sets, so that a file under its final name is always whole and right.

A file is written under another name, its size and sha256 are checked, and only then is it renamed.
A lock beside it makes several jobs that start together download it once; what a killed job left
behind is overwritten by the next. Every failure says where to put the file by hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from nnctl.data.catalog import CATALOG, File
from nnctl.errors import DeniedError, DownloadError, OutputError

CONNECT, SILENCE = 10.0, 15.0  # seconds: to be answered at all, and between two pieces of the answer
PIECE = 1 << 16

log = logging.getLogger("nnctl.data")


class Progress(Protocol):
    """A bar: `total` is set when the size is known."""

    total: int

    def update(self, count: int) -> None: ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


def offline() -> bool:
    """Return whether NNCTL_OFFLINE forbids downloads."""
    return os.environ.get("NNCTL_OFFLINE", "") not in ("", "0")


def address(file: File) -> str:
    """Return where a file is to be had: below NNCTL_MIRROR, or at its canonical address."""
    mirror = os.environ.get("NNCTL_MIRROR")
    return f"{mirror.rstrip('/')}/{file.name}" if mirror else file.address


def fetch(
    name: str, folder: Path, bar: Callable[[File], Progress] | None = None, silence: float = SILENCE
) -> list[Path]:
    """Download what is not there of a data set into a folder; return its files.

    Raises DownloadError, and DeniedError or OutputError where the folder cannot be written.
    """
    return [fetch_file(file, folder, bar, silence) for file in CATALOG[name].files]


def fetch_file(
    file: File, folder: Path, bar: Callable[[File], Progress] | None = None, silence: float = SILENCE
) -> Path:
    """Download a file of a data set into a folder, unless it is there and right; return its path."""
    path = folder / file.name
    if is_right(path, file):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            if not is_right(path, file):  # else another job has just brought it
                log.info("downloading %s (%.1f MB) from %s", path.name, file.size / 1e6, address(file))
                _bring(file, path, bar(file) if bar else None, silence)
                log.info("saved %s", path)
    except PermissionError as error:
        raise DeniedError(
            f"{path.parent}: no permission to write there; choose another place with --data-dir"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path}: could not be written: {error.strerror or error}; free space, or use --data-dir"
        ) from error
    return path


def is_right(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256


def sha256(path: Path) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file; the system lets go of it when the process ends, however it ends."""
    with open(path.with_name(f".{path.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring(file: File, path: Path, bar: Progress | None, silence: float) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        try:
            _download(address(file), part, bar, silence)
            _check(part, file)
        except DownloadError as error:
            raise DownloadError(
                f"{file.name}: {error}; get it from {file.address} by hand, put it at {path}; "
                f"its sha256 is {file.sha256}"
            ) from error
        with open(part, "rb") as content:
            os.fsync(content.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _download(url: str, part: Path, bar: Progress | None, silence: float) -> None:
    import pooch
    import requests

    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url} is no http or https address")
    downloader = pooch.HTTPDownloader(
        progressbar=bar or False,
        chunk_size=PIECE,
        timeout=(min(CONNECT, silence), silence),
        hooks={"response": _check_redirect},
        headers={"Accept-Encoding": "identity"},
    )
    try:
        downloader(url, str(part), None)
    except requests.Timeout as error:
        raise DownloadError(f"{_host(url)} does not answer") from error
    except requests.HTTPError as error:
        raise DownloadError(
            f"{_host(url)} answers {getattr(error.response, 'status_code', 'with an error')}"
        ) from error
    except requests.ConnectionError as error:
        raise DownloadError(f"{_host(url)} cannot be reached, or broke off; is there a network?") from error
    except requests.RequestException as error:  # broke off in the middle, a redirect to nowhere, ...
        raise DownloadError(f"the download from {_host(url)} failed ({type(error).__name__})") from error


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _check_redirect(response: Any, *_: Any, **__: Any) -> None:
    """Follow a redirect within a host, or to another by https; never down from https, never to a bare number."""
    if not response.is_redirect:
        return
    start = urlsplit(response.url)
    end = urlsplit(urljoin(response.url, response.headers["location"]))
    same = (end.scheme, end.hostname) == (start.scheme, start.hostname)
    named = any(letter.isalpha() for letter in end.hostname or "") and ":" not in (end.hostname or "")
    if not same and not (end.scheme == "https" and named):
        raise DownloadError(
            f"refuses the redirect from {start.scheme}://{start.hostname} to {end.scheme}://{end.netloc}"
        )


def _check(part: Path, file: File) -> None:
    size = part.stat().st_size
    if size == file.size and sha256(part) == file.sha256:
        return
    with open(part, "rb") as content:
        start = content.read(256).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        raise DownloadError("the server sent a web page instead of the file")
    if size < file.size:
        raise DownloadError(f"only {size:,} of {file.size:,} bytes arrived")
    raise DownloadError(f"what arrived has another checksum ({size:,} bytes, sha256 {sha256(part)})")
