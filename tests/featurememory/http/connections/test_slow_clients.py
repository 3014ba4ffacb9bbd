"""Connections that are ended: bodies that do not come, and more of one address than its share."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from featurememory.http.connections import slow_clients
from featurememory.http.connections.slow_clients import (
    FILES,
    BodyProgress,
    BodyReads,
    ConnectionWatch,
)

pytestmark = pytest.mark.skipif(not FILES.exists(), reason="needs Linux")
Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Pair]]:
    """Three connections: the client's end and the server's."""
    monkeypatch.setattr(slow_clients, "GRACE_S", 0.0)
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        made = []
        for _ in range(3):
            client = stack.enter_context(socket.create_connection(server.getsockname(), 5))
            made.append((client, stack.enter_context(server.accept()[0])))
        yield made


def is_open(pair: Pair) -> bool:
    pair[0].setblocking(False)
    try:
        return bool(pair[0].recv(1))
    except BlockingIOError:
        return True


def test_connections_of_an_address_whose_body_does_not_come_are_ended(pairs: list[Pair]) -> None:
    reads = BodyReads()
    watch = ConnectionWatch(reads, 0)
    with reads.follow("127.0.0.1"):
        assert watch.look() == 0  # seen once: it may be on its way
        assert watch.look() == 3
    assert not any(is_open(pair) for pair in pairs)


def test_a_body_that_comes_fast_enough_is_waited_for(pairs: list[Pair]) -> None:
    reads = BodyReads()
    watch = ConnectionWatch(reads, 0)
    with reads.follow("127.0.0.1"):
        watch.look()
        pairs[0][0].sendall(b"x" * 50_000)
        assert pairs[0][1].recv(1)
        assert watch.look() == 2
    assert [is_open(pair) for pair in pairs] == [True, False, False]


def test_nothing_is_ended_while_no_body_is_overdue(pairs: list[Pair]) -> None:
    watch = ConnectionWatch(BodyReads(), 0)

    assert watch.look() + watch.look() == 0
    assert all(is_open(pair) for pair in pairs)


def test_an_address_keeps_only_its_share_of_connections(pairs: list[Pair]) -> None:
    assert ConnectionWatch(BodyReads(), 2).look() == 1
    assert sum(is_open(pair) for pair in pairs) == 2


def test_the_deadline_of_a_body_moves_with_what_has_come() -> None:
    progress = BodyProgress("a", began=0.0)
    assert not progress.is_overdue(slow_clients.GRACE_S)
    assert progress.is_overdue(slow_clients.GRACE_S + 10)

    progress.received = 20 * slow_clients.RATE
    assert not progress.is_overdue(slow_clients.GRACE_S + 10)


def test_one_address_may_not_have_every_place_for_bodies() -> None:
    reads = BodyReads()
    with ExitStack() as stack:
        for _ in range(BodyReads.PER_ADDRESS):
            stack.enter_context(reads.follow("a"))
        assert reads.is_full("a")
        assert not reads.is_full("b")
