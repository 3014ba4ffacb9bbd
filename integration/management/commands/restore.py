"""`manage.py restore`: a project out of the file that `export` wrote."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from featurememory.audit.record import record
from featurememory.errors import FeatureMemoryError
from featurememory.management.stored import StoredCommand
from integration.archive.restore import restore_project
from integration.startup import migrate_database


class Command(StoredCommand):
    help = "Make a project from the file of an export: all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what `export` wrote")
        parser.add_argument("--project", required=True, help="its name here; none may have it yet")

    def handle(self, *args: Any, file: Path, project: str, **options: Any) -> None:
        migrate_database()
        try:
            made, counts = restore_project(file, project)
            record(made.pk, "project.restored", project, after=counts)
        except ValidationError as error:
            raise CommandError(f"--project {project!r}: {' '.join(error.messages)}") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except FeatureMemoryError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{project}: {counts.get('ModelInteraction', 0):,} interactions, "
            f"{counts.get('Pattern', 0):,} patterns, {counts.get('Decision', 0):,} decisions, "
            f"{counts.get('Optimization', 0):,} optimizations. Make a key for it: manage.py "
            f"create_api_key --project {project} --kind rw"
        )
