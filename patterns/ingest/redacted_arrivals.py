"""Arrivals as the project stores them: redacted, when it redacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from patterns.ingest.schema import Arrival
from patterns.redaction.content_free import ContentFree
from patterns.redaction.redact import Hiding, redact_stored, redactor_of
from patterns.redaction.word_sessions import sessions_of


def redact_arrivals(project_id: UUID, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """The same positions, members of `extra` included."""
    redactor = redactor_of(project_id)
    if redactor is None:
        return arrivals
    redacted = [redact_arrival(redactor, one) for one in arrivals]
    if isinstance(redactor, ContentFree):
        sessions_of(project_id).save_if_due()
    return redacted


def redact_arrival(redactor: Hiding, one: Arrival) -> Arrival:
    name, columns, payload = redact_stored(redactor, one.id, one.columns, one.payload)
    return replace(one, id=name, columns=columns, payload=payload)
