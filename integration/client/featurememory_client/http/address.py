"""Where the server is: its URL taken apart, and its addresses looked up within a deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from featurememory_client.http.deadline import Deadline

FRESH_S = 60.0  # a name that moved is followed after at most a minute


class Address(NamedTuple):
    """A server's URL. `host` and `authority` are ASCII: names of other scripts in their IDNA form."""

    secure: bool
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """`http://host:8000/sub/path` → its parts. ValueError when it is no such URL."""
    parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not the http:// or https:// address of a server: {url!r}")
    secure = parts.scheme == "https"
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    prefix = parts.path.rstrip("/")
    if not prefix.isascii() or " " in prefix:
        raise ValueError(f"not the path of a server: {prefix!r}")
    return Address(secure, host, parts.port or (443 if secure else 80), prefix)


class Resolver:
    """The socket addresses of a host; remembered, since `getaddrinfo` knows no timeout."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._found: list[tuple[int, Any]] = []
        self._fresh_until = 0.0

    def resolve(self) -> list[tuple[int, Any]]:
        """(family, socket address) of each way to the host; blocks for as long as DNS does."""
        # As bytes: a str would make getaddrinfo import a codec, here in the sender's thread.
        host = self.address.host.encode("ascii")
        found = socket.getaddrinfo(host, self.address.port, 0, socket.SOCK_STREAM)
        self._found = [(family, where) for family, _, _, _, where in found]
        self._fresh_until = time.monotonic() + FRESH_S
        return self._found

    def resolve_before(self, deadline: Deadline) -> list[tuple[int, Any]]:
        """The same for a caller who cannot wait: from memory, else looked up beside it."""
        if self._found and time.monotonic() < self._fresh_until:
            return self._found
        if is_numeric(self.address.host):
            return self.resolve()
        done = threading.Lock()
        done.acquire()
        threading.Thread(target=self._resolve_and_tell, args=(done,), daemon=True).start()
        done.acquire(timeout=deadline.remaining)
        if not self._found:
            raise TimeoutError(f"the address of {self.address.host} is not known yet")
        return self._found

    def _resolve_and_tell(self, done: threading.Lock) -> None:
        with contextlib.suppress(Exception):  # the caller finds no address: that says it
            self.resolve()
        done.release()


def is_numeric(host: str) -> bool:
    """Whether looking it up needs no server: an IPv4 or IPv6 address, or this machine."""
    return ":" in host or host == "localhost" or host.replace(".", "").isdigit()
