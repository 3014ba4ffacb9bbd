"""`manage.py export`: the whole project into one file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from featurememory.audit.record import record
from featurememory.management.stored import StoredCommand, find_project
from integration.archive.export import export_project


class Command(StoredCommand):
    help = "Write a whole project into one file, while the server runs; `restore` reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="its name")
        parser.add_argument("--output", required=True, type=Path, help="a file: F.tar.zst")

    def handle(self, *args: Any, project: str, output: Path, **options: Any) -> None:
        row = find_project(project)
        try:
            counts = export_project(row, output)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from error
        record(row.pk, "export.made", "the whole project", after=counts)
        self.stdout.write(
            f"{output}: {counts['ModelInteraction']:,} interactions, {counts['Pattern']:,} patterns, "
            f"{counts['Decision']:,} decisions, {counts['Optimization']:,} optimizations, "
            f"{output.stat().st_size:,} bytes"
        )
