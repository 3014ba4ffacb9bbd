"""All pairs of an optimization as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import msgspec

from optimizations.models import ShadowAnswer
from optimizations.shadow_answers.disagreements import load_pairs

AT_ONCE = 100


def stream_pairs(project_id: UUID, optimization_id: str) -> Iterator[bytes]:
    """In the order in which they came, those that agree included."""
    last = 0
    while True:
        rows = ShadowAnswer.objects.filter(
            project_id=project_id, optimization_id=optimization_id, number__gt=last
        )
        part = list(rows.order_by("number")[:AT_ONCE])
        if not part:
            return
        for pair in load_pairs(project_id, part):
            yield msgspec.json.encode(pair.to_json()) + b"\n"
        last = part[-1].number
