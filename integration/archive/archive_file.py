"""The file: a tar of numbered JSONL members behind Zstandard, the same bytes for the same rows.

First `format.json` (version, columns), then for each table `Name/000001.jsonl` …, last
`manifest.json` with rows and a BLAKE2b of every member. Members are small, so that writing and
reading need little memory however large the project is.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zstandard

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.archive.values import encode_line

KIND, VERSION = "feature-memory-project", 1
FIRST, LAST = "format.json", "manifest.json"
LEVEL = 6
# Bytes after which a member ends, and the most that a reader takes for one.
MEMBER, MOST = 4 << 20, 512 << 20


class ArchiveWriter:
    """Writes members one after the other; `finish` adds the manifest."""

    def __init__(self, stream: Any, columns: dict[str, list[str]]) -> None:
        packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self.packed: Any = packer.stream_writer(stream, closefd=False)
        self.tar: Any = tarfile.open(  # noqa: SIM115  (`finish` closes it)
            fileobj=self.packed, mode="w|", format=tarfile.PAX_FORMAT
        )
        self.members: list[dict[str, Any]] = []
        self._add(FIRST, encode_line({"kind": KIND, "version": VERSION, "columns": columns}))

    def add_table(self, name: str, rows: Iterable[Any]) -> int:
        """Rows as lines, in members of about MEMBER bytes; how many there were."""
        total, number, lines, size = 0, 1, list[bytes](), 0
        for row in rows:
            line = encode_line(row)
            lines.append(line)
            size += len(line)
            total += 1
            if size >= MEMBER:
                self._add_member(name, number, lines)
                number, lines, size = number + 1, [], 0
        if lines:
            self._add_member(name, number, lines)
        return total

    def _add_member(self, table: str, number: int, lines: list[bytes]) -> None:
        name, data = f"{table}/{number:06}.jsonl", b"".join(lines)
        self.members.append({"name": name, "rows": len(lines), "blake2b": digest_of(data)})
        self._add(name, data)

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)  # no time, no owner: they would differ each time
        member.size, member.mode = len(data), 0o600
        self.tar.addfile(member, io.BytesIO(data))

    def finish(self) -> None:
        self._add(LAST, encode_line({"members": self.members}))
        self.tar.close()
        self.packed.close()


def digest_of(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def refuse(path: Path, why: str) -> FeatureMemoryError:
    return FeatureMemoryError(f"{path.name} {why}", ErrorCode.MALFORMED_BODY)


@contextmanager
def write_file(path: Path) -> Iterator[Any]:
    """Yields a new file for the owner only, in place of `path` once everything is in it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        opened = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(opened, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member; MALFORMED_BODY for a file that is damaged or no archive."""
    try:
        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            for member in tar:
                content = tar.extractfile(member) if member.size <= MOST else None
                if content is None:
                    raise refuse(path, f"is not an archive of a project: {member.name[:80]!r}")
                yield member.name, content.read()
    except (zstandard.ZstdError, tarfile.TarError, EOFError, ValueError) as error:
        raise refuse(path, f"is damaged or no archive of a project: {error}") from error
