"""Evaluation sets as files: NDJSON, a JSON array, or a table whose columns are mapped to our fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from featurememory.errors import FeatureMemoryError, invalid
from optimizations.evaluation_sets.answers import EvaluationIn, parse_answer
from patterns.ingest.batch_items import split_array, split_lines

MOST_LINES = 50_000
FIELDS = EvaluationIn.__struct_fields__
NUMBERS = ("score", "cost", "duration")
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")


def read_mapping(text: str) -> dict[str, str]:
    """Lines `COLUMN=FIELD`. 422 for a field that there is none of."""
    found = {}
    for line in filter(None, (part.strip() for part in text.splitlines())):
        column, equals, name = line.rpartition("=")
        if not equals or name.strip() not in FIELDS:
            raise invalid(f"{line[:60]!r} is not COLUMN=FIELD; fields: {', '.join(FIELDS)}", "/map")
        found[column.strip()] = name.strip()
    return found


def read_answers(
    raw: bytes, table: bool, mapping: dict[str, str], name: str
) -> tuple[list[EvaluationIn], list[str]]:
    """The answers of a file, and why lines were refused (the first twenty). `name` is the set of
    those that name none."""
    good, refused = [], []
    for number, item in enumerate(list_items(raw, table, mapping, name), 1):
        if number > MOST_LINES:
            refused.append(f"only the first {MOST_LINES:,} lines were read")
            break
        try:
            good.append(parse_answer(item))
        except FeatureMemoryError as error:
            refused.append(f"line {number}: {error.message}")
    return good, refused[:20]


def list_items(raw: bytes, table: bool, mapping: dict[str, str], name: str) -> Iterator[bytes]:
    if table:
        for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig", "replace"))):
            yield msgspec.json.encode(map_row(row, mapping, name))
        return
    items = split_array(raw) if raw.lstrip()[:1] == b"[" else split_lines(raw)
    for item in items:
        try:
            found = msgspec.json.decode(item)
        except msgspec.DecodeError:
            yield item
            continue
        yield msgspec.json.encode({"set": name} | found) if isinstance(found, dict) else item


def map_row(row: dict[str | None, Any], mapping: dict[str, str], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"set": name}
    for column, value in row.items():
        field = mapping.get(column or "", column or "")
        if field in FIELDS and isinstance(value, str) and value.strip():
            found[field] = read_cell(field, value)
    return found


def read_cell(field: str, value: str) -> Any:
    """A cell as the field's type; what does not fit stays a text, and is refused with its line."""
    if field in NUMBERS:
        try:
            return float(value)
        except ValueError:
            return value
    if field == "success":
        word = value.strip().lower()
        return True if word in TRUE else False if word in FALSE else value
    if field in ("parameters", "usage", "tags"):
        try:
            return msgspec.json.decode(value.encode())
        except msgspec.DecodeError:
            return value
    return value
