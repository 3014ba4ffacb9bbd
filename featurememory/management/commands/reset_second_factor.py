"""`manage.py reset_second_factor`: takes the second factor of a person away, who lost phone and codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.access.second_factor import remove_factor
from featurememory.management.stored import StoredCommand, find_person


class Command(StoredCommand):
    help = "Take the second factor of a person away: the password alone signs in again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="their user name")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        if remove_factor(find_person(user)):
            self.stdout.write(f"{user} signs in with the password alone again.")
        else:
            self.stdout.write(f"{user} had no second factor.")
