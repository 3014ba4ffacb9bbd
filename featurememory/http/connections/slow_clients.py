"""Closes connections of clients that send their body too slowly, and those beyond an address' share.

The server has a deadline for headers, none for bodies, and does not tell which connection a request
came on. So this looks at the process' own sockets: a request that waits for its body has been sent
nothing since it began, and little comes from its client.
"""

from __future__ import annotations

import logging
import os
import socket
import stat
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger("featurememory.connections")

# A body must be there after GRACE_S, and a second later for every RATE bytes that have come.
GRACE_S, RATE = 30.0, 20_000
EVERY_S = 2.0
FILES = Path("/proc/self/fd")  # Linux; elsewhere nothing is closed
# Linux' struct tcp_info: milliseconds since something was sent and received; bytes received.
TIMES, RECEIVED = struct.Struct("@44xI4xI"), struct.Struct("@128xQ")


@dataclass(eq=False)
class BodyProgress:
    """One request that reads its body."""

    address: str
    began: float = field(default_factory=time.monotonic)
    received: int = 0

    def is_overdue(self, now: float) -> bool:
        return now - self.began > GRACE_S + self.received / RATE


class BodyReads:
    """The bodies that are being read now."""

    MOST, PER_ADDRESS = 96, 64

    def __init__(self) -> None:
        self._now: set[BodyProgress] = set()

    @contextmanager
    def follow(self, address: str) -> Iterator[BodyProgress]:
        progress = BodyProgress(address)
        self._now.add(progress)
        try:
            yield progress
        finally:
            self._now.discard(progress)

    def is_full(self, address: str) -> bool:
        """Whether another body must not be waited for."""
        if len(self._now) < min(self.MOST, self.PER_ADDRESS):
            return False
        same = sum(one.address == address for one in list(self._now))
        return len(self._now) >= self.MOST or same >= self.PER_ADDRESS

    def find_overdue(self) -> set[str]:
        """Addresses with a body that is overdue."""
        now = time.monotonic()
        return {one.address for one in list(self._now) if one.is_overdue(now)}


@dataclass
class Connection:
    """A client's connection, by a descriptor of our own."""

    socket: socket.socket
    address: str
    port: int
    silent_s: float  # since anything was sent to the client
    unheard_s: float  # since anything came
    received: int

    def end(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class ConnectionWatch:
    """Looks at the connections every EVERY_S seconds, in a thread of its own."""

    def __init__(self, reads: BodyReads, per_address: int) -> None:
        self._reads, self._per_address = reads, per_address
        self._before: dict[tuple[str, int], tuple[float, int]] = {}

    def start(self) -> None:
        if FILES.exists():
            threading.Thread(target=self._run, name="fm-connections", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(EVERY_S)
            try:
                self.look()
            except Exception:
                logger.exception("The connections could not be looked at.")

    def look(self) -> int:
        """End what is overdue or too much; how many were ended."""
        overdue = self._reads.find_overdue()
        if not overdue and not self._per_address:
            return 0
        with open_connections() as found:
            doomed = [*self._find_stuck(found, overdue), *self._find_surplus(found)]
            for one in doomed:
                one.end()
        if doomed:
            places = sorted({one.address for one in doomed})[:10]
            logger.warning("Ended %d connections of %s", len(doomed), ", ".join(places))
        return len(doomed)

    def _find_stuck(self, found: list[Connection], addresses: set[str]) -> list[Connection]:
        """Connections on which nothing was sent for GRACE_S and little came since the last look."""
        now, before = time.monotonic(), self._before
        held = [one for one in found if one.address in addresses and one.silent_s >= GRACE_S]
        self._before = {(one.address, one.port): (now, one.received) for one in held}
        return [one for one in held if is_slow(one, before.get((one.address, one.port)), now)]

    def _find_surplus(self, found: list[Connection]) -> list[Connection]:
        """Of an address with too many connections those that have been idle longest."""
        by_address: defaultdict[str, list[Connection]] = defaultdict(list)
        for one in found:
            by_address[one.address].append(one)
        most = self._per_address or len(found)
        return [
            one
            for all_of in by_address.values()
            for one in sorted(all_of, key=lambda one: min(one.silent_s, one.unheard_s))[most:]
        ]


def is_slow(one: Connection, before: tuple[float, int] | None, now: float) -> bool:
    return before is not None and one.received - before[1] < RATE * (now - before[0])


@contextmanager
def open_connections() -> Iterator[list[Connection]]:
    """The connections that clients have made to this process."""
    found = [one for file in FILES.iterdir() if (one := open_socket(int(file.name))) is not None]
    try:
        ports = {one.getsockname()[1] for one in found if is_listening(one)}
        yield [
            made
            for one in found
            if not is_listening(one) and (made := describe(one, ports)) is not None
        ]
    finally:
        for one in found:
            one.close()


def open_socket(number: int) -> socket.socket | None:
    """A descriptor of our own for an internet socket; the other one may be closed at any time."""
    with suppress(OSError):
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return None
        own = socket.socket(fileno=os.dup(number))
        if own.family in (socket.AF_INET, socket.AF_INET6) and own.type == socket.SOCK_STREAM:
            return own
        own.close()
    return None


def is_listening(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def describe(one: socket.socket, ports: set[int]) -> Connection | None:
    with suppress(OSError, struct.error):
        if one.getsockname()[1] not in ports:
            return None
        host, port = one.getpeername()[:2]
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        sent, came = TIMES.unpack_from(info)
        (received,) = RECEIVED.unpack_from(info)
        address = host.removeprefix("::ffff:")
        return Connection(one, address, port, sent / 1000, came / 1000, received)
    return None
