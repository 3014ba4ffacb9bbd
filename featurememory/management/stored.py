"""The base of commands that need the database of a running server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from featurememory.audit.origin import acting_by_command
from featurememory.models import Project


def find_project(name: str) -> Project:
    """CommandError when there is none of this name."""
    found = Project.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no project {name!r}.")
    return found


def find_person(name: str) -> Any:
    """The user of this name; CommandError when there is none."""
    found = get_user_model().objects.filter(username=name).first()
    if found is None:
        raise CommandError(f"There is no user {name!r}.")
    return found


class StoredCommand(BaseCommand):
    """Refuses to run with FM_STORAGE=memory, where the data is inside the server process."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if settings.STORAGE == "memory":
            raise CommandError(
                "With FM_STORAGE=memory everything is inside the server's process, out of reach "
                "of a command. Use its pages or the API."
            )
        with acting_by_command():
            return super().execute(*args, **options)
