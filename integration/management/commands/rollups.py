"""`manage.py rollups`: recounts the rollups of a project from its interactions."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.management.stored import StoredCommand, find_project
from integration.jobs import queue


class Command(StoredCommand):
    help = "Count the hourly rollups again. Hours whose interactions were forgotten stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="its name")

    def handle(self, *args: Any, project: str, **options: Any) -> None:
        row = find_project(project)
        job = queue.start_job(row, "rollups", "command")
        if not queue.take_job(job):
            self.stdout.write(f"A running server has taken the job: see /jobs/{job.pk}/.")
            return
        queue.run_job(job)
        self.stdout.write(job.log[-1][1] if job.log else job.state)
