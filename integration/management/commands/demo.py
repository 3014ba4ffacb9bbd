"""`manage.py demo`: loads the demo project, or removes it with --remove."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.management.stored import StoredCommand
from integration import demo


class Command(StoredCommand):
    help = "Load the demo project (generated data), or remove it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove it with all its data")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        if remove:
            demo.remove_demo()
            self.stdout.write("The demo project is gone.")
            return
        self.stdout.write(f"Project {demo.load_demo()} is loaded.")
