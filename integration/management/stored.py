"""For commands that work on the database, which a second process must be able to reach."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand


class StoredCommand(BaseCommand):
    """Refuses where everything lives inside the server's process: this one would see nothing."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if settings.STORAGE == "memory":
            raise CommandError(
                "With FM_STORAGE=memory everything is inside the server's process, out of reach "
                "of a command. Use its pages or the API."
            )
        return super().execute(*args, **options)
