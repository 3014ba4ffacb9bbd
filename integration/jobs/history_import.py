"""Imports interactions from files: JSONL (plain, .gz, .zst), CSV, Parquet.

Resumable: an item without an id gets one made of its content, so items stored before are duplicates.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, AnyStr, cast

import msgspec
import zstandard
from django.conf import settings

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.models import Project
from integration.models import Job
from patterns.ingest.schema import Arrival, build_arrival, parse_interaction
from patterns.ingest.wakeup import wake_learner
from patterns.ingest.writer import store_arrivals

BATCH, BATCH_BYTES = 500, 8 << 20
ERRORS_KEPT = 20
CHUNK = 1 << 10  # compressed bytes unpacked at once; a bomb expands them to 32 MB at most


@dataclass
class Progress:
    """Progress of an import: bytes read, items stored, duplicate and rejected."""

    total_bytes: int
    done_bytes: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def format_line(self) -> str:
        seconds = max(1e-6, time.monotonic() - self.began)
        share = self.done_bytes / self.total_bytes if self.total_bytes else 1.0
        left = seconds / share - seconds if 0 < share < 1 else 0.0
        read = self.stored + self.duplicates + self.rejected
        return (
            f"{share:4.0%}  {self.stored:,} stored, {self.duplicates:,} duplicates, "
            f"{self.rejected:,} rejected, {read / seconds:,.0f}/s, {left:.0f} s left"
        )


def import_file(project: Project, path: Path, show: Callable[[Progress], None]) -> Progress:
    """Import one file in batches; `show` is called about once a second."""
    progress = Progress(path.stat().st_size)
    shown = time.monotonic()
    with open_items(path) as (raw, items):
        for batch in read_batches(items, progress):
            store_batch(project, batch, progress)
            progress.done_bytes = raw.tell()
            if time.monotonic() - shown > 1:
                shown = time.monotonic()
                show(progress)
    progress.done_bytes = progress.total_bytes
    show(progress)
    return progress


def run_import_steps(job: Job) -> Iterator[str]:
    """The import as a job; `params`: {"path", "name"}. When resumed it reads from the start; what is
    already stored is recognised by its id."""
    path = Path(job.params["path"])
    progress = Progress(path.stat().st_size)
    job.total, job.unit = progress.total_bytes, "bytes"
    with open_items(path) as (raw, items):
        for batch in read_batches(items, progress):
            store_batch(job.project, batch, progress)
            job.done = raw.tell()
            yield ""
    for number, why in progress.errors:
        yield f"Line {number:,}: {why}"
    yield progress.format_line()


def drop_upload(job: Job) -> None:
    """Delete the file of an import that has ended."""
    if job.kind == "import" and "path" in job.params:
        Path(job.params["path"]).unlink(missing_ok=True)


def has_upload(job: Job) -> bool:
    return job.kind != "import" or Path(job.params.get("path", "")).is_file()


def read_batches(items: Iterator[bytes], progress: Progress) -> Iterator[list[Arrival]]:
    batch: list[Arrival] = []
    size = 0
    for number, item in enumerate(items, 1):
        try:
            batch.append(parse_item(item))
            size += len(item)
        except FeatureMemoryError as error:
            progress.rejected += 1
            if len(progress.errors) < ERRORS_KEPT:
                progress.errors.append((number, error.message))
        if len(batch) == BATCH or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


def parse_item(item: bytes) -> Arrival:
    """The arrival of an item; without an id it gets one made of its content."""
    made = parse_interaction(item)
    if made.id is None:
        made.id = "import-" + hashlib.blake2b(item.strip(), digest_size=16).hexdigest()
    return build_arrival(made)


def store_batch(project: Project, batch: list[Arrival], progress: Progress) -> None:
    stored = sum(store_arrivals(project.pk, batch).stored)
    progress.stored += stored
    progress.duplicates += len(batch) - stored
    if stored:
        wake_learner(project.pk)


@contextmanager
def open_items(path: Path) -> Iterator[tuple[IO[bytes], Iterator[bytes]]]:
    """Yields the open file, whose position is the progress, and its items as JSON."""
    with path.open("rb") as raw:
        yield raw, translate_read_errors(read_items(path, raw), path.name)


def read_items(path: Path, raw: IO[bytes]) -> Iterator[bytes]:
    stream, name = open_uncompressed(raw, path.name.lower())
    if name.endswith(".csv"):
        yield from read_csv(stream)
    elif name.endswith(".parquet"):
        yield from read_parquet(path)
    else:
        yield from (line for line in read_lines(stream, b"\n") if line.strip())


def read_lines(stream: Any, newline: AnyStr) -> Iterator[AnyStr]:
    """The lines; one that is longer than an interaction may be is cut, so that it is refused by its size
    and never held as a whole."""
    most = settings.BODY_LIMIT + 1
    while line := stream.readline(most):
        yield line
        while len(line) == most and not line.endswith(newline):
            line = stream.readline(most)


def translate_read_errors(items: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Turn read errors of a damaged file into MALFORMED_BODY; items read before stay stored."""
    try:
        yield from items
    except (OSError, EOFError, zlib.error, zstandard.ZstdError, UnicodeError, csv.Error) as error:
        raise FeatureMemoryError(
            f"{name} cannot be read: {error}", ErrorCode.MALFORMED_BODY
        ) from error


def open_uncompressed(raw: IO[bytes], name: str) -> tuple[IO[bytes], str]:
    """The stream behind .gz or .zst, and the name without that."""
    if name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(raw)), name.removesuffix(".gz")
    if name.endswith(".zst"):
        return io.BufferedReader(WholeFrames(raw)), name.removesuffix(".zst")
    return raw, name


class WholeFrames(io.RawIOBase):
    """Reads all frames of a .zst file. EOFError when the last one is truncated, which the library's own
    reader does not detect."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.rest, self.ready = raw, b"", b""
        self.frame = zstandard.ZstdDecompressor().decompressobj()
        self.inside = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self.ready and self._unpack():
            pass
        size = min(len(target), len(self.ready))
        target[:size], self.ready = self.ready[:size], self.ready[size:]
        return size

    def _unpack(self) -> bool:
        """Unpack more; False at the end of the file."""
        data = self.rest or self.raw.read(CHUNK)
        if not data:
            if self.inside:
                raise EOFError("it ends in the middle of a compressed part")
            return False
        self.ready, self.inside = self.frame.decompress(data), True
        self.rest = b""
        if self.frame.eof:
            self.rest = self.frame.unused_data
            self.frame, self.inside = zstandard.ZstdDecompressor().decompressobj(), False
        return True


NUMBERS = {"duration", "memory_usage", "token_count", "processing_time", "score", "input_tokens"}
NUMBERS |= {"output_tokens", "cached_input_tokens", "cost"}
METADATA = {"timestamp", "duration"}
RESOURCES = {"memory_usage", "token_count", "processing_time"}
USAGE = {"input_tokens", "output_tokens", "cached_input_tokens", "cost"}


def read_csv(stream: IO[bytes]) -> Iterator[bytes]:
    """One column per field, named as in the API; a cell that is JSON is read as JSON."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        for row in csv.DictReader(refuse_long_lines(read_lines(text, "\n"))):
            yield msgspec.json.encode(
                nest_columns({k: parse_cell(k, v) for k, v in row.items() if k and v})
            )
    finally:
        text.detach()  # keeps the file open, whose position is still read


def refuse_long_lines(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if len(line) > settings.BODY_LIMIT:
            raise csv.Error(f"a line has more than {settings.BODY_LIMIT:,} characters")
        yield line


def parse_cell(name: str, text: str) -> Any:
    if name == "timestamp" and text.isdecimal():
        return int(text)  # epoch milliseconds
    if name in NUMBERS or name in ("success", "input", "output", "parameters", "tags"):
        try:
            return msgspec.json.decode(text.strip().lower() if name == "success" else text)
        except msgspec.DecodeError:
            return text
    return text


def nest_columns(row: dict[str, Any]) -> dict[str, Any]:
    """Nest flat columns as in the API: duration under metadata, cost under usage."""
    item: dict[str, Any] = {}
    for name, value in row.items():
        if name in METADATA:
            item.setdefault("metadata", {})[name] = value
        elif name in RESOURCES:
            metadata = item.setdefault("metadata", {})
            metadata.setdefault("resource_usage", {})[name] = value
        elif name in USAGE:
            item.setdefault("usage", {})[name] = value
        else:
            item[name] = value
    return item


def read_parquet(path: Path) -> Iterator[bytes]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise invalid("Parquet needs one more package: pip install pyarrow") from None
    for batch in parquet.ParquetFile(path).iter_batches(BATCH):
        for row in batch.to_pylist():
            given = {k: v for k, v in row.items() if v is not None}
            yield msgspec.json.encode(given if "metadata" in given else nest_columns(given))
