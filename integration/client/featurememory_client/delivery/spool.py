"""Interactions on disk for a server that is away: sent by whichever process finds them later.

A file holds about one batch, one JSON text a line, and appears under its name when it is complete.
Who sends it renames it first, so that of many processes one does. A process that dies while it
sends leaves it renamed; after a while it counts as found again. Sent twice, it is stored once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from featurememory_client.recording.identifiers import make_id

READY, CLAIMED = ".ndjson", ".sending"
FILE_BYTES, MOST_LINES = 1 << 20, 500  # one batch
MOST_BYTES = 256 << 20  # the folder must not fill the disk
CLAIM_S = 120.0
LOOK_S = 10.0  # how often a process that has work anyway looks for files of others


class SpoolFile:
    """A claimed file. `made_here` counts the interactions of this process in it."""

    def __init__(self, path: Path, made_here: int) -> None:
        self.path = path
        self.made_here = made_here

    def read(self) -> list[bytes]:
        """Its lines; one that a crash has damaged must not hold up the others."""
        return [line for line in self.path.read_bytes().split(b"\n") if is_object(line)]

    def remove(self) -> None:
        self.path.unlink()

    def give_back(self) -> None:
        self.path.rename(self.path.with_suffix(READY))


class Spool:
    """Of a folder that several programs share, the part of those with the same key: what waits for
    one project must not be sent to another."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._owner = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
        self._made_here: dict[str, int] = {}
        self._look_at = 0.0

    def write(self, bodies: list[bytes], interactions: list[bool]) -> int:
        """How many of them, from the first on, are on disk now. OSError when none can be."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = 0
        for part in split_by_size(bodies):
            if self._used() > MOST_BYTES:
                break
            name = self._write_file(b"\n".join(part))
            self._made_here[name] = sum(interactions[written : written + len(part)])
            written += len(part)
        self._look_at = 0.0
        return written

    def _write_file(self, text: bytes) -> str:
        name = f"{self._owner}-{make_id()}"
        path = self._folder / f"{name}.writing"
        path.touch(mode=0o600, exist_ok=False)  # prompts may be private
        path.write_bytes(text)
        path.rename(path.with_suffix(READY))
        return name

    def _used(self) -> int:
        total = 0
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):  # another process has just sent it
                total += path.stat().st_size
        return total

    def claim_next(self) -> SpoolFile | None:
        """The oldest file that nobody else is sending."""
        self._look_at = time.monotonic() + LOOK_S
        for path in self._list_ready():
            claimed = path.with_suffix(CLAIMED)
            try:
                path.rename(claimed)
                os.utime(claimed)
            except OSError:
                continue  # another process was faster
            self._look_at = 0.0  # there may be more
            return SpoolFile(claimed, self._made_here.pop(path.stem, 0))
        self._made_here.clear()  # others have sent them
        return None

    def return_file(self, file: SpoolFile) -> None:
        self._made_here[file.path.stem] = file.made_here
        file.give_back()

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again. Files of this process are known without looking."""
        return bool(self._made_here) or time.monotonic() >= self._look_at

    @property
    def holds_own(self) -> bool:
        return bool(self._made_here)

    def look_now(self) -> None:
        self._look_at = 0.0

    def _list_ready(self) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        long_ago = time.time() - CLAIM_S
        for path in sorted(self._folder.glob(f"{self._owner}-*")):
            if path.suffix == READY or (path.suffix == CLAIMED and is_older(path, long_ago)):
                yield path


def is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def is_older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except OSError:
        return False


def split_by_size(bodies: list[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for body in bodies:
        if part and (size + len(body) > FILE_BYTES or len(part) >= MOST_LINES):
            yield part
            part, size = [], 0
        part.append(body)
        size += len(body) + 1
    if part:
        yield part
