"""`manage.py import`: imports files into a project."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from featurememory.errors import FeatureMemoryError
from featurememory.management.stored import StoredCommand
from featurememory.models import Project
from integration.dialects.history.columns import check_fields
from integration.dialects.history.formats import AUTO, NAMES
from integration.jobs.history_import import Progress, import_file
from integration.jobs.import_errors import ErrorFile


class Command(StoredCommand):
    help = (
        "Import interactions, or what other tools export, from JSON, JSONL (also .gz, .zst), CSV or "
        "Parquet files; run again to resume."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--project", required=True, help="made when there is none of the name")
        parser.add_argument(
            "--format", default=AUTO, choices=NAMES, help="default: what the first row tells"
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="a column of a table and the field it is, like prompt=input; once for each",
        )
        parser.add_argument("--errors", type=Path, help="CSV file for every row that is refused")
        parser.add_argument("--quiet", action="store_true", help="no progress on stderr")

    def handle(
        self, *args: Any, files: list[Path], project: str, quiet: bool, **options: Any
    ) -> None:
        show = self.silent if quiet else self.show
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise CommandError(f"There is no file {missing[0]}.")
        try:
            mapping = read_mapping(options["map"])
            row = Project.named(project)
            with ErrorFile(options["errors"]) if options["errors"] else nullcontext() as errors:
                for path in files:
                    found = import_file(row, path, show, options["format"], mapping, errors)
                    self.finish(path, found)
        except (ValueError, FeatureMemoryError) as error:
            raise CommandError(str(error)) from error

    def silent(self, progress: Progress) -> None:
        pass

    def show(self, progress: Progress) -> None:
        end = "\n" if not sys.stderr.isatty() else ""
        start = "\r" if sys.stderr.isatty() else ""
        self.stderr.write(f"{start}{progress.format_line()}", ending=end)

    def finish(self, path: Path, progress: Progress) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")
        for number, why in progress.errors:
            self.stderr.write(f"{path}:{number}: {why}")
        if more := progress.rejected - len(progress.errors):
            self.stderr.write(f"{path}: and {more:,} more; --errors FILE keeps them")
        self.stdout.write(f"{path}: {progress.format_line()}")


def read_mapping(given: list[str]) -> dict[str, str] | None:
    """`COLUMN=FIELD` words as a mapping; None when there are none."""
    if wrong := [word for word in given if "=" not in word]:
        raise CommandError(f"--map {wrong[0]}: write COLUMN=FIELD, like prompt=input")
    mapping = {column: name for column, _, name in (word.rpartition("=") for word in given)}
    check_fields(mapping.values())
    return mapping or None
