"""Arrivals as the project stores them: redacted, when it redacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from patterns.ingest.schema import Arrival
from patterns.redaction.redact import is_redacting, redact_stored


def redact_arrivals(project_id: UUID, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """The same positions, members of `extra` included."""
    if not is_redacting(project_id):
        return arrivals
    return [redact_arrival(project_id, one) for one in arrivals]


def redact_arrival(project_id: UUID, one: Arrival) -> Arrival:
    name, columns, payload = redact_stored(project_id, one.id, one.columns, one.payload)
    return replace(one, id=name, columns=columns, payload=payload)
