"""`manage.py load_prices`: adds the shipped list of prices to a project."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.management.stored import StoredCommand, find_project
from optimizations.prices.shipped_prices import load_shipped_prices, read_shipped_list


class Command(StoredCommand):
    help = "Add the shipped, dated list of model prices to a project. Prices of your own stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name of a project that exists")

    def handle(self, *args: Any, project: str, **options: Any) -> None:
        row = find_project(project)
        count = load_shipped_prices(row, "manage.py")
        self.stdout.write(f"{count:,} prices added or changed. {read_shipped_list()['note']}")
