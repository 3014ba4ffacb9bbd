"""`manage.py login_link`: prints a link that signs a person in, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from featurememory.management.stored import StoredCommand, find_person
from featurememory.models import LoginLink


class Command(StoredCommand):
    help = "Print a link that signs a person in once, within 15 minutes. Earlier links end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", default="admin", help="their user name; default admin")
        parser.add_argument(
            "--url",
            default=f"http://127.0.0.1:8000{settings.BASE_PATH}",
            help="how the server is reached, with its base path; default %(default)s",
        )

    def handle(self, *args: Any, user: str, url: str, **options: Any) -> None:
        person = find_person(user)
        if not person.is_active:
            raise CommandError(f"{user} is not active")
        self.stdout.write(f"{url.rstrip('/')}/login/once/{LoginLink.make(person)}/")
