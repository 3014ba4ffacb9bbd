"""`manage.py audit verify`: does every row of the audit log fit the one before?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from featurememory.audit.chain import find_break, list_chains
from featurememory.management.stored import StoredCommand
from featurememory.models import Project


class Command(StoredCommand):
    help = "Verify the audit log: names the first entry that does not fit, and ends with 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["verify"], help="the only one so far")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        names = dict(Project.objects.values_list("pk", "name"))
        broken = False
        for owner in list_chains():
            found = find_break(owner)
            where = names.get(owner, str(owner)) if owner else "the server"
            self.stdout.write(f"{where}: {found or 'every entry fits'}")
            broken = broken or bool(found)
        if broken:
            sys.exit(1)
