"""Notes people write on a pattern: added and taken away, each with its author and time."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from featurememory.audit.record import record
from featurememory.page_access import changing, current_project
from patterns.curation.history import add_pattern_events
from patterns.models import Pattern, PatternEvent
from patterns.views.pattern_changes import name_actor
from patterns.views.pattern_history import NOTE

LONGEST, MOST = 1000, 50


@require_POST
@changing
def add_note(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    project = current_project(request)
    pattern = get_object_or_404(Pattern, project=project, pk=pattern_id)
    text = request.POST.get("note", "").replace("\x00", "").strip()[:LONGEST]
    notes = PatternEvent.objects.filter(project=project, pattern_id=pattern.pk, kind=NOTE)
    if text and notes.count() >= MOST:
        messages.error(request, f"A pattern holds {MOST} notes: delete one of them first.")
    elif text:
        actor = name_actor(request)
        add_pattern_events(project, [str(pattern.pk)], NOTE, actor, {"text": text})
        # The audit log outlives an erasure, so it holds no text.
        after = {"characters": len(text)}
        record(project.pk, "pattern.noted", str(pattern.pk), actor=actor, after=after)
    return redirect("pattern", pattern_id=pattern_id)


@require_POST
@changing
def delete_note(request: HttpRequest, pattern_id: UUID, note_id: int) -> HttpResponse:
    project = current_project(request)
    rows = PatternEvent.objects.filter(project=project, pattern_id=pattern_id, kind=NOTE)
    note = get_object_or_404(rows, pk=note_id)
    before = {"characters": len(note.details.get("text", ""))}
    note.delete()
    actor = name_actor(request)
    record(project.pk, "pattern.note_deleted", str(pattern_id), actor=actor, before=before)
    messages.success(request, "Note deleted.")
    return redirect("pattern", pattern_id=pattern_id)
