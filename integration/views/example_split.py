"""Split a pattern by examples ticked on its page: a preview, the split, and what is stored follows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from featurememory.page_access import changing, current_project, render_page
from integration.jobs import queue
from integration.repair.follow_split import STEP, follow_at_once
from patterns.curation import example_split, history, splitting
from patterns.models import Operation, Pattern
from patterns.views.pattern_changes import name_actor

LONGEST_NAME = 200


@changing
def split_by_examples(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """GET shows what would move and how it reads; POST splits, with one Undo."""
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    if request.method != "POST":
        context = describe_split(project, pattern, request.GET.getlist("examples"))
        return render_page(
            request, "patterns/split_examples.html", "patterns/_split_examples.html", context
        )
    operation, (whole, part) = splitting.split_pattern(
        project,
        str(pattern.pk),
        name_actor(request),
        slot=None,
        example_ids=request.POST.getlist("examples")[: example_split.MOST_EXAMPLES],
        label=request.POST.get("label", "")[:LONGEST_NAME].strip(),
    )
    return follow_and_tell(request, project, operation, whole, part)


def describe_split(project: Project, pattern: Pattern, ids: list[str]) -> dict[str, Any]:
    """What the dialog shows: the preview, or why there is none."""
    ids = [one[:128] for one in ids[: example_split.MOST_EXAMPLES]]
    context: dict[str, Any] = {
        "pattern": pattern,
        "ids": ids,
        "at_once": pattern.use_count <= STEP,
        "undo_days": history.UNDO_PERIOD.days,
    }
    if not ids:
        return context | {"refusal": "Tick at least one example on the page of the pattern first."}
    try:
        seen = example_split.foresee_example_split(project, str(pattern.pk), ids)
    except FeatureMemoryError as error:
        told = error.details.get("errors") or [{"message": error.message}]
        return context | {"refusal": told[0]["message"]}
    return context | {"seen": seen}


def follow_and_tell(
    request: HttpRequest, project: Project, operation: Operation, whole: str, part: str
) -> HttpResponse:
    """Few interactions move at once; many by a job, whose page shows how far it is."""
    try:
        moved = follow_at_once(project, whole, [part])
    except FeatureMemoryError:  # the patterns are being learned: the job has time
        moved = None
    text = "Split into a new pattern"
    if moved is not None:
        text += f", and {moved:,} interaction{'' if moved == 1 else 's'} moved there."
        messages.success(request, text, extra_tags=str(operation.pk))
        return redirect("pattern", pattern_id=part)
    job = queue.start_job(
        project, "follow_split", name_actor(request), {"whole": whole, "parts": [part]}
    )
    messages.success(request, f"{text}; its interactions follow.", extra_tags=str(operation.pk))
    return redirect("job", job.pk)
