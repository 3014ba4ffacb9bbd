"""Files of history as items: JSON lines or an array, CSV, Parquet; plain, .gz or .zst.

Interactions of ours in JSON stay bytes, which the schema reads; everything else is read into rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import zstandard

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from integration.dialects.history.formats import AUTO, INTERACTIONS, detect_format, read_history
from integration.dialects.history.rows import LONGEST_ROW, Row, read_items, row_of
from integration.dialects.json_values import Json

ENDINGS = tuple(
    kind + packed
    for kind in (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
    for packed in ("", ".gz", ".zst")
    if (kind, packed) not in ((".parquet", ".gz"), (".parquet", ".zst"))
)
PORTION = 500  # rows of a Parquet file read at once
CHUNK = 1 << 10  # compressed bytes unpacked at once; a bomb expands them to 32 MB at most
READ = 1 << 16
# Rows that cannot be read are not looked at for the format for longer.
PATIENCE = 100
# Counted from 1. Bytes: an interaction of ours as JSON.
Item: TypeAlias = tuple[int, "bytes | dict[str, Json] | FeatureMemoryError"]

csv.field_size_limit(LONGEST_ROW)  # the default, 128 kB, is less than a long conversation


@contextmanager
def open_history(
    path: Path, name: str = AUTO, mapping: Mapping[str, str] | None = None
) -> Iterator[tuple[IO[bytes], Iterator[Item]]]:
    """Yields the open file, whose position is the progress, and its items."""
    with path.open("rb") as raw:
        yield raw, translate_read_errors(read_file(path, raw, name, mapping), path.name)


def read_file(
    path: Path, raw: IO[bytes], name: str, mapping: Mapping[str, str] | None
) -> Iterator[Item]:
    stream, kind = open_uncompressed(raw, path.name.lower())
    if kind.endswith(".csv") or name == "csv":
        yield from read_history(read_csv(stream), name, mapping)
    elif kind.endswith(".parquet") or name == "parquet":
        yield from read_history(read_parquet(path), name, mapping)
    elif name not in (AUTO, INTERACTIONS) or mapping:
        yield from read_history(map(row_of, read_items(read_chunks(stream))), name, mapping)
    else:
        yield from read_json(read_items(read_chunks(stream)), name)


def read_json(items: Iterable[bytes], name: str) -> Iterator[Item]:
    """Interactions of ours as they are; another format is told by the first row that can be read."""
    stream, looked_at = iter(items), list[bytes]()
    for item in stream:
        looked_at.append(item)
        row = row_of(item)
        if not isinstance(row, FeatureMemoryError):
            name = detect_format(row) if name == AUTO else name
            break
        if len(looked_at) >= PATIENCE:
            break
    whole = chain(looked_at, stream)
    if name in (AUTO, INTERACTIONS):
        yield from enumerate(whole, 1)
    else:
        yield from read_history(map(row_of, whole), name)


def read_rows_of(
    path: Path, raw: IO[bytes], name: str = AUTO
) -> Iterator[Row | FeatureMemoryError]:
    """The rows as they are in the file, read by no format yet. Reads nothing before the first is asked
    for, so that whoever asks is told of a damaged file."""
    stream, kind = open_uncompressed(raw, path.name.lower())
    if kind.endswith(".csv") or name == "csv":
        yield from read_csv(stream)
    elif kind.endswith(".parquet") or name == "parquet":
        yield from read_parquet(path)
    else:
        yield from map(row_of, read_items(read_chunks(stream)))


def translate_read_errors(items: Iterable[Any], name: str) -> Iterator[Any]:
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


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(READ), b"")


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


def read_csv(stream: IO[bytes]) -> Iterator[Row | FeatureMemoryError]:
    """A row for each record; an empty cell is None."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        for row in csv.DictReader(read_text_lines(text)):
            yield {name: cell or None for name, cell in row.items() if name}
    finally:
        text.detach()  # keeps the file open, whose position is still read


def read_text_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines of bounded length: one that never ends must not fill the memory."""
    while line := text.readline(LONGEST_ROW):
        if len(line) >= LONGEST_ROW:
            raise csv.Error(f"a line is longer than {LONGEST_ROW:,} characters")
        yield line


def read_parquet(path: Path) -> Iterator[Row | FeatureMemoryError]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise invalid("Parquet needs one more package: pip install pyarrow") from None
    try:
        for batch in parquet.ParquetFile(path).iter_batches(PORTION):
            yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise FeatureMemoryError(
            f"{path.name} cannot be read: {error}"[:500], ErrorCode.MALFORMED_BODY
        ) from error
