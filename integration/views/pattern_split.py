"""Splitting a pattern by a slot or by ticked examples: a preview, the split, and what is stored follows."""

from __future__ import annotations

from collections.abc import Sequence
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

LONGEST_NAME, LONGEST_ID = 200, 128


@changing
def split_by_slot(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """GET shows what would become of it; POST splits it into one pattern for each value of a slot."""
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    if request.method != "POST":
        context = preview_values(project, pattern, request.GET.get("slot", ""))
        return render_page(request, "patterns/split.html", "patterns/_split.html", context)
    slot = request.POST.get("slot", "")
    operation, made = splitting.split_pattern(
        project, str(pattern_id), name_actor(request), slot=slot, example_ids=()
    )
    text = f"Split by {slot} into {history.format_pattern_count(len(made))}"
    job = follow_and_tell(request, project, operation, made, text)
    return job or redirect("patterns")


def preview_values(project: Project, pattern: Pattern, name: str) -> dict[str, Any]:
    """The parts by value with about how many uses each has, at least and at most."""
    slot: dict[str, Any] = next((one for one in pattern.slots if one.get("name") == name), {})
    found = splitting.foresee_values(project, str(pattern.pk), name)
    parts = [
        (one.value, *(max(1, round(n * pattern.use_count)) for n in (one.share, one.at_most)))
        for one in found
    ]
    return {
        **describe_way(pattern),
        "slot": name,
        "parts": parts,
        "others": max(0, int(slot.get("distinct", 0)) - len(parts)),
        "made": len(parts) + 1,
    }


def describe_way(pattern: Pattern) -> dict[str, Any]:
    """What both dialogs say of the way: whether it takes time, and how long it can be undone."""
    return {
        "pattern": pattern,
        "at_once": pattern.use_count <= STEP,
        "undo_days": history.UNDO_PERIOD.days,
    }


@changing
def split_by_examples(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """GET shows what would move and how it reads; POST splits, with one Undo."""
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    if request.method != "POST":
        context = preview_examples(project, pattern, request.GET.getlist("examples"))
        return render_page(
            request, "patterns/split_examples.html", "patterns/_split_examples.html", context
        )
    operation, made = splitting.split_pattern(
        project,
        str(pattern.pk),
        name_actor(request),
        slot=None,
        example_ids=request.POST.getlist("examples")[: example_split.MOST_EXAMPLES],
        label=request.POST.get("label", "")[:LONGEST_NAME].strip(),
    )
    job = follow_and_tell(request, project, operation, made, "Split into a new pattern")
    return job or redirect("pattern", pattern_id=made[-1])


def preview_examples(project: Project, pattern: Pattern, ids: list[str]) -> dict[str, Any]:
    """What the dialog shows: the preview, or why there is none."""
    ids = [one[:LONGEST_ID] for one in ids[: example_split.MOST_EXAMPLES]]
    context = {**describe_way(pattern), "ids": ids}
    if not ids:
        return context | {"refusal": "Tick at least one example on the page of the pattern first."}
    try:
        seen = example_split.foresee_example_split(project, str(pattern.pk), ids)
    except FeatureMemoryError as error:
        told = error.details.get("errors") or [{"message": error.message}]
        return context | {"refusal": told[0]["message"]}
    return context | {"seen": seen}


def follow_and_tell(
    request: HttpRequest, project: Project, operation: Operation, made: Sequence[str], text: str
) -> HttpResponse | None:
    """Few interactions move at once; many by a job, whose page shows how far it is: the answer."""
    whole, *parts = made
    try:
        moved = follow_at_once(project, whole, parts)
    except FeatureMemoryError:  # the patterns are being learned: the job has time
        moved = None
    if moved is None:
        job = queue.start_job(
            project, "follow_split", name_actor(request), {"whole": whole, "parts": parts}
        )
        messages.success(request, f"{text}; its interactions follow.", extra_tags=str(operation.pk))
        return redirect("job", job.pk)
    text += f", and {moved:,} interaction{'' if moved == 1 else 's'} moved there."
    messages.success(request, text, extra_tags=str(operation.pk))
    return None
