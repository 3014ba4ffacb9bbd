"""`manage.py doctor`: checks every invariant of what is stored and says what to do."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.db import DatabaseError

from featurememory.management.stored import StoredCommand
from featurememory.models import Project
from integration.doctor.examination import examine
from integration.doctor.server_checks import delete_orphans

BROKEN, CANNOT_TELL = 1, 2


class Command(StoredCommand):
    help = (
        "Check everything that is stored. Ends with 0: all in order; 1: something is wrong, with "
        "what to do; 2: it could not be checked."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", default="", help="default: all projects")
        parser.add_argument("--repair", action="store_true", help="delete what belongs to nothing")

    def handle(self, *args: Any, project: str, repair: bool, **options: Any) -> None:
        try:
            if project and not Project.objects.filter(name=project).exists():
                self.stderr.write(f"There is no project {project!r}.")
                sys.exit(CANNOT_TELL)
            if repair:
                self.stdout.write(f"{delete_orphans():,} contents without an interaction deleted")
            wrong = sum(self.report(*one) for one in examine(project))
        except DatabaseError as error:
            self.stderr.write(f"The database cannot be read: {error}")
            sys.exit(CANNOT_TELL)
        if wrong:
            self.stderr.write(f"{wrong:,} things are not in order.")
            sys.exit(BROKEN)
        self.stdout.write("Everything is in order.")

    def report(self, check: str, where: str, found: list[Any]) -> int:
        place = f" of {where}" if where else ""
        self.stdout.write(f"{'WRONG' if found else 'ok':5}  {check}{place}")
        for one in found:
            self.stdout.write(f"       {one.what}\n       {one.advice}")
        return len(found)
