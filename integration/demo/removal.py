"""Removes the demo with everything in it, also while it is being loaded."""

from __future__ import annotations

from featurememory.models import Project
from integration.demo.story import AT_WORK
from integration.erasure.delete_project import delete_stored
from integration.models import Job


def remove_demo() -> None:
    """Delete every demo project with all its data; a load that is under way ends first.

    Generated texts need no overwriting.
    """
    for project in Project.objects.filter(is_demo=True):
        loading = Job.objects.filter(project=project, state__in=("queued", "running"))
        loading.update(state=Job.JobState.CANCELLED)
        with AT_WORK:
            delete_stored(project)
