"""Requests that wait for their body take no worker; health needs none."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from featurememory.http.connections.slow_clients import BodyReads
from featurememory.http.connections.worker_slots import SLOTS, KeptConnections, WorkerSlots


def read_all(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [body]


class UnfinishedBody:
    """Ends when it is told to."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.begun.set()
        self.ended.wait(20)
        return b""


def ask(application: WorkerSlots, path: str = "/", body: Any = None, length: str = "9") -> Any:
    seen: list[str] = []
    environ: dict[str, Any] = {"PATH_INFO": path, "REMOTE_ADDR": "a", "CONTENT_LENGTH": length}
    environ |= {"wsgi.input": body or io.BytesIO(b"some text")}
    text = b"".join(application(environ, lambda status, head: seen.append(status)))
    return seen[0][:3], text


def test_unfinished_bodies_take_no_worker_from_others() -> None:
    application, bodies = WorkerSlots(read_all, BodyReads()), [UnfinishedBody() for _ in range(40)]
    with ThreadPoolExecutor(41) as pool:
        held = [pool.submit(ask, application, body=body) for body in bodies]
        try:
            assert all(body.begun.wait(10) for body in bodies)
            assert pool.submit(ask, application).result(10) == ("200", b"some text")
        finally:
            for body in bodies:
                body.ended.set()
        assert {one.result(10) for one in held} == {("200", b"")}


def test_health_is_answered_while_every_worker_is_busy() -> None:
    application = WorkerSlots(read_all, BodyReads())
    assert all(application.take() for _ in range(SLOTS))

    assert ask(application, "/health/live", length="0") == ("200", b'{"status": "live"}')
    assert ask(application, "/health/ready")[0] == "200"


def test_a_request_takes_one_worker_and_gives_it_back() -> None:
    application = WorkerSlots(read_all, BodyReads())
    for _ in range(SLOTS + 1):
        assert ask(application)[0] == "200"
    assert all(application.take() for _ in range(SLOTS))


def test_a_body_more_than_may_be_waited_for_is_refused_at_once() -> None:
    reads = BodyReads()
    reads.PER_ADDRESS = 1
    with reads.follow("a"):
        status, text = ask(WorkerSlots(read_all, reads))
        assert (status, b'"THROTTLED"' in text) == ("429", True)
        assert ask(WorkerSlots(read_all, reads), length="0")[0] == "200"


def test_a_large_body_is_read_whole() -> None:
    whole = bytes(range(256)) * 4000
    assert ask(WorkerSlots(read_all, BodyReads()), body=io.BytesIO(whole))[1] == whole


def test_few_threads_keep_their_connection_and_a_thread_that_ended_makes_room(
    monkeypatch: Any,
) -> None:
    closed: list[int] = []
    target = "featurememory.http.connections.worker_slots.connections.close_all"
    monkeypatch.setattr(target, lambda: closed.append(threading.get_ident()))
    kept = KeptConnections(1)

    def run() -> None:
        thread = threading.Thread(target=kept.close_if_too_many)
        thread.start()
        thread.join(10)

    run()
    run()
    assert not closed
    kept.close_if_too_many()
    run()
    assert len(closed) == 1
