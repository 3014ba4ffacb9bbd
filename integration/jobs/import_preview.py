"""The first rows of a file, as they are and as they would be read, before it is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.columns import guess_mapping
from integration.dialects.history.formats import AUTO, TABLES, detect_format, read_history
from integration.dialects.history.rows import Row
from integration.dialects.intake import make_arrival
from integration.jobs.history_files import read_rows_of, translate_read_errors

# Bounds on what is read and shown: rows, values and characters of a row, columns to map.
ROWS, BYTES, COLUMNS, LONGEST = 8, 4 << 20, 60, 160


@dataclass
class ImportPreview:
    """`rows`: (number, what it becomes, why it is refused). `error`: why nothing can be read."""

    name: str = AUTO
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    error: str = ""

    @property
    def is_table(self) -> bool:
        return self.name in TABLES


def preview_import(
    path: Path, name: str = AUTO, mapping: Mapping[str, str] | None = None
) -> ImportPreview:
    """Read a few rows; nothing is stored. Never raises for what is in the file."""
    preview = ImportPreview(name)
    try:
        with path.open("rb") as raw:
            rows = translate_read_errors(read_rows_of(path, raw, name), path.name)
            taken = list(take_rows(rows))
        fill_preview(preview, taken, mapping)
    except FeatureMemoryError as error:
        preview.error = error.message
    except OSError as error:
        preview.error = f"The file cannot be read: {error.strerror}"
    if not (preview.rows or preview.error):
        preview.error = "No calls of a model are in its first rows."
    return preview


def find_damage(path: Path, name: str) -> str:
    """Why nothing of an upload of this name can be read in any format, like a broken archive; "" when
    something can."""
    try:
        with path.open("rb") as raw:
            next(translate_read_errors(read_rows_of(path, raw, AUTO), name), None)
    except FeatureMemoryError as error:
        return error.message
    return ""


def take_rows(rows: Iterator[Row | FeatureMemoryError]) -> Iterator[Row | FeatureMemoryError]:
    """The first rows, fewer where they are large."""
    size = 0
    for row in islice(rows, ROWS):
        yield row
        size += len(repr(row))
        if size > BYTES:
            return


def fill_preview(
    preview: ImportPreview, taken: list[Row | FeatureMemoryError], mapping: Mapping[str, str] | None
) -> None:
    first = next((row for row in taken if not isinstance(row, FeatureMemoryError)), None)
    if first is not None and preview.name == AUTO:
        preview.name = "columns" if mapping else detect_format(first)
    if first is not None and preview.is_table:
        chosen = mapping or guess_mapping(first)
        preview.columns = [
            (column, shorten(first[column]), chosen.get(column, ""))
            for column in islice(first, COLUMNS)
        ]
    for number, found in read_history(taken, preview.name, mapping):
        preview.rows.append((number, *show_item(found)))


def show_item(found: dict[str, Any] | FeatureMemoryError) -> tuple[dict[str, str], str]:
    """What people look at first, or why it is refused."""
    if isinstance(found, FeatureMemoryError):
        return {}, found.message
    metadata = found.get("metadata")
    times = metadata if isinstance(metadata, dict) else {}
    shown = {
        "model": shorten(found.get("model_id", found.get("modelId"))),
        "input": shorten(found.get("input")),
        "output": shorten(found.get("output")),
        "time": shorten(times.get("timestamp")),
        "duration": shorten(times.get("duration")),
    }
    try:
        make_arrival(found)
    except FeatureMemoryError as error:
        return shown, error.message
    return shown, ""


def shorten(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
