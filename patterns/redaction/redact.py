"""Redaction at every way in: before anything is on disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from featurememory.config import config_of
from patterns.redaction.own_expressions import compile_rows
from patterns.redaction.redactor import Redactor
from patterns.storage.payloads import pack_payload, unpack_payload

# Of the columns of an arrival: model, task type and session.
MODEL, TASK_TYPE, SESSION = 0, 1, 2


def redactor_of(project_id: UUID) -> Redactor | None:
    """What this project takes out of texts; None when it takes nothing out."""
    config = config_of(project_id)
    if not config.hides_content:
        return None
    own = tuple((row["name"], row["expression"]) for row in config.patterns)
    return make_redactor(project_id, config.redact, own)


@lru_cache(maxsize=256)
def make_redactor(
    project_id: UUID, built_in: bool, own: tuple[tuple[str, str], ...] = ()
) -> Redactor:
    rows = [{"name": name, "expression": text} for name, text in own]
    return Redactor(project_id, built_in, compile_rows(rows))


def redact_stored(
    redactor: Redactor, name: str, columns: Sequence[Any], payload: bytes
) -> tuple[str, tuple[Any, ...], bytes]:
    """Id, columns and payload of an interaction just received."""
    changed = list(columns)
    for place in (MODEL, TASK_TYPE, SESSION):
        if changed[place]:
            changed[place] = redactor.redact_name(changed[place])
    content = unpack_payload(payload)
    redacted = redactor.redact_value(content)
    data = pack_payload(redacted) if redacted != content else payload
    return redactor.redact_name(name), tuple(changed), data
