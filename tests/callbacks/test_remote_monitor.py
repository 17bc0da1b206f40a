"""RemoteMonitor against a real server on the loopback interface (W03)."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from nnctl import callbacks
from nnctl.callbacks import remote_monitor
from nnctl.errors import ConfigError

from .test_callbacks import run

Request = tuple[str, dict[str, str], bytes]


@contextmanager
def server(status: int = 200, **headers: str) -> Iterator[tuple[str, list[Request]]]:
    """Serve on a free port; yield host:port and the list that requests go to."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{http.server_port}", requests
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def said_in_a_run(tmp_path: Path, monitor: Any, values: list[float]) -> list[str]:
    said: list[str] = []
    monitor.say = said.append
    run(tmp_path, monitor, values)
    return said


def test_posts_a_form_after_each_epoch(tmp_path: Path) -> None:
    with server() as (address, requests):
        said = said_in_a_run(tmp_path, callbacks.RemoteMonitor(f"http://{address}", field="numbers"), [3.0, 2.0])
    assert not said
    paths, headers, bodies = zip(*requests, strict=True)
    assert paths == ("/publish/epoch/end/",) * 2
    assert headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
    sent = [json.loads(parse_qs(body.decode())["numbers"][0]) for body in bodies]
    assert sent == [{"epoch": 0, "loss": 0.0, "val_loss": 3.0}, {"epoch": 1, "loss": 0.0, "val_loss": 2.0}]


def test_posts_json_with_headers_and_a_password(tmp_path: Path) -> None:
    with server() as (address, requests):
        monitor = callbacks.RemoteMonitor(
            f"http://me:se%2Fcret@{address}", path="/x?y=1", headers={"X-Run": "7"}, send_as_json=True
        )
        said_in_a_run(tmp_path, monitor, [float("inf")])
    ((path, headers, body),) = requests
    assert path == "/x?y=1"
    assert headers["X-Run"] == "7"
    assert headers["Authorization"] == "Basic bWU6c2UvY3JldA=="
    assert json.loads(body) == {"epoch": 0, "loss": 0.0, "val_loss": None}  # JSON has no infinity


def test_redirects_are_not_followed(tmp_path: Path) -> None:
    with server() as (inside, never), server(302, Location=f"http://{inside}/") as (address, _):
        said = said_in_a_run(tmp_path, callbacks.RemoteMonitor(f"http://{address}"), [3.0, 2.0])
    assert not never
    assert said == ["warning: RemoteMonitor: http://127.0.0.1 answers with status 302; the run goes on without it"]


def test_nobody_there_is_one_warning_without_the_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    said = said_in_a_run(tmp_path, callbacks.RemoteMonitor(f"http://me:secret@127.0.0.1:{port}"), [3.0, 2.0, 1.0])
    (warning,) = said
    assert "cannot be reached (Connection refused)" in warning
    assert "secret" not in warning


def test_a_server_that_never_answers_does_not_hold_up_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_monitor, "SECONDS", 0.3)
    monkeypatch.setattr(remote_monitor, "WAITING", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monitor = callbacks.RemoteMonitor(f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        said = said_in_a_run(tmp_path, monitor, [1.0] * 50)
    assert time.monotonic() - started < 3  # 50 epochs of 0.3 s would be 15
    assert len(said) == 1
    assert monitor.thread is not None
    assert monitor.thread.daemon  # does not keep the process alive


@pytest.mark.parametrize(
    "root",
    ["file:///etc/passwd", "ftp://host", "localhost:9000", "http://", "http://a b", "http://a:99999", "http://a\n"],
)
def test_only_http_addresses(root: str) -> None:
    with pytest.raises(ConfigError, match="http or https only"):
        callbacks.RemoteMonitor(root)


def test_headers_cannot_be_smuggled_in() -> None:
    with pytest.raises(ConfigError, match="one printable line"):
        callbacks.RemoteMonitor(headers={"X": "a\r\nEvil: b"})
