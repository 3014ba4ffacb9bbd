"""`manage.py import`: imports files into a project."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from integration.jobs.history_import import Progress, import_file
from integration.management.stored import StoredCommand


class Command(StoredCommand):
    help = "Import interactions from JSONL (also .gz), CSV or Parquet files; run again to resume."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--project", required=True, help="made when there is none of the name")
        parser.add_argument("--quiet", action="store_true", help="no progress on stderr")

    def handle(
        self, *args: Any, files: list[Path], project: str, quiet: bool, **options: Any
    ) -> None:
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise CommandError(f"There is no file {missing[0]}.")
        try:
            row = Project.named(project)
            for path in files:
                self.finish(path, import_file(row, path, self.silent if quiet else self.show))
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
        self.stdout.write(f"{path}: {progress.format_line()}")
