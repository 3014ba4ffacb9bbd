"""`manage.py cleanup`: retention and pruning now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.management.stored import StoredCommand, find_project
from featurememory.models import Project
from integration.erasure.old_texts import forget_old_texts
from patterns.retention.cleanup import CleanupResult, clean_up
from patterns.retention.forecast import forecast_cleanup, list_rules


class Command(StoredCommand):
    help = (
        "Prune weak and surplus patterns, empty old trash, delete interactions beyond the limits of "
        "size, age and number, old history, and texts kept for long enough."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--project", help="default: all projects")

    def handle(self, *args: Any, dry_run: bool, project: str | None, **options: Any) -> None:
        for row in [find_project(project)] if project else Project.objects.all():
            self.report(row, clean_up(row, dry_run=dry_run))
            if dry_run:
                self.explain(row)
            else:
                self.forget_texts(row)

    def report(self, project: Project, done: CleanupResult) -> None:
        moved, deleted = (
            ("would move", "would be deleted") if done.dry_run else ("moved", "deleted")
        )
        self.stdout.write(
            f"{project.name}: {done.weak_patterns} weak and {done.surplus_patterns} surplus "
            f"patterns {moved} to the trash, {done.emptied_trash} patterns and {done.interactions:,} "
            f"interactions {deleted}; {done.bytes_before:,} bytes in use"
            + ("" if done.dry_run else f" before, {done.bytes_after:,} after")
        )

    def forget_texts(self, project: Project) -> None:
        """Those that are older than the project keeps them."""
        gone, is_done = 0, False
        while not is_done:
            more, is_done = forget_old_texts(project)
            gone += more
        if gone:
            self.stdout.write(f"  {gone:,} texts deleted, whose figures stay")

    def explain(self, project: Project) -> None:
        """The same, rule by rule, with the bytes it frees."""
        for rule in list_rules(project, forecast_cleanup(project)):
            freed = f", about {rule.bytes:,} bytes" if rule.bytes else ""
            self.stdout.write(f"  {rule.name}: {rule.rows:,}{freed} ({rule.why})")
