"""What evaluated tasks hold of people: found to be erased, and removed when texts are kept no longer."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from featurememory.database.write_lock import write_turn
from optimizations.decision_log.old_texts import strip_parameters
from optimizations.decision_log.packed_json import pack_json, read_json
from optimizations.models import EvaluationTask

Person = dict[str, Any]  # `session_id` and `tags` of who asked
MOST_PEOPLE = 100  # of one task; the newest count
PART = 200
STATES = EvaluationTask.EvaluationState


def digest_task(task_type: str, given: Any) -> str:
    text = msgspec.json.encode([task_type, given], order="deterministic")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def pack_task(given: Any, people: Sequence[Person] = ()) -> bytes:
    return pack_json({"input": given, "people": list(people)} if people else {"input": given})


def add_people(row: EvaluationTask, people: Sequence[Person]) -> None:
    """Notes who asked this, in what is compressed beside its input."""
    if not people or not row.data:
        return
    kept = read_json(row.data)
    known = read_people(kept)
    known += [one for place, one in enumerate(people) if one not in [*known, *people[:place]]]
    row.data = pack_task(kept.get("input"), known[-MOST_PEOPLE:])


def read_people(kept: Mapping[str, Any]) -> list[Person]:
    found = kept.get("people")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def find_equal(project_id: UUID, digests: Collection[str]) -> Iterator[int]:
    """Numbers of the tasks that ask exactly this: sets are often made from what was stored."""
    names = sorted(digests)
    for start in range(0, len(names), PART):
        rows = EvaluationTask.objects.filter(
            project_id=project_id, digest__in=names[start : start + PART]
        )
        yield from rows.values_list("pk", flat=True)


def find_of_people(
    project_id: UUID, sessions: Collection[str], tags: Sequence[Mapping[str, Any]]
) -> Iterator[int]:
    """Numbers of the tasks that came with one of these sessions, or with all tags of one of `tags`."""
    rows = EvaluationTask.objects.filter(project_id=project_id).values_list("pk", "data")
    for number, data in rows.iterator(PART):
        people = read_people(read_json(data)) if data else []
        if any(is_one_of(one, sessions, tags) for one in people):
            yield number


def is_one_of(one: Person, sessions: Collection[str], tags: Sequence[Mapping[str, Any]]) -> bool:
    own = one.get("tags") or {}
    return one.get("session_id") in sessions or any(way.items() <= own.items() for way in tags)


def delete_tasks(numbers: Sequence[int]) -> tuple[int, int]:
    """How many tasks and bytes went."""
    rows = EvaluationTask.objects.filter(pk__in=numbers)
    size = sum(len(data) for data in rows.values_list("data", flat=True))
    return rows.delete()[0], size


def strip_tasks(project_id: UUID, limit: int) -> None:
    """Removes the texts of tasks that came before `limit` (our clock, ms); figures stay. What was not
    matched to a pattern until then never will be."""
    rows = EvaluationTask.objects.filter(project_id=project_id, at__lt=limit).exclude(data=b"")
    while old := list(rows.order_by("number")[:PART]):
        for row in old:
            row.data, row.answers = b"", [keep_choices(one) for one in row.answers]
            row.state = max(row.state, STATES.MATCHED)
        with write_turn():
            EvaluationTask.objects.bulk_update(old, ["data", "answers", "state"])


def keep_choices(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the parameters that may be texts."""
    kept = strip_parameters(answer.get("parameters") or {})
    return {**answer, "parameters": kept} if kept or "parameters" in answer else answer
