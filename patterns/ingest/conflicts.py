"""Tells a repeated delivery from another interaction under a known id: only the first is a duplicate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from patterns.ingest.schema import COLUMNS, Arrival
from patterns.models import Feedback, ModelInteraction, Payload
from patterns.storage.payloads import Stored, unpack_payload

COMPARED = tuple(name for name in COLUMNS if name != "received_at")
JUDGEMENTS = {"success", "score"}
# Ids per query: far below SQLite's limit of parameters.
LOOKUP = 500


def find_conflicts(
    project_id: UUID, arrivals: Sequence[Arrival], stored: Sequence[bool]
) -> dict[int, list[str]]:
    """The arrivals, by position, that were not stored although their content is new, each with the names
    of what differs. What was forgotten meanwhile, or cannot be read, counts as equal."""
    known = {i: one for i, one in enumerate(arrivals) if not stored[i]}
    if not known:
        return {}
    rows = load_rows(project_id, {one.id for one in known.values()})
    payloads = load_payloads(row["number"] for row in rows.values())
    found: dict[int, list[str]] = {}
    for index, one in known.items():
        if row := rows.get(one.id):
            differing = name_differences(one, row, payloads.get(row["number"]))
            if set(differing) - JUDGEMENTS or (differing and not is_judged(project_id, row)):
                found[index] = differing
    return found


def load_rows(project_id: UUID, ids: set[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    everything = sorted(ids)
    for start in range(0, len(everything), LOOKUP):
        part = everything[start : start + LOOKUP]
        rows = ModelInteraction.objects.filter(project_id=project_id, id__in=part)
        found |= {row["id"]: row for row in rows.values("number", "id", *COMPARED)}
    return found


def load_payloads(numbers: Iterable[int]) -> dict[int, Stored]:
    found: dict[int, Stored] = {}
    everything = sorted(numbers)
    for start in range(0, len(everything), LOOKUP):
        part = everything[start : start + LOOKUP]
        found |= dict(Payload.objects.filter(pk__in=part).values_list("number", "data"))
    return found


def name_differences(one: Arrival, row: Mapping[str, Any], data: Stored | None) -> list[str]:
    """The names of the members that are not as they were stored; key order and spaces do not matter."""
    sent = dict(zip(COLUMNS, one.columns, strict=True))
    names = [name for name in COMPARED if sent[name] != row[name]]
    if data is None or bytes(data) == one.payload:
        return names
    try:
        new, old = unpack_payload(one.payload), unpack_payload(data)
    except (ValueError, msgspec.DecodeError):
        return names
    parts = [name for name in sorted(new.keys() | old.keys()) if new.get(name) != old.get(name)]
    return names + parts


def is_judged(project_id: UUID, row: Mapping[str, Any]) -> bool:
    """Whether feedback may have set success or score since."""
    target = Q(target="interaction", target_id=row["id"])
    for kind in ("session", "decision"):
        if name := row[f"{kind}_id"]:
            target |= Q(target=kind, target_id=name)
    return Feedback.objects.filter(target, project_id=project_id).exists()
