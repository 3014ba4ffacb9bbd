"""How this process reaches its server: connections are made here, with TLS where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurememory_client.http.address import Address, Resolver
from featurememory_client.http.connection import Connection

if TYPE_CHECKING:
    import ssl


class Transport:
    """Opens nothing by itself."""

    def __init__(self, address: Address, key: str, agent: str) -> None:
        self._resolver = Resolver(address)
        self._headers = (
            f"Host: {address.authority}\r\nUser-Agent: {agent}\r\n"
            f"Authorization: Bearer {key}\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\n"
        )
        self._tls: ssl.SSLContext | None = None
        if address.secure:
            import_tls()

    def make_connection(self) -> Connection:
        if self._resolver.address.secure and self._tls is None:
            self._tls = make_tls()  # reads the certificates: 30 ms, so not before the first use
        return Connection(self._resolver, self._headers, self._tls)


def import_tls() -> None:
    """Now, in the caller's thread: an import in the sender's could meet a fork."""
    import encodings.idna  # noqa: F401
    import ssl  # noqa: F401


def make_tls() -> ssl.SSLContext:
    import ssl

    return ssl.create_default_context()
