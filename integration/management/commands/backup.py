"""`manage.py backup`: everything into one file, while the server runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from featurememory.audit.record import record
from featurememory.errors import FeatureMemoryError
from featurememory.management.stored import StoredCommand
from integration.archive.backup import back_up


class Command(StoredCommand):
    help = (
        "Back up while the server runs: on SQLite a copy of the database, on PostgreSQL a tar with "
        "the archive of every project."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to write it")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            what = back_up(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
        except FeatureMemoryError as error:
            raise CommandError(error.message) from error
        record(None, "backup.made", what)
        self.stdout.write(f"{file}: {what}, {file.stat().st_size:,} bytes")
