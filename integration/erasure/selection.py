"""Which interactions, decisions and evaluated tasks an erasure is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import zstandard
from django.db.models import Count

from optimizations.decision_log.log import decode_record
from optimizations.evaluation_sets.task_texts import digest_task, find_equal, find_of_people
from optimizations.models import Decision, EvaluationTask
from patterns.models import ModelInteraction, Payload
from patterns.redaction.redact import name_interactions, name_sessions, name_tags
from patterns.storage.payloads import unpack_payload

PART = 500
UNREADABLE = (ValueError, msgspec.DecodeError, zstandard.ZstdError)


@dataclass(frozen=True)
class ErasedContent:
    """Numbers and ids of interactions, numbers and ids of decisions, numbers of evaluated tasks, and what
    else names them."""

    numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    patterns: Counter[UUID] = field(default_factory=Counter)
    task_types: set[str] = field(default_factory=set)
    newest: int = 0
    decisions: list[int] = field(default_factory=list)
    decision_ids: list[str] = field(default_factory=list)
    evaluations: list[int] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)

    @property
    def names(self) -> set[str]:
        """Ids, sessions and values of tags by which somebody may have looked for them."""
        return {*self.ids, *self.decision_ids, *self.sessions, *self.tags}


def find_content(project_id: UUID, params: Mapping[str, Any]) -> ErasedContent:
    """What `params` ask for: `interaction_ids`, `session_id` or `tag`."""
    rows = list(find_interactions(project_id, params))
    sessions = find_whole_sessions(project_id, rows)
    if name := params.get("session_id"):
        sessions |= name_sessions(project_id, str(name))
    content = ErasedContent(
        numbers=[row.number for row in rows],
        ids=[row.id for row in rows],
        sessions=sessions,
        patterns=Counter(row.pattern_id for row in rows if row.pattern_id),
        task_types={row.task_type for row in rows},
        newest=max((row.timestamp for row in rows), default=0),
        tags={str(value) for value in (params.get("tag") or {}).values()},
    )
    decisions = list(find_decisions(project_id, rows, sessions))
    content.decisions.extend(one.number for one in decisions)
    content.decision_ids.extend(one.id for one in decisions)
    content.evaluations.extend(sorted(find_evaluations(project_id, params, rows, decisions)))
    return content


def find_interactions(project_id: UUID, params: Mapping[str, Any]) -> Iterator[ModelInteraction]:
    rows = ModelInteraction.objects.filter(project_id=project_id)
    if ids := params.get("interaction_ids"):
        for start in range(0, len(ids), PART):
            names = [name_interactions(project_id, one) for one in ids[start : start + PART]]
            yield from rows.filter(id__in=set().union(*names))
    elif session := params.get("session_id"):
        yield from rows.filter(session_id__in=name_sessions(project_id, session))
    elif tag := params.get("tag"):
        numbers = list(find_tagged(project_id, tag))
        for start in range(0, len(numbers), PART):
            yield from rows.filter(pk__in=numbers[start : start + PART])


def find_tagged(project_id: UUID, tag: Mapping[str, Any]) -> Iterator[int]:
    """Interactions with all of these tags, as they were sent or hidden: they are inside the content, so
    all of it is read."""
    ways = name_tags(project_id, tag)
    own = ModelInteraction.objects.filter(project_id=project_id).values("number")
    for number, data in (
        Payload.objects.filter(pk__in=own).values_list("number", "data").iterator(PART)
    ):
        with suppress(ValueError):  # damaged: nobody can tell
            tags = unpack_payload(data).get("tags")
            if isinstance(tags, dict) and any(way.items() <= tags.items() for way in ways):
                yield number


def find_whole_sessions(project_id: UUID, rows: Iterable[ModelInteraction]) -> set[str]:
    """Sessions of which nothing else is left."""
    counts = Counter(row.session_id for row in rows if row.session_id)
    names, whole = list(counts), set[str]()
    for start in range(0, len(names), PART):
        own = ModelInteraction.objects.filter(
            project_id=project_id, session_id__in=names[start : start + PART]
        )
        stored = own.order_by().values_list("session_id").annotate(n=Count("pk"))
        whole |= {name for name, n in stored if n == counts[name]}
    return whole


def find_decisions(
    project_id: UUID, rows: Iterable[ModelInteraction], sessions: set[str]
) -> Iterator[Decision]:
    """Decisions that led to one of these interactions, or were made in one of these sessions."""
    rows = list(rows)
    named = {row.decision_id for row in rows if row.decision_id}
    numbers = {row.number for row in rows}
    for decision in Decision.objects.filter(project_id=project_id).iterator(PART):
        if (
            decision.id in named
            or decision.interaction in numbers
            or (sessions and read_session(decision) in sessions)
        ):
            yield decision


def read_session(decision: Decision) -> str | None:
    try:
        return decode_record(decision).request.task.session_id
    except UNREADABLE:
        return None


def find_evaluations(
    project_id: UUID,
    params: Mapping[str, Any],
    rows: Sequence[ModelInteraction],
    decisions: Iterable[Decision],
) -> set[int]:
    """Evaluated tasks that came with this session or tag, or ask what one of these asked."""
    if not EvaluationTask.objects.filter(project_id=project_id).exists():
        return set()
    sessions = name_sessions(project_id, name) if (name := params.get("session_id")) else set()
    ways = name_tags(project_id, tag) if (tag := params.get("tag")) else []
    found = set(find_of_people(project_id, sessions, ways)) if sessions or ways else set()
    asked = {*digest_rows(rows), *digest_decisions(decisions)}
    return found | set(find_equal(project_id, asked))


def digest_rows(rows: Sequence[ModelInteraction]) -> Iterator[str]:
    types = {row.number: row.task_type for row in rows}
    numbers = list(types)
    for start in range(0, len(numbers), PART):
        kept = Payload.objects.filter(pk__in=numbers[start : start + PART])
        for number, data in kept.values_list("number", "data"):
            with suppress(ValueError):  # damaged
                yield digest_task(types[number], unpack_payload(data).get("input"))


def digest_decisions(decisions: Iterable[Decision]) -> Iterator[str]:
    for one in decisions:
        with suppress(*UNREADABLE):
            task = decode_record(one).request.task
            yield digest_task(task.task_type, task.input)
