"""Decisions on SQLite: appended to a file before the response, moved into the database later.

A row would wait for SQLite's one writer, and so would the caller's model. What was appended
survives the death of the process like a commit does. A record is its length, its CRC-32, and the
bytes; a record that was cut off was never answered.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

HEAD = struct.Struct("<II")
MOST_CLAIMED = 200  # files moved at once, each of them open meanwhile


class Journal:
    """Append-only files in `folder`; safe to use from many threads of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._file: int | None = None
        self.waiting_bytes = 0  # of this process, not sealed yet
        self._claimed: dict[
            Path, int
        ] = {}  # files this process moves; they are locked until removed
        self._read: dict[Path, int] = {}  # files of other processes, and how far they were read

    def append(self, record: bytes) -> None:
        """Returns when the operating system has it. OSError when the disk is full."""
        whole = HEAD.pack(len(record), zlib.crc32(record)) + record
        with self._lock:
            if self._file is None:
                self._file = self._open()
            end = os.fstat(self._file).st_size
            written = os.write(self._file, whole)
            if written < len(whole):  # no room for all of it: take the part back
                os.ftruncate(self._file, end)
                raise OSError(28, "no space left on device")
            self.waiting_bytes = end + written

    def _open(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Counted on, not timed: a clock that is set back must not change the order.
        last = max((int(path.stem[:12]) for path in self.folder.glob("*.log")), default=0)
        path = self.folder / f"{last + 1:012}-{os.getpid()}-{os.urandom(4).hex()}.log"
        hidden = path.with_suffix(".new")
        file = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        # Locked before others can see it: they would take a file without a lock for one whose process
        # has died, move what is in it, and delete it while it is being written.
        fcntl.flock(file, fcntl.LOCK_EX)
        hidden.rename(path)
        return file

    def seal(self) -> list[Path]:
        """Closes the current file and claims all that nobody writes; returns those claimed, oldest
        first. They stay until `remove`d."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
                self.waiting_bytes = 0
            for path in sorted(self.folder.glob("*.log")):
                if len(self._claimed) >= MOST_CLAIMED:
                    break
                if path not in self._claimed and (file := claim_file(path)) is not None:
                    self._claimed[path] = file
            return sorted(self._claimed)

    def read_elsewhere(self) -> tuple[list[bytes], dict[Path, int]]:
        """What other processes have appended to the files they write, and up to which byte; pass that
        to `note_read` after the commit. They move those records once more: that changes nothing."""
        found: list[bytes] = []
        ends: dict[Path, int] = {}
        for path in sorted(self.folder.glob("*.log")):
            if path in self._claimed:
                continue
            start = self._read.get(path, 0)
            try:
                if path.stat().st_size > start and is_in_use(path):
                    ends[path] = start
                    for record in read_records(path, start):
                        found.append(record)
                        ends[path] += HEAD.size + len(record)
            except FileNotFoundError:  # its process has just moved it
                continue
        return found, ends

    def note_read(self, ends: dict[Path, int]) -> None:
        with self._lock:
            self._read = {path: end for path, end in (self._read | ends).items() if path.exists()}

    def remove(self, paths: list[Path]) -> None:
        """Deletes files; call it after the commit that moved their records."""
        with self._lock:
            for path in paths:
                path.unlink(missing_ok=True)
                if (file := self._claimed.pop(path, None)) is not None:
                    os.close(file)


class MemoryJournal:
    """The same in memory, for STORAGE=memory, where nothing is written to disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[bytes] = []
        self.waiting_bytes = 0
        self._sealed: list[list[bytes]] = []

    def append(self, record: bytes) -> None:
        with self._lock:
            self._open.append(record)
            self.waiting_bytes += len(record)

    def seal(self) -> list[list[bytes]]:
        with self._lock:
            if self._open:
                self._sealed.append(self._open)
                self._open = []
                self.waiting_bytes = 0
            return list(self._sealed)

    def read_elsewhere(self) -> tuple[list[bytes], dict[Path, int]]:
        """Nobody else can reach this process' memory."""
        return [], {}

    def note_read(self, ends: dict[Path, int]) -> None:
        """Nothing was read elsewhere."""

    def remove(self, parts: list[list[bytes]]) -> None:
        gone = {id(part) for part in parts}
        with self._lock:
            self._sealed = [part for part in self._sealed if id(part) not in gone]


def claim_file(path: Path) -> int | None:
    """Locks a file that nobody writes, moves or has moved; None for others (the next seal asks again)."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            return file
    except BlockingIOError:
        pass
    os.close(file)
    return None


def is_in_use(path: Path) -> bool:
    """Whether another process is writing it (a command may run beside the server). Asking with a
    shared lock is in nobody's way but a claim's."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_records(path: Path | list[bytes], start: int = 0) -> Iterator[bytes]:
    """The complete records of a file; whatever follows a broken one was never confirmed to a caller."""
    if isinstance(path, list):
        yield from path[start:]
        return
    with path.open("rb") as file:
        file.seek(start)
        data, start = file.read(), 0
    while start + HEAD.size <= len(data):
        size, check = HEAD.unpack_from(data, start)
        record = data[start + HEAD.size : start + HEAD.size + size]
        if len(record) < size or zlib.crc32(record) != check:
            return
        yield record
        start += HEAD.size + size
