"""One keep-alive connection to the server. Every wait ends at the caller's deadline."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from featurememory_client.http.address import Resolver
from featurememory_client.http.deadline import Deadline
from featurememory_client.http.reply import HttpReply, ReplyReader

if TYPE_CHECKING:
    import ssl

CONNECT_S = 3.0  # a host that drops packets is given up before the queue is full


class Connection:
    """Not for several threads at once. `post` opens it where it is closed."""

    def __init__(self, resolver: Resolver, headers: str, tls: ssl.SSLContext | None) -> None:
        self._resolver = resolver
        self._headers = headers
        self._tls = tls
        self._socket: socket.socket | None = None

    def post(self, path: str, body: bytes, deadline: Deadline) -> HttpReply:
        """Send it and read the answer; OSError or BadReply when there is none by the deadline.

        A connection that was kept may have been closed by the server meanwhile. Then nothing was
        read of this request, and it goes out once more on a new one.
        """
        kept, reader = self._socket is not None, ReplyReader()
        request = self._write_request(path, body)
        try:
            return self._exchange(request, reader, deadline)
        except ConnectionError:
            if not kept or reader.started:
                raise
        return self._exchange(request, ReplyReader(), deadline)

    def _write_request(self, path: str, body: bytes) -> bytes:
        first = f"POST {self._resolver.address.prefix}{path} HTTP/1.1\r\n{self._headers}"
        return f"{first}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body

    def _exchange(self, request: bytes, reader: ReplyReader, deadline: Deadline) -> HttpReply:
        try:
            if self._socket is None:
                self._socket = self._connect(deadline)
            send(self._socket, request, deadline)
            reply = read(self._socket, reader, deadline)
        except BaseException:  # Ctrl-C as well: half an answer must not stay in the connection
            self.close()
            raise
        if not reply.keeps_connection:
            self.close()
        return reply

    def _connect(self, deadline: Deadline) -> socket.socket:
        failure: Exception = OSError("the server has no address")
        for family, where in self._resolver.resolve_before(deadline):
            try:
                return self._open(family, where, deadline)
            except OSError as error:
                failure = error
        raise failure

    def _open(self, family: int, where: Any, deadline: Deadline) -> socket.socket:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(min(CONNECT_S, deadline.take_time()))
            opened.connect(where)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                host = self._resolver.address.host
                opened = self._tls.wrap_socket(opened, server_hostname=host)
        except BaseException:
            opened.close()
            raise
        return opened

    def close(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()


def send(opened: socket.socket, request: bytes, deadline: Deadline) -> None:
    rest = memoryview(request)
    while rest:
        opened.settimeout(deadline.take_slice())
        try:
            rest = rest[opened.send(rest) :]
        except socket.timeout:
            deadline.meanwhile()
        except (BrokenPipeError, ConnectionResetError):
            if len(rest) == len(request):
                raise
            return  # refused while it was on its way: the answer may be there already


def read(opened: socket.socket, reader: ReplyReader, deadline: Deadline) -> HttpReply:
    while reader.reply is None:
        opened.settimeout(deadline.take_slice())
        try:
            reader.feed(opened.recv(65_536))
        except socket.timeout:
            deadline.meanwhile()
    return reader.reply
