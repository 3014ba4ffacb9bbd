"""The job that loads the demo: started once, found while it runs."""

from __future__ import annotations

from featurememory.models import Project
from integration import demo
from integration.jobs import queue
from integration.models import Job


def start_loading(actor: str) -> tuple[Project, bool]:
    """The demo project, and whether it is new: then a job loads it in the background."""
    project, made = demo.create_demo()
    if made:
        queue.start_job(project, "demo", actor)
    return project, made


def find_loading(project: Project) -> Job | None:
    """The job that is loading this project now."""
    if not project.is_demo:
        return None
    active = Job.objects.filter(project=project, kind="demo", state__in=("queued", "running"))
    return active.order_by("-created_at").first()
