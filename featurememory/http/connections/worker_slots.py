"""Bounds how many requests are worked on at once, so that waiting for slow clients takes no worker.

A WSGI application around Django's. A request takes a slot, gives it back while it waits for its body,
and takes one again for its answer. The server has many more threads than slots; a thread that only
waits costs little. `/health/live` needs no slot and no Django.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.db import connections

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.connections.slow_clients import BodyReads
from featurememory.http.problems import build_problem
from featurememory.process import request_priority

# 16 answer 32 connections of short requests well on 2 cores.
SLOTS = 16
PATIENCE_S = 20.0
# Threads of the server; they are started when needed and end after 30 s without work.
THREADS = 192
# Threads that are left for health when everything else is full.
SPARE = 24
# Threads whose database connection stays open between requests; SQLite's holds up to 4 MB of pages.
KEEPING = 24
CHUNK = 1 << 18

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WorkerSlots:
    def __init__(self, application: Callable[..., Iterable[bytes]], reads: BodyReads) -> None:
        self._application, self._reads = application, reads
        self._slots = threading.Semaphore(SLOTS)
        self._waiting = threading.Semaphore(THREADS - SLOTS - reads.MOST - SPARE)
        self._kept = KeptConnections(KEEPING)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/health/live":
            return answer_live(start_response)
        if path.startswith("/health/"):
            return self._application(environ, start_response)
        address = environ.get("REMOTE_ADDR", "").removeprefix("::ffff:")
        if has_body(environ) and self._reads.is_full(address):
            return refuse(start_response, ErrorCode.THROTTLED, TOO_SLOW)
        if not self.take():
            return refuse(start_response, ErrorCode.OVERLOADED, BUSY)
        body = SlowBody(environ["wsgi.input"], address, self, self._reads)
        environ["wsgi.input"] = body
        try:
            return self._application(environ, start_response)
        finally:
            self._kept.close_if_too_many()
            if body.holds_slot:
                self.give()

    def take(self) -> bool:
        """Wait for a slot; False when too many wait, or for too long."""
        if self._slots.acquire(blocking=False):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._slots.acquire(timeout=PATIENCE_S)
        finally:
            self._waiting.release()

    def give(self) -> None:
        self._slots.release()


class SlowBody:
    """`wsgi.input` that gives its request's slot back while it waits for bytes."""

    def __init__(self, body: Any, address: str, slots: WorkerSlots, reads: BodyReads) -> None:
        self._body, self._address, self._slots, self._reads = body, address, slots, reads
        self.holds_slot = True

    def read(self, size: int = -1) -> bytes:
        was_answering = request_priority.leave_request()
        self._slots.give()
        self.holds_slot = False
        try:
            return self._read_in_chunks(size)
        finally:
            # Beyond PATIENCE_S it goes on without one: its body is in memory already.
            self.holds_slot = self._slots.take()
            if was_answering:
                request_priority.enter_request()

    def _read_in_chunks(self, size: int) -> bytes:
        parts: list[bytes] = []
        left = size if size >= 0 else 1 << 62
        with self._reads.follow(self._address) as progress:
            while left > 0:
                wanted = min(left, CHUNK)
                parts.append(self._body.read(wanted))
                progress.received += len(parts[-1])
                left -= len(parts[-1])
                if len(parts[-1]) < wanted:
                    break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, size: int = -1) -> bytes:
        return bytes(self._body.readline(size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        return list(self._body.readlines(hint))

    def __iter__(self) -> Any:
        return iter(self._body)


class KeptConnections:
    """Lets a bounded number of threads keep their database connections open between requests."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._own = threading.local()  # its content goes with the thread
        self._marks: weakref.WeakSet[ThreadMark] = weakref.WeakSet()

    def close_if_too_many(self) -> None:
        if getattr(self._own, "mark", None):
            return
        with self._lock:
            if len(self._marks) < self._most:
                self._own.mark = ThreadMark()
                self._marks.add(self._own.mark)
                return
        connections.close_all()


class ThreadMark:
    """Lives as long as its thread."""


LIVE = b'{"status": "live"}'
BUSY = "All workers are busy: nothing was stored, send again in a moment."
TOO_SLOW = "Too many requests of this address are still being sent: nothing was stored, send again."


def has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def answer_live(start_response: StartResponse) -> Iterable[bytes]:
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(LIVE)))]
    start_response("200 OK", [*head, ("Cache-Control", "no-store")])
    return [LIVE]


def refuse(start_response: StartResponse, code: ErrorCode, message: str) -> Iterable[bytes]:
    problem = build_problem(FeatureMemoryError(message, code), "")
    body, status = msgspec.json.encode(problem), problem["status"]
    head = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {problem['title']}", [*head, ("Retry-After", "2")])
    return [body]
