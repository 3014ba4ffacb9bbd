"""A project into its archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from featurememory.models import Project
from integration.archive.archive_file import ArchiveWriter, write_file
from integration.archive.consistent_read import read_consistently
from integration.archive.numbers import InteractionNumbers
from integration.archive.tables import (
    BY_NAME,
    NUMBER_COLUMNS,
    NUMBER_LISTS,
    PAYLOADS,
    ArchiveTable,
    list_columns,
    list_names,
)
from integration.archive.values import encode_content, encode_value
from patterns.models import ModelInteraction, Payload

BATCH = 500


def export_project(project: Project, path: Path) -> dict[str, int]:
    """Write the whole project; how many rows of each table. `path` appears when it is complete."""
    with write_file(path) as stream, read_consistently():
        return write_project(project.pk, stream)


def write_project(project_id: UUID, stream: Any) -> dict[str, int]:
    """The same into a stream; call it in `read_consistently`."""
    own = ModelInteraction.objects.filter(project_id=project_id).order_by("number")
    numbers = InteractionNumbers(own.values_list("number", flat=True).iterator(5000))
    writer = ArchiveWriter(stream, list_columns())
    counts = {
        name: writer.add_table(
            name,
            list_contents(numbers)
            if name == PAYLOADS
            else list_rows(BY_NAME[name], project_id, numbers),
        )
        for name in list_names()
    }
    writer.finish()
    return counts


def list_rows(
    table: ArchiveTable, project_id: UUID, numbers: InteractionNumbers
) -> Iterator[list[Any]]:
    fields = table.fields
    translate = {
        place: numbers.to_archive
        if (table.name, name) in NUMBER_COLUMNS
        else numbers.list_to_archive
        for place, name in enumerate(table.columns)
        if (table.name, name) in NUMBER_COLUMNS | NUMBER_LISTS
    }
    for values in table.rows_of(project_id).values_list(*table.columns).iterator(BATCH):
        row = [encode_value(field, value) for field, value in zip(fields, values, strict=True)]
        for place, to_archive in translate.items():
            row[place] = None if row[place] is None else to_archive(row[place])
        yield row


def list_contents(numbers: InteractionNumbers) -> Iterator[list[Any]]:
    for start in range(0, len(numbers.own), BATCH):
        some = list(numbers.own[start : start + BATCH])
        found = dict(Payload.objects.filter(pk__in=some).values_list("number", "data"))
        for place, number in enumerate(some, start + 1):
            if number in found:
                yield [place, encode_content(found[number])]
