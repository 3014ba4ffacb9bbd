"""A server that a test can tell what to answer; it keeps what it was sent."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BATCH, FEEDBACK = "/api/v1/interactions/batch/", "/api/v1/feedback/"
PREPARE = "/api/v1/tasks/prepare/"
# (status, JSON or bytes, headers); None: the connection is closed without an answer.
Answer = tuple[int, Any, dict[str, str]] | None


class FakeServer:
    """`answer` may be replaced: it gets path and parsed body, and may return None for the usual."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any, dict[str, str]]] = []
        self.acknowledged: list[dict[str, Any]] = []
        self.answer: Callable[[str, Any], Answer | None] = lambda path, body: None
        self.decide: Callable[[dict[str, Any]], dict[str, Any]] = lambda task: {}
        self.connections = 0
        self.hangs_up = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.socket.listen(128)
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def respond(self, path: str, body: Any) -> Answer:
        given = self.answer(path, body)
        if given is not None:
            return given
        if path == BATCH:
            self.acknowledged += body
            return 207, {"accepted": len(body), "duplicates": 0, "rejected": []}, {}
        if path == PREPARE:
            return 200, decision(body["task"], self.decide(body["task"])), {}
        return 201, {}, {}

    # ---- what came ----

    def bodies(self, path: str) -> list[Any]:
        return [body for where, body, _ in self.requests if where == path]

    @property
    def feedback(self) -> list[dict[str, Any]]:
        return self.bodies(FEEDBACK)

    def found(self, text: str) -> list[dict[str, Any]]:
        """The acknowledged interactions with this text in their input, distinct by id."""
        kept = {entry["id"]: entry for entry in list(self.acknowledged)}
        return [entry for entry in kept.values() if text in json.dumps(entry["input"])]

    def one(self, text: str = "") -> dict[str, Any]:
        found = self.found(text)
        assert len(found) == 1, f"{len(found)} interactions with {text!r}"
        return found[0]


def decision(task: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A decision that changes nothing, but for `changes`."""
    return {
        "decision_id": "decision-1",
        "task": task,
        "changed": [],
        "patterns": [],
        "optimizations_applied": [],
        "propensity": 1.0,
        "reason": "none",
        "policy_version": "1",
        "cached_output": None,
        "shadows": [],
        "ttl": 60,
    } | changes


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: 40 ms

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(raw)
            server.requests.append((self.path, body, dict(self.headers)))
            answer = server.respond(self.path, body)
            if answer is None:
                self.close_connection = True
                return
            status, value, headers = answer
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or server.hangs_up

        def handle(self) -> None:
            with contextlib.suppress(OSError, ValueError):  # the client went away
                super().handle()

    return Handler


class Tarpit:
    """Accepts and never answers; with `drip` it sends a byte of a header now and then."""

    def __init__(self, drip: bool = False) -> None:
        self._drip = drip
        self._held: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self._held.append(connection)
            if self._drip:
                threading.Thread(target=self._feed, args=(connection,), daemon=True).start()

    def _feed(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                connection.sendall(b"a")
                time.sleep(0.02)

    def close(self) -> None:
        self._listener.close()
        for connection in self._held:
            connection.close()


def dead_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
