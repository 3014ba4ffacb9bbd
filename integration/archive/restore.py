"""A project out of its archive: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DataError, IntegrityError, models

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.archive.archive_file import read_members, refuse
from integration.archive.numbers import InteractionNumbers
from integration.archive.tables import BY_NAME, NUMBER_COLUMNS, NUMBER_LISTS, PAYLOADS
from integration.archive.values import decode_content, decode_line, decode_value
from integration.archive.verify import verify_archive
from patterns.models import ModelInteraction, Pattern, Payload

BATCH = 500


def restore_project(path: Path, name: str) -> tuple[Project, dict[str, int]]:
    """Make the project of this name from an archive; how many rows of each table.

    The file is verified first. ValueError or FeatureMemoryError say what is in the way.
    """
    columns = verify_archive(path)
    check_name(name)
    try:
        with write_turn():
            counts, project_id = ArchiveReading(columns, name).read_file(path)
    except (IntegrityError, DataError, TypeError, KeyError, ValueError) as error:
        raise refuse(path, f"cannot be restored here, nothing was written: {error}") from error
    return Project.objects.get(pk=project_id), counts


def check_name(name: str) -> None:
    Project(name=name).clean_fields(exclude=["id", "is_demo"])
    if Project.objects.filter(name=name).exists():
        message = f"There is already a project {name}: restore under another name, or delete it."
        raise FeatureMemoryError(message, ErrorCode.CONFLICT)


class ArchiveReading:
    """Writes the rows of one archive; numbers of interactions become this server's own."""

    def __init__(self, columns: dict[str, list[str]], name: str) -> None:
        self.columns, self.name = columns, name
        self.numbers = InteractionNumbers()
        self.project_id: UUID | None = None
        self.counts: Counter[str] = Counter()

    def read_file(self, path: Path) -> tuple[dict[str, int], UUID]:
        for member, data in read_members(path):
            table = member.partition("/")[0]
            if table in self.columns:
                lines = data.splitlines()
                for start in range(0, len(lines), BATCH):
                    self.write_rows(table, list(map(decode_line, lines[start : start + BATCH])))
        if self.project_id is None:
            raise refuse(path, "is not an archive of a project: it names none")
        return dict(self.counts), self.project_id

    def write_rows(self, table: str, rows: list[list[Any]]) -> None:
        self.counts[table] += len(rows)
        if table == PAYLOADS:
            self.write_contents(rows)
            return
        model = BY_NAME[table].model
        made = [model(**values) for values in self.list_values(table, rows)]
        if model is Project:
            self.adopt_project(made[0])
        if model is Pattern:
            refuse_known_patterns([one.pk for one in made])
        create_rows(model, made)
        if model is ModelInteraction:
            self.numbers.extend(one.number for one in made)

    def list_values(self, table: str, rows: list[list[Any]]) -> Iterator[dict[str, Any]]:
        fields = {field.attname: field for field in BY_NAME[table].fields}
        names = self.columns[table]
        owner = {} if table == "Project" else {"project_id": self.project_id}
        for row in rows:
            given = zip(names, row, strict=True)
            values = {name: self.translate(table, name, value) for name, value in given}
            yield owner | {name: decode_value(fields[name], v) for name, v in values.items()}

    def translate(self, table: str, name: str, value: Any) -> Any:
        if value is None:
            return None
        if (table, name) in NUMBER_COLUMNS:
            return self.numbers.from_archive(value)
        return self.numbers.list_from_archive(value) if (table, name) in NUMBER_LISTS else value

    def adopt_project(self, project: Project) -> None:
        same = Project.objects.filter(pk=project.pk).first()
        if same is not None:
            message = (
                f"This project is already here as {same.name}. A second copy needs a server of its "
                "own; to go back to the archive, delete the project first."
            )
            raise FeatureMemoryError(message, ErrorCode.CONFLICT)
        project.name, self.project_id = self.name, project.pk

    def write_contents(self, rows: list[list[Any]]) -> None:
        Payload.objects.bulk_create(
            Payload(number=self.numbers.from_archive(number), data=decode_content(content))
            for number, content in rows
        )


def refuse_known_patterns(ids: list[UUID]) -> None:
    if Pattern.objects.filter(pk__in=ids).exists():
        message = "Patterns of this archive are already on this server, in another project."
        raise FeatureMemoryError(message, ErrorCode.CONFLICT)


def create_rows(model: Any, rows: list[Any]) -> None:
    """Insert the rows with the times that Django would set on saving as the archive has them."""
    times = [collect_automatic_times(row) for row in rows]
    model.objects.bulk_create(rows)
    for row, values in zip(rows, times, strict=True):
        if values:  # tables of one row
            model.objects.filter(pk=row.pk).update(**values)


def collect_automatic_times(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add)
    }
