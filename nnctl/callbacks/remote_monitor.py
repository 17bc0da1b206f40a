"""RemoteMonitor: the numbers of every epoch, sent to a server."""

from __future__ import annotations

import base64
import http.client
import json
import math
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from nnctl.callbacks import Callback
from nnctl.fields import field as option  # one of the options is called field
from nnctl.registry import register

SECONDS = 5.0  # that a server may take, and that the end of a run waits for it
WAITING = 100  # epochs kept while the server is slow; those after them are dropped


@register("callback")
class RemoteMonitor(Callback):
    """POST {epoch, loss, ...} to root + path after each epoch (from 0)

    As JSON, or as a form whose `field` holds the JSON. Sent in the background, 5 s at most each, over
    http or https, without following redirects; a server that fails never stops or slows the run: one
    warning is given. A user and password in `root` become the Authorization header; they stand in the
    run's spec.yaml, as the spec says them, and never in its log.
    Source  keras.callbacks.RemoteMonitor
    """

    root: str = option("http://localhost:9000", doc="Address of the server.")
    path: str = option(  # type: ignore[assignment]  # Keras' name; no file is written, so `Callback.path` is not missed
        "/publish/epoch/end/", doc="Put after the address."
    )
    field: str = option("data", doc="Name in the form that holds the JSON.")
    headers: dict[str, str] | None = option(None, doc="More headers of the request.")
    send_as_json: bool = option(False, doc="Send JSON alone, not a form.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        try:
            url = urlsplit(self.root + self.path)
            is_sound = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        except ValueError:
            is_sound = False
        if not is_sound or not (self.root + self.path).isprintable() or " " in self.root + self.path:
            yield "root", "expected an address such as http://localhost:9000 (http or https only)"
        for name, value in (self.headers or {}).items():
            if not (name.isascii() and name.isprintable() and value.isprintable()):
                yield "headers", "expected names and values of one printable line"

    def reset(self) -> None:
        self.url = urlsplit(self.root + self.path)
        self.waiting: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self.trouble: str | None = None
        self.has_warned = False
        self.thread: threading.Thread | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        numbers = {name: value if math.isfinite(value) else None for name, value in logs.items()}
        text = json.dumps({"epoch": epoch, **numbers})
        body = text if self.send_as_json else urlencode({self.field: text})
        if self.thread is None:
            self.thread = threading.Thread(target=self._send_all, name="RemoteMonitor", daemon=True)
            self.thread.start()
        try:
            self.waiting.put_nowait(body.encode())
        except queue.Full:
            self.trouble = self.trouble or "does not keep up"
        self._warn()

    def on_train_end(self) -> None:
        if self.thread is not None:
            deadline = time.monotonic() + SECONDS
            while self.thread.is_alive() and not self.waiting.empty() and time.monotonic() < deadline:
                time.sleep(0.01)
            try:
                self.waiting.put_nowait(None)
                self.thread.join(max(deadline - time.monotonic(), 0))
            except queue.Full:
                self.trouble = self.trouble or "does not keep up"
            if self.thread.is_alive():
                self.trouble = self.trouble or "does not answer"
        self._warn()

    def _warn(self) -> None:
        """Say the first trouble, in the thread of the run."""
        if self.trouble is not None and not self.has_warned:
            self.has_warned = True
            self.say(f"warning: RemoteMonitor: {self.url.scheme}://{self.url.hostname} {self.trouble}; "
                     "the run goes on without it")  # fmt: skip

    def _send_all(self) -> None:
        while (body := self.waiting.get()) is not None:
            try:
                status = post(self.url, body, self._all_headers())
            except (OSError, http.client.HTTPException, ValueError) as error:
                # The text of an error may hold the address with its password: the kind alone is told.
                reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
                self.trouble = self.trouble or f"cannot be reached ({reason})"
            else:
                if not 200 <= status < 300:
                    self.trouble = self.trouble or f"answers with status {status}"

    def _all_headers(self) -> dict[str, str]:
        form = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        headers = {"Content-Type": form, **(self.headers or {})}
        if self.url.username is not None:
            pair = f"{unquote(self.url.username)}:{unquote(self.url.password or '')}"
            headers.setdefault("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
        return headers


def post(url: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """Send one request, on a connection of its own; return the status of the answer."""
    kind: Any = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname, url.port, timeout=SECONDS)
    try:
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, headers)
        return int(connection.getresponse().status)
    finally:
        connection.close()
