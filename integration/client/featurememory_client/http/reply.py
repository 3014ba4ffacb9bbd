"""What a server answered, read from its bytes as they come; bounded in size."""

from __future__ import annotations

LONGEST_HEAD = 65_536
LONGEST_BODY = 8 << 20  # a cached output is at most an interaction's output: 1 MiB


class BadReply(Exception):
    """The server answered with something that is no HTTP, or more of it than anyone wants."""


class HttpReply:
    """A complete answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def keeps_connection(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


class ReplyReader:
    """Takes the bytes of one answer; `reply` is set once it is complete."""

    def __init__(self) -> None:
        self.reply: HttpReply | None = None
        self.started = False
        self._bytes = bytearray()
        self._head: tuple[int, dict[str, str]] | None = None

    def feed(self, data: bytes) -> None:
        """Take in more bytes; none at all means that the server closed the connection."""
        self.started = self.started or bool(data)
        self._bytes += data
        if self._head is None:
            self._head = self._take_head()
        if self._head is None:
            if not data:
                raise ConnectionResetError("the server closed the connection without an answer")
            return
        body = self._take_body(*self._head, ended=not data)
        if body is not None:
            self.reply = HttpReply(*self._head, body)

    def _take_head(self) -> tuple[int, dict[str, str]] | None:
        head, end, rest = bytes(self._bytes).partition(b"\r\n\r\n")
        if not end:
            if len(head) > LONGEST_HEAD or (len(head) >= 5 and not head.startswith(b"HTTP/")):
                raise BadReply("the answer is not HTTP")
            return None
        status, headers = parse_head(head)
        self._bytes = bytearray(rest)
        return (status, headers) if status >= 200 else self._take_head()

    def _take_body(self, status: int, headers: dict[str, str], ended: bool) -> bytes | None:
        if status in (204, 304):
            return b""
        if len(self._bytes) > LONGEST_BODY:
            raise BadReply(f"the answer is longer than {LONGEST_BODY >> 20} MiB")
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            body = join_chunks(bytes(self._bytes))
        elif "content-length" in headers:
            body = self._take_sized(headers["content-length"])
        else:
            return bytes(self._bytes) if ended else None
        if body is None and ended:
            raise ConnectionResetError("the server closed the connection within its answer")
        return body

    def _take_sized(self, length: str) -> bytes | None:
        if not length.isdigit() or int(length) > LONGEST_BODY:
            raise BadReply(f"the answer's length is {length[:40]}")
        return bytes(self._bytes[: int(length)]) if len(self._bytes) >= int(length) else None


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        raise BadReply("the answer is not HTTP")
    pairs = (line.partition(":") for line in lines)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def join_chunks(data: bytes) -> bytes | None:
    """The body of a chunked answer; None while the last chunk has not come."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = chunk_size(data[at:end])
        if size == 0:  # what follows it belongs to this answer too: trailers, an empty line
            return b"".join(parts) if data.find(b"\r\n\r\n", end) >= 0 else None
        at = end + 2 + size + 2
        if len(data) < at:
            return None
        parts.append(data[end + 2 : at - 2])


def chunk_size(line: bytes) -> int:
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        raise BadReply("the answer's chunks have no size") from None
    if not 0 <= size <= LONGEST_BODY:
        raise BadReply("a chunk of the answer is too long")
    return size
