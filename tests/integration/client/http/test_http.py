"""The exchange with a server over a socket: whole answers, honest deadlines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from featurememory_client.http.address import Address, parse_address
from featurememory_client.http.connection import Connection
from featurememory_client.http.deadline import Deadline
from featurememory_client.http.reply import BadReply, HttpReply, ReplyReader
from featurememory_client.http.transport import Transport

from tests.integration.client.fake_server import FakeServer, Tarpit


def read(*parts: bytes) -> HttpReply:
    reader = ReplyReader()
    for part in parts:
        assert reader.reply is None
        reader.feed(part)
    assert reader.reply is not None
    return reader.reply


def in_bytes(text: bytes) -> list[bytes]:
    return [text[at : at + 1] for at in range(len(text))]


SIZED = b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 207 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
)
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED


@pytest.mark.parametrize(
    "answer", [SIZED, CHUNKED, CONTINUED], ids=["sized", "chunked", "continued"]
)
def test_an_answer_may_come_in_any_pieces(answer: bytes) -> None:
    for parts in ([answer], in_bytes(answer)):
        reply = read(*parts)
        assert (reply.status, reply.body) == (207, b"hello")


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    assert read(b"HTTP/1.0 200 OK\r\n\r\nhel", b"lo", b"").body == b"hello"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-nonsense\r\n\r\n",
        b"HTTP/1.1 yes\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
    ],
    ids=lambda text: text[:30].decode(),
)
def test_nonsense_and_floods_are_given_up(nonsense: bytes) -> None:
    with pytest.raises(BadReply):
        read(nonsense)


def test_half_an_answer_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionResetError):
        read(SIZED[:-1], b"")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", Address(False, "127.0.0.1", 8000, "")),
        ("https://memory.example/sub/", Address(True, "memory.example", 443, "/sub")),
        ("memory.example:80", Address(False, "memory.example", 80, "")),
        ("http://[::1]:8000", Address(False, "::1", 8000, "")),
        ("http://bücher.example", Address(False, "xn--bcher-kva.example", 80, "")),
    ],
)
def test_addresses(url: str, expected: Address) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://x/a b", "http://x:port"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_address(url)


def connect(url: str) -> Connection:
    return Transport(parse_address(url), "k", "test").make_connection()


@pytest.mark.parametrize("drip", [False, True])
def test_no_server_holds_its_caller_longer_than_the_deadline(drip: bool) -> None:
    trap = Tarpit(drip)
    began = time.monotonic()
    with pytest.raises(OSError, match="in time"):
        connect(trap.url).post("/", b"{}", Deadline(0.3))

    assert time.monotonic() - began < 1
    trap.close()


def test_a_server_that_does_not_read_holds_nobody_either() -> None:
    trap, waited = Tarpit(), []
    with pytest.raises(OSError, match="in time"):
        connect(trap.url).post("/", b"x" * (8 << 20), Deadline(0.5, lambda: waited.append(1)))

    assert waited
    trap.close()


def test_a_name_is_looked_up_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: time.sleep(2))
    began = time.monotonic()
    with pytest.raises(OSError, match="not known yet"):
        connect("http://slow.example").post("/", b"", Deadline(0.1))

    assert time.monotonic() - began < 1


def test_a_redirect_is_not_followed(server: FakeServer) -> None:
    server.answer = lambda path, body: (307, b"", {"Location": f"{server.url}/elsewhere"})
    reply = connect(server.url).post("/here", b"{}", Deadline(2))

    assert reply.status == 307
    assert [path for path, _, _ in server.requests] == ["/here"]


@pytest.fixture
def refusing() -> Iterator[str]:
    """Answers before it has read the request, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection = listener.accept()[0]
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.3)
        connection.close()

    threading.Thread(target=refuse, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def test_an_answer_that_comes_before_the_request_is_out_is_read(refusing: Any) -> None:
    try:
        status = connect(refusing).post("/", b"x" * (8 << 20), Deadline(5)).status
    except ConnectionResetError:
        status = 413  # the system may throw the answer away with the connection
    assert status == 413
