"""What was stored, for the tests: the one place here that knows how payloads are kept."""

from __future__ import annotations

from typing import Any

from patterns.models import ModelInteraction, Payload
from patterns.payloads import unpack


def content(row: ModelInteraction) -> dict[str, Any]:
    return unpack(Payload.objects.get(pk=row.number).data)
