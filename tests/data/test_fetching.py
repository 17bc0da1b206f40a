"""A03, A04, A06, A07: downloads from a real server that is cut short, wrong, silent or redirects."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnctl.data import DataSettings, Places, fetching, prepare
from nnctl.data.catalog import CATALOG, Entry, File
from nnctl.data.fetching import fetch, fetch_file
from nnctl.data.named import NamedSet
from nnctl.errors import DataError, DeniedError, DownloadError, MissingInputError
from tests.data.server import cut, redirect, serving, status, whole

CONTENT = bytes(range(256)) * 2000
FILE = File("things/thing.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "https://example.invalid/")
PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what makes an address the one to download from."""

    def allow(address: str) -> None:
        monkeypatch.delenv("NNCTL_OFFLINE", raising=False)
        monkeypatch.setenv("NNCTL_MIRROR", address)

    return allow


def left_over(folder: Path) -> list[str]:
    """Name all files but the locks."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock"))


def test_whole_file_arrives_once(mirror: Any, tmp_path: Path) -> None:
    with serving(whole(CONTENT)) as (address, asked):
        mirror(address)
        for _ in range(2):
            assert fetch_file(FILE, tmp_path).read_bytes() == CONTENT
    assert asked == ["/things/thing.bin"]
    assert left_over(tmp_path) == ["thing.bin"]


def test_progress_is_told(mirror: Any, tmp_path: Path) -> None:
    class Bar:
        total = 0
        done = 0
        closed = False

        def update(self, count: int) -> None:
            self.done += count

        def reset(self) -> None:
            self.done = 0

        def close(self) -> None:
            self.closed = True

    bar = Bar()
    with serving(whole(CONTENT)) as (address, _):
        mirror(address)
        fetch_file(FILE, tmp_path, lambda file: bar)
    assert (bar.total, bar.done, bar.closed) == (len(CONTENT), len(CONTENT), True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(cut(CONTENT, says_length=True), "cannot be reached, or broke off|failed", id="cut"),
        pytest.param(cut(CONTENT, says_length=False), "only 204,800 of 512,000 bytes", id="cut-without-length"),
        pytest.param(whole(PAGE, "text/html"), "sent a web page instead of the file", id="page"),
        pytest.param(whole(CONTENT[::-1]), "has another checksum", id="checksum"),
        pytest.param(whole(CONTENT * 2), "has another checksum", id="too-long"),
        pytest.param(status(404), "answers 404", id="404"),
        pytest.param(status(503), "answers 503", id="503"),
        pytest.param(redirect("file:///etc/passwd"), "refuses the redirect", id="to-file"),
        pytest.param(redirect("http://169.254.169.254/latest"), "refuses the redirect", id="to-link-local"),
        pytest.param(redirect("https://169.254.169.254/latest"), "refuses the redirect", id="to-number"),
        pytest.param(redirect("ftp://example.invalid/x"), "refuses the redirect", id="to-ftp"),
        pytest.param(redirect("/things/thing.bin"), "TooManyRedirects", id="round-and-round"),
    ],
)
def test_a04_a07_nothing_is_left_under_the_final_name(answer: Any, message: str, mirror: Any, tmp_path: Path) -> None:
    with serving(answer) as (address, _):
        mirror(address)
        with pytest.raises(DownloadError, match=message) as caught:
            fetch_file(FILE, tmp_path)
    assert left_over(tmp_path) == []
    for hint in (FILE.address, str(tmp_path / FILE.name), FILE.sha256):
        assert hint in str(caught.value)
    with serving(whole(CONTENT)) as (address, _):  # and the next try starts clean
        mirror(address)
        assert fetch_file(FILE, tmp_path).read_bytes() == CONTENT


def test_a07_no_step_down_from_https() -> None:
    class Response:
        is_redirect = True
        url = "https://example.invalid/a"
        headers: dict[str, str] = {"location": "http://example.invalid/a"}  # noqa: RUF012 - stands for one answer

    with pytest.raises(DownloadError, match=r"refuses the redirect from https://example\.invalid to http://"):
        fetching._check_redirect(Response())
    Response.headers = {"location": "https://elsewhere.invalid/b"}
    fetching._check_redirect(Response())


def test_a07_silent_server(mirror: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and says nothing
        mirror(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(DownloadError, match="does not answer"):
            fetch_file(FILE, tmp_path, silence=0.2)
    assert fetching.CONNECT + fetching.SILENCE <= 30


def test_a07_nobody_there(mirror: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    mirror(f"http://127.0.0.1:{port}")
    with pytest.raises(DownloadError, match="cannot be reached"):
        fetch_file(FILE, tmp_path)
    mirror("ftp://127.0.0.1")
    with pytest.raises(DownloadError, match="no http or https address"):
        fetch_file(FILE, tmp_path)


FETCH = """
import sys
from pathlib import Path
from nnctl.data.catalog import File
from nnctl.data.fetching import fetch_file
name, size, sha256, folder = sys.argv[1:]
print(len(fetch_file(File(name, int(size), sha256), Path(folder)).read_bytes()))
"""


def job(address: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, FILE.name, str(FILE.size), FILE.sha256, str(folder)],
        env={**os.environ, "NNCTL_MIRROR": address, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a06_jobs_that_start_together_download_once(tmp_path: Path) -> None:
    with serving(whole(CONTENT)) as (address, asked):
        jobs = [job(address, tmp_path) for _ in range(8)]
        assert [done.communicate(timeout=60)[0].strip() for done in jobs] == [str(len(CONTENT))] * 8
    assert len(asked) == 1
    assert left_over(tmp_path) == ["thing.bin"]


def test_a04_killed_in_the_middle(mirror: Any, tmp_path: Path) -> None:
    def hang(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        request.wfile.write(CONTENT[:200_000])
        request.wfile.flush()
        time.sleep(30)

    part = tmp_path / "things" / ".thing.bin.part"
    with serving(hang) as (address, _):
        killed = job(address, tmp_path)
        while not (part.exists() and part.stat().st_size):
            assert killed.poll() is None
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    assert not (tmp_path / FILE.name).exists()
    with serving(whole(CONTENT)) as (address, _):
        mirror(address)
        assert fetch_file(FILE, tmp_path).read_bytes() == CONTENT
    assert left_over(tmp_path) == ["thing.bin"]


class Things(NamedSet):
    set_name = "things"


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make a set known and the cache empty; return where its file will lie."""
    monkeypatch.setitem(CATALOG, "things", Entry("things", "bytes", "none", (FILE,)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NNCTL_DATA_DIR", raising=False)
    return tmp_path / "cache" / "nnctl" / "datasets" / FILE.name


def test_first_use_downloads_and_offline_forbids(
    mirror: Any, things: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "nnctl.data")
    monkeypatch.setenv("NNCTL_OFFLINE", "1")
    with pytest.raises(MissingInputError, match=r"things/thing.bin not found; looked in .* nnctl data fetch things"):
        Things().content(FILE.name, Places(Path()), None)
    with serving(whole(CONTENT)) as (address, _):
        mirror(address)
        path, content = Things().content(FILE.name, Places(Path()), None)
    assert (path, content) == (things, CONTENT)
    assert "downloading thing.bin" in caplog.text


def test_a03_cached_file_with_one_byte_changed(mirror: Any, things: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    things.parent.mkdir(parents=True)
    for _ in range(2):
        stamp = time.time_ns()
        things.write_bytes(CONTENT[:1000] + b"?" + CONTENT[1001:])
        os.utime(things, ns=(stamp, stamp))
        monkeypatch.setenv("NNCTL_OFFLINE", "1")
        found = hashlib.sha256(things.read_bytes()).hexdigest()
        with pytest.raises(DataError, match=f"thing.bin: refuses to load it: its sha256 is {found}.*{FILE.sha256}"):
            Things().content(FILE.name, Places(Path()), None)
        with serving(whole(CONTENT)) as (address, asked):
            mirror(address)
            assert Things().content(FILE.name, Places(Path()), None)[1] == CONTENT
        assert asked == ["/things/thing.bin"]


def test_a03_holds_for_files_that_are_read_in_place(things: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mnist.npz and the idx files are not read as a whole, but proved all the same."""
    monkeypatch.setenv("NNCTL_OFFLINE", "1")
    mnist = things.parents[1] / "mnist.npz"
    mnist.parent.mkdir(parents=True)
    mnist.write_bytes(CONTENT)
    with pytest.raises(DataError, match=r"mnist.npz: refuses to load it: its sha256 is"):
        prepare(DataSettings(source="mnist"))


def test_all_files_of_a_set(mirror: Any, things: Path, tmp_path: Path) -> None:
    with serving(whole(CONTENT)) as (address, _):
        mirror(address)
        assert fetch("things", tmp_path) == [tmp_path / FILE.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(mirror: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DeniedError, match="choose another place with --data-dir"):
        fetch_file(FILE, tmp_path / "below")


def test_catalog_is_complete() -> None:
    for name, entry in CATALOG.items():
        for file in entry.files:
            assert file.address.startswith("https://"), name
            assert len(file.sha256) == 64
            assert int(file.sha256, 16)
            assert file.size > 1000
