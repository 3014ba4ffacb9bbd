"""Is this file a whole archive that this release can read? Asked before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration.archive.archive_file import (
    FIRST,
    KIND,
    LAST,
    VERSION,
    digest_of,
    read_members,
    refuse,
)
from integration.archive.tables import list_columns, list_names
from integration.archive.values import decode_line


def verify_archive(path: Path) -> dict[str, list[str]]:
    """The columns of each table of the archive. Reads the file once; MALFORMED_BODY says what is wrong."""
    columns: dict[str, list[str]] | None = None
    found, manifest = list[dict[str, Any]](), None
    for name, data in read_members(path):
        if columns is None:
            columns = verify_format(path, name, data)
        elif manifest is not None:
            raise refuse(path, "has something behind its end")
        elif name == LAST:
            manifest = read_object(path, data)
        else:
            found.append({"name": name, "rows": data.count(b"\n"), "blake2b": digest_of(data)})
    if columns is None or manifest is None:
        raise refuse(path, "is cut off: its manifest is missing")
    verify_members(path, found, manifest.get("members"))
    return columns


def verify_format(path: Path, name: str, data: bytes) -> dict[str, list[str]]:
    told = read_object(path, data) if name == FIRST else {}
    version = told.get("version")
    if told.get("kind") != KIND or not isinstance(version, int):
        raise refuse(path, "is not an archive of a project")
    columns = told.get("columns", {})
    newer = version > VERSION or find_unknown(columns)
    if newer:
        what = f"version {version}" if version > VERSION else f"it has {newer}"
        raise refuse(path, f"was made by a newer release ({what}): upgrade this server first")
    return columns  # type: ignore[no-any-return]


def find_unknown(columns: dict[str, list[str]]) -> str:
    """The first table or column that this release does not have."""
    known = list_columns()
    for table, names in columns.items():
        unknown = [table] if table not in known else sorted(set(names) - set(known[table]))
        if unknown:
            return f"{table}.{unknown[0]}"
    return ""


def verify_members(path: Path, found: list[dict[str, Any]], told: Any) -> None:
    if not isinstance(told, list) or len(told) != len(found):
        raise refuse(path, "is damaged: parts are missing")
    for one, other in zip(found, told, strict=True):
        if one != other:
            raise refuse(path, f"is damaged: {one['name']} is not what the manifest says")
    order = {name: place for place, name in enumerate(list_names())}
    places = [order.get(one["name"].partition("/")[0], -1) for one in found]
    if -1 in places or places != sorted(places):
        raise refuse(path, "is damaged: its parts are in no order")


def read_object(path: Path, data: bytes) -> dict[str, Any]:
    try:
        value = decode_line(data)
    except ValueError as error:
        raise refuse(path, "is damaged") from error
    if not isinstance(value, dict):
        raise refuse(path, "is damaged")
    return value
