"""Redaction at every way in: before anything is on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from featurememory.config import config_of
from patterns.redaction.content_free import ContentFree, make_content_free
from patterns.redaction.own_expressions import compile_rows
from patterns.redaction.redactor import Redactor
from patterns.storage.payloads import pack_payload, unpack_payload

# Of the columns of an arrival: model, task type and session.
MODEL, TASK_TYPE, SESSION = 0, 1, 2


Hiding = Redactor | ContentFree


def redactor_of(project_id: UUID) -> Hiding | None:
    """What this project takes out of texts; None when it takes nothing out."""
    config = config_of(project_id)
    if not config.hides_content:
        return None
    own = list_own(project_id)
    if config.mode == "content_free":
        return make_content_free(project_id, make_redactor(project_id, True, own))
    return make_redactor(project_id, config.redact, own)


def name_sessions(project_id: UUID, name: str) -> set[str]:
    """Under which names a session may be stored: as it was sent, or hidden by one mode or the other."""
    redactor = make_redactor(project_id, True, list_own(project_id))
    return {
        name,
        redactor.redact_session(name),
        make_content_free(project_id, redactor).redact_session(name),
    }


def name_interactions(project_id: UUID, name: str) -> set[str]:
    return {name, make_redactor(project_id, True, list_own(project_id)).redact_name(name)}


def name_tags(project_id: UUID, tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As what these tags may be stored: as they were sent, redacted, or without content."""
    redactor = make_redactor(project_id, True, list_own(project_id))
    sent = {"tags": dict(tags)}
    free = make_content_free(project_id, redactor).redact_content(sent)
    return [sent["tags"], redactor.redact_content(sent)["tags"], free["tags"]]


def as_stored(project_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
    """What recognition sees of it once it is stored."""
    redactor = redactor_of(project_id)
    return redactor.redact_content(content) if redactor else content


def list_own(project_id: UUID) -> tuple[tuple[str, str], ...]:
    return tuple((row["name"], row["expression"]) for row in config_of(project_id).patterns)


@lru_cache(maxsize=256)
def make_redactor(
    project_id: UUID, built_in: bool, own: tuple[tuple[str, str], ...] = ()
) -> Redactor:
    rows = [{"name": name, "expression": text} for name, text in own]
    return Redactor(project_id, built_in, compile_rows(rows))


def redact_stored(
    redactor: Hiding, name: str, columns: Sequence[Any], payload: bytes
) -> tuple[str, tuple[Any, ...], bytes]:
    """Id, columns and payload of an interaction just received."""
    changed = list(columns)
    for place in (MODEL, TASK_TYPE):
        if changed[place]:
            changed[place] = redactor.redact_name(changed[place])
    session = changed[SESSION]
    if session:
        changed[SESSION] = redactor.redact_session(session)
    content = unpack_payload(payload)
    if isinstance(redactor, ContentFree):
        redacted = redactor.count_and_redact(session, content)
    else:
        redacted = redactor.redact_content(content)
    data = pack_payload(redacted) if redacted != content else payload
    return redactor.redact_name(name), tuple(changed), data
