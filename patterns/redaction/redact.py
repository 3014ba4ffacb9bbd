"""Redaction at every way in: before anything is on disk."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from featurememory.config import config_of
from patterns.redaction.detectors import has_check_digit, redact_text
from patterns.storage.payloads import pack_payload, unpack_payload

# Of the columns of an arrival: model, task type and session.
MODEL, TASK_TYPE, SESSION = 0, 1, 2


def is_redacting(project_id: UUID) -> bool:
    return bool(config_of(project_id).redact)


def redact_value(value: Any) -> Any:
    """Every text inside a JSON value, names of members included, and card numbers sent as numbers."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, list):
        return [redact_value(one) for one in value]
    if isinstance(value, dict):
        return {redact_text(name): redact_value(one) for name, one in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and has_check_digit(str(value)):
        return redact_text(str(value))
    return value


def redact_name(project_id: UUID, name: str) -> str:
    """An id or a session: other names stay other names, so a keyed digest follows the mark."""
    redacted = redact_text(name)
    if redacted == name:
        return name
    key = settings.SECRET_KEY.encode() + project_id.bytes
    return f"{redacted[:100]}-{hmac.new(key, name.encode(), hashlib.blake2b).hexdigest()[:16]}"


def redact_stored(
    project_id: UUID, name: str, columns: Sequence[Any], payload: bytes
) -> tuple[str, tuple[Any, ...], bytes]:
    """Id, columns and payload of an interaction just received."""
    changed = list(columns)
    for place in (MODEL, TASK_TYPE, SESSION):
        if changed[place]:
            changed[place] = redact_name(project_id, changed[place])
    content = unpack_payload(payload)
    redacted = redact_value(content)
    data = pack_payload(redacted) if redacted != content else payload
    return redact_name(project_id, name), tuple(changed), data
