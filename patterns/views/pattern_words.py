"""Words of a template: shown one by one, made slots, kept as they are, and slots given names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from featurememory.config import config_of
from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from featurememory.page_access import changing, current_project, render_page
from patterns.curation import history, rewording
from patterns.engine.rewording.wish import Make, Rewording
from patterns.models import Pattern
from patterns.storage.slot_values import read_values
from patterns.views.pattern_changes import name_actor

TEXTS = ("text", "chat")
MAKES: tuple[Make, ...] = ("slot", "fixed", "name")
LONGEST, MOST_OCCURRENCES = 200, 1000


@dataclass(frozen=True)
class Possibility:
    """One of the things that can be done: what it would do, or why it cannot be done."""

    make: Make
    seen: rewording.Foresight | None
    refusal: str = ""


def offers_words(project: Project, row: Pattern) -> bool:
    """Whether the words on the page are those of the texts, and the pattern is in use."""
    plain = config_of(project.pk).mode != "content_free"
    return plain and row.kind in TEXTS and row.status != Pattern.PatternStatus.ARCHIVED


@changing
def change_word(request: HttpRequest, pattern_id: UUID) -> HttpResponse:
    """GET tells what can be done with a word or a slot, and what it would do; POST does it."""
    project = current_project(request)
    row = get_object_or_404(Pattern, project=project, pk=pattern_id)
    if request.method != "POST":
        context = {"pattern": row, **describe_choices(project, row, request.GET.dict())}
        return render_page(request, "patterns/word.html", "patterns/_word.html", context)
    wish = read_wish(request.POST.dict())
    operation, _ = rewording.reword_pattern(project, str(row.pk), name_actor(request), wish)
    messages.success(request, say_done(wish), extra_tags=str(operation.pk))
    return redirect("pattern", pattern_id=pattern_id)


def read_wish(given: dict[str, str]) -> Rewording:
    slot, word = given.get("slot", "")[:LONGEST], given.get("word", "")[:LONGEST]
    usual = MAKES[2] if slot else MAKES[0]
    make = next((one for one in MAKES if one == given.get("make")), usual)
    name = "" if make == "fixed" else given.get("name", "")[:LONGEST].strip()
    return Rewording(make, word, read_occurrence(given), slot, name)


def read_occurrence(given: dict[str, str]) -> int:
    text = given.get("occurrence", "1")
    return min(int(text), MOST_OCCURRENCES) if text.isascii() and text.isdigit() else 1


def say_done(wish: Rewording) -> str:
    if wish.make == "name":
        return f"The slot {wish.slot} is called {wish.name} now."
    if wish.make == "slot":
        return f"“{wish.word}” is a slot now."
    return (
        f"“{wish.word}” stays as it is, for calls from now on. What was counted so far stays here."
    )


def describe_choices(project: Project, row: Pattern, given: dict[str, str]) -> dict[str, Any]:
    """What the dialog shows: of a slot its name and values, of a word both things it can become."""
    slot, word = given.get("slot", "")[:LONGEST], given.get("word", "")[:LONGEST]
    context: dict[str, Any] = {"undo_days": history.UNDO_PERIOD.days, "slot": slot, "word": word}
    if slot:
        found: dict[str, Any] = next((one for one in row.slots if one.get("name") == slot), {})
        return context | {"values": read_values(found)}
    occurrence = read_occurrence(given)
    wishes = [Rewording(make, word, occurrence) for make in MAKES[:2]]
    tried = [look_ahead(project, row, wish) for wish in wishes]
    return context | {"occurrence": occurrence, "choices": tried}


def look_ahead(project: Project, row: Pattern, wish: Rewording) -> Possibility:
    try:
        return Possibility(wish.make, rewording.foresee_rewording(project, str(row.pk), wish))
    except FeatureMemoryError as error:
        told = error.details.get("errors") or [{"message": error.message}]
        return Possibility(wish.make, None, told[0]["message"])
