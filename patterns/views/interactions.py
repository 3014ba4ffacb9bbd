"""Interactions: newest first, with their patterns, and their JSON as sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import UUID

import msgspec
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from featurememory.page_access import current_project, exporting, page, render_page
from patterns.criteria import parse_id
from patterns.models import ModelInteraction, Payload
from patterns.recognition.explain import explain_match
from patterns.redaction.redact import name_sessions
from patterns.retention.old_texts import GONE
from patterns.serializers import family_of
from patterns.storage.payloads import unpack_parts
from patterns.storage.shared_words import NO_WORDS, Words, show_json, show_text, words_of
from patterns.views.matched_patterns import find_matched_patterns

PREVIEW = 120  # no list has room for more
SHOWN_JSON = 12_000
STATES = {"pending": 0, "recognized": 1, "failed": 2}
Data: TypeAlias = bytes | memoryview | None
PARTS = ("input", "output", "parameters", "tags", "error", "extra")


def build_interaction_url(interaction_id: str) -> str:
    """The page of an interaction; ids are the clients' own and may hold any character."""
    return f"/interactions/{quote(interaction_id, safe='')}/"


def preview_input(data: Data, words: Words = NO_WORDS) -> str:
    """The beginning of the input in one line: its text, or its JSON."""
    if data is None:
        return GONE
    try:
        raw = bytes(unpack_parts(bytes(data)).get("input", b"null"))
    except (ValueError, msgspec.DecodeError):
        return "(the payload is damaged)"
    text = show_text(words, " ".join(find_last_message(raw).split()))
    return text if len(text) <= PREVIEW else f"{text[: PREVIEW - 1]}…"


def find_last_message(raw: bytes) -> str:
    """The last message of a chat; else the text or JSON itself."""
    if raw[:1] not in b"[{" or b'"content"' not in raw:
        return to_text(raw if raw[:1] == b'"' else raw[: 8 * PREVIEW])
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return to_text(raw[: 8 * PREVIEW])
    messages = value.get("messages") if isinstance(value, dict) else value
    said = [
        m["content"]
        for m in (messages if isinstance(messages, list) else ())
        if isinstance(m, dict) and isinstance(m.get("content"), str)
    ]
    return said[-1] if said else to_text(raw[: 8 * PREVIEW])


def to_text(raw: bytes) -> str:
    """A JSON string as its text, anything else as its JSON."""
    if raw[:1] == b'"':
        try:
            return str(msgspec.json.decode(raw))
        except msgspec.DecodeError:
            pass
    return raw.decode("utf-8", "replace")


def build_previews(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of `annotate_payload` with URL, preview and tokens, for tables of interactions."""
    return [
        {
            "row": row,
            "url": build_interaction_url(row.id),
            "text": preview_input(row.data, words_of(row.project_id)),
            "tokens": count_tokens(row),
        }
        for row in rows
    ]


def annotate_payload(rows: QuerySet[ModelInteraction]) -> Any:
    """The same rows with the payload as `data`, in one query."""
    payloads = Payload.objects.filter(number=OuterRef("number"))
    return rows.annotate(data=Subquery(payloads.values("data")))


def count_tokens(row: ModelInteraction) -> float | None:
    if row.token_count is not None:
        return row.token_count
    known = [n for n in (row.input_tokens, row.output_tokens) if n is not None]
    return sum(known) if known else None


def filter_interactions(project: UUID, rows: Any, query: Any) -> tuple[Any, dict[str, str]]:
    """The rows that match the query, and the parameters that were applied."""
    used: dict[str, str] = {}
    for name in ("model_id", "task_type"):
        if value := query.get(name, "").replace("\x00", "")[:200]:
            rows, used[name] = rows.filter(**{name: value}), value
    if value := query.get("session_id", "").replace("\x00", "")[:200]:
        rows, used["session_id"] = rows.filter(session_id__in=name_sessions(project, value)), value
    if (state := query.get("state")) in STATES:
        rows, used["state"] = filter_by_state(rows, STATES[state]), state
    if (outcome := query.get("success")) in ("true", "false"):
        rows, used["success"] = rows.filter(success=outcome == "true"), outcome
    if value := query.get("pattern_id"):
        rows = rows.filter(pattern_id__in=list(family_of([parse_id(value)])))
        used["pattern_id"] = value
    return rows, used


def search_interactions(rows: Any, text: str) -> tuple[Any, bool]:
    """Rows with this id, else with this task type, and whether an index serves the search.

    Payloads are compressed and not searched.
    """
    exact = rows.filter(id=text)
    return (exact, True) if exact.exists() else (rows.filter(task_type=text), False)


def filter_by_state(rows: Any, state: int) -> Any:
    """Filter by a literal where an index is partial, because SQLite uses it only for literals."""
    return rows.filter(state=1) if state == 1 else rows.extra(where=[f"state = {state:d}"])


@page
def show_interaction(request: HttpRequest, interaction_id: str) -> HttpResponse:
    project = current_project(request)
    row = find_interaction(project, interaction_id)
    data = Payload.objects.filter(pk=row.number).values_list("data", flat=True).first()
    context = {
        "row": row,
        "tokens": count_tokens(row),
        "pattern": find_matched_patterns(project, [row]).get(row.pattern_id),
        "is_gone": data is None,
        "parts": [
            format_part(name, show_json(words_of(project.pk), raw))
            for name, raw in read_parts(data).items()
        ],
        "url": build_interaction_url(row.id),
    }
    return render(request, "interactions/detail.html", context)


def find_interaction(project: Project, name: str) -> ModelInteraction:
    row = None
    if "\x00" not in name and len(name) <= 128:
        row = ModelInteraction.objects.filter(project=project, id=name).first()
    if row is None:
        raise Http404(name)
    return row


def read_parts(data: Data) -> dict[str, bytes]:
    """The members of the payload as sent; empty for a damaged one."""
    try:
        parts = unpack_parts(bytes(data)) if data is not None else {}
    except (ValueError, msgspec.DecodeError):
        return {}
    return {name: bytes(parts[name]) for name in PARTS if name in parts}


def format_part(name: str, raw: bytes) -> dict[str, Any]:
    """One member for display: indented JSON, or the text of a string; shortened when long."""
    text = (
        to_text(raw)
        if raw[:1] == b'"'
        else msgspec.json.format(raw, indent=2).decode("utf-8", "replace")
    )
    return {
        "name": name,
        "text": text[:SHOWN_JSON],
        "cut": len(text) > SHOWN_JSON,
        "size": len(raw),
    }


@page
def show_explanation(request: HttpRequest, interaction_id: str) -> HttpResponse:
    """Why it belongs to its pattern. Requested after the page, because it may load the recogniser."""
    row = find_interaction(current_project(request), interaction_id)
    data = Payload.objects.filter(pk=row.number).values_list("data", flat=True).first()
    try:
        found = explain_match(row, data)
    except FeatureMemoryError:  # a damaged pattern must not break the page
        found = None
    context = {"why": found, "row": row, "is_gone": data is None}
    return render_page(request, "interactions/why.html", "interactions/_why.html", context)


@exporting
def download_payload(request: HttpRequest, interaction_id: str) -> HttpResponse:
    """The payload as it was sent, as one JSON object."""
    row = find_interaction(current_project(request), interaction_id)
    data = Payload.objects.filter(pk=row.number).values_list("data", flat=True).first()
    words = words_of(row.project_id)
    members = {name: msgspec.Raw(show_json(words, raw)) for name, raw in read_parts(data).items()}
    response = HttpResponse(msgspec.json.encode(members), content_type="application/json")
    response["Content-Disposition"] = "inline"
    return response
