"""`manage.py create_api_key`: prints a new key once."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.utils import timezone

from featurememory.management.stored import StoredCommand
from featurememory.models import Project
from integration.models import ApiKey

KINDS = "in: send and ask; ro: read; rw: also change; ad: everything, thresholds and erasure too"
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Command(StoredCommand):
    help = "Create an API key and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="made when there is none of the name")
        parser.add_argument("--kind", required=True, choices=ApiKey.KeyKind.values, help=KINDS)
        parser.add_argument("--name", default="", help="for the list of keys")
        parser.add_argument("--expires", help="30d, 12h or 90m; default: never")

    def handle(
        self, *args: Any, project: str, kind: str, name: str, expires: str | None, **options: Any
    ) -> None:
        try:
            row = Project.named(project)
        except ValueError as error:
            raise CommandError(f"--project {error}") from error
        _, text = ApiKey.create(row, kind, name[:100], parse_expiry(expires))
        self.stdout.write(text)


def parse_expiry(text: str | None) -> Any:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})([dhm])", text)
    if not found:
        raise CommandError(f"--expires {text!r}: write 30d, 12h or 90m")
    return timezone.now() + timedelta(**{UNITS[found[2]]: int(found[1])})
