"""`manage.py delete_project`: a project with everything that is its own."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from featurememory.management.stored import StoredCommand, find_project
from integration.erasure.delete_project import delete_project


class Command(StoredCommand):
    help = "Delete a project with everything in it. It cannot be undone: export it first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="its name")
        parser.add_argument("--yes", action="store_true", help="do it, instead of saying what goes")

    def handle(self, *args: Any, project: str, yes: bool, **options: Any) -> None:
        row = find_project(project)
        if not yes:
            count = row.modelinteraction_set.count()
            raise CommandError(
                f"This deletes {project} with {count:,} interactions and all that was learned from "
                "them, for ever. Add --yes to do it."
            )
        count = delete_project(row)
        self.stdout.write(f"{project}: deleted, with {count:,} interactions")
