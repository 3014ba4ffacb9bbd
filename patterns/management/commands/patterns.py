"""`manage.py patterns`: prints the patterns of a project."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management import CommandError

from featurememory.management.stored import StoredCommand, find_project
from featurememory.models import Project
from patterns.models import Pattern
from patterns.serializers import serialize_patterns


class Command(StoredCommand):
    help = "Print the patterns of a project: id, template, slots, features, counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", help="default: the first project")
        parser.add_argument("--format", choices=["json", "text"], default="text")

    def handle(self, *args: Any, project: str | None, format: str, **options: Any) -> None:
        row = find_project(project) if project else Project.objects.first()
        if row is None:
            raise CommandError("There is no project yet.")
        rows = Pattern.objects.stored().filter(project=row).order_by("-use_count", "pk")
        if format == "json":
            self.stdout.write(msgspec.json.encode(serialize_patterns(list(rows))).decode())
            return
        for pattern in rows:
            line = " ".join(pattern.template.split())
            self.stdout.write(f"{pattern.use_count:>8}  {pattern.confidence:.2f}  {line[:160]}")
