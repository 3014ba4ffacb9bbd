"""Loads the demo: at once, or as a job with progress."""

from __future__ import annotations

import time
from collections.abc import Iterator

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.demo.story import Story
from integration.models import Job


def create_demo(name: str = "demo") -> tuple[Project, bool]:
    """The demo project, and whether it is new: then its data is still to be loaded."""
    return Project.objects.get_or_create(name=name, defaults={"is_demo": True})


def load_demo(name: str = "demo") -> Project:
    """Create the demo project when it is missing, and load it before returning."""
    project, made = create_demo(name)
    if made:
        for _ in Story(project, time.time_ns() // 1_000_000).run():
            pass
    return project


def run_demo_steps(job: Job) -> Iterator[str]:
    """The same in steps; goes on after the last one that was saved."""
    if not job.project.is_demo:
        raise FeatureMemoryError(
            "Demo data is loaded into the demo project only.", ErrorCode.VALIDATION_FAILED
        )
    now_ms = int(job.cursor.setdefault("now_ms", time.time_ns() // 1_000_000))
    story = Story(job.project, now_ms)
    job.total, job.unit = len(story.requests), "interactions"
    for done in story.run(job.done):
        job.done = done
        yield ""
    yield f"{job.done:,} interactions loaded"
