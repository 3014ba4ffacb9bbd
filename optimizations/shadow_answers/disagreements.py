"""Pairs of answers as people read them: what was served, and what the shadow said, side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from optimizations.decision_log.packed_json import read_json
from optimizations.models import Decision, ShadowAnswer
from optimizations.policy_runtime.outcome_rows import decode_payload
from patterns.models import ModelInteraction, Payload

STATES = ShadowAnswer.PairState
NAMES = {
    STATES.NEW: "new",
    STATES.WAITING: "waiting",
    STATES.OPEN: "open",
    STATES.COUNTED: "counted",
    STATES.LOST: "lost",
}
VERDICT_NAMES = {1: "better", 0: "same", -1: "worse", None: None}


@dataclass(frozen=True)
class AnswerPair:
    """A task with both of its answers; `served` is None when it was deleted since."""

    row: ShadowAnswer
    served: ModelInteraction | None
    input: Any
    output: Any
    shadow_output: Any

    @property
    def swapped(self) -> bool:
        """Whether the shadow's answer stands on the left: by chance, and the same at every look."""
        digest = hashlib.blake2b(self.row.shadow_id.encode(), digest_size=1).digest()
        return bool(digest[0] & 1)

    def to_json(self) -> dict[str, Any]:
        row, served = self.row, self.served
        return {
            "shadow_id": row.shadow_id,
            "decision_id": row.decision_id,
            "pattern_id": str(row.pattern_id) if row.pattern_id else None,
            "input": self.input,
            "served": describe_side(served.model_id, self.output, served) if served else None,
            "shadow": describe_side(row.model_id, self.shadow_output, row),
            "agreed": row.agreed,
            "state": NAMES[STATES(row.state)],
            "verdict": VERDICT_NAMES[row.verdict],
            "judged_by": row.judged_by or None,
        }


def describe_side(
    model_id: str, output: Any, row: ModelInteraction | ShadowAnswer
) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "output": output,
        "success": row.success,
        "score": row.score,
        "cost": row.cost,
        "duration": row.duration,
    }


def list_disagreements(project_id: UUID, optimization_id: str) -> QuerySet[ShadowAnswer]:
    """Pairs of an optimization that differ: those nobody scored first need a person."""
    return ShadowAnswer.objects.filter(
        project_id=project_id, optimization_id=optimization_id, agreed=False, failed=False
    )


def find_unjudged(rows: QuerySet[ShadowAnswer]) -> QuerySet[ShadowAnswer]:
    return rows.filter(verdict=None, state__in=(STATES.OPEN, STATES.WAITING))


def load_pairs(project_id: UUID, rows: Sequence[ShadowAnswer]) -> list[AnswerPair]:
    made = Decision.objects.filter(
        project_id=project_id,
        id__in={row.decision_id for row in rows},
        interaction__isnull=False,
    ).values_list("id", "interaction")
    numbers = dict(made)
    found = ModelInteraction.objects.in_bulk(list(numbers.values()))
    payloads = dict(Payload.objects.filter(pk__in=found).values_list("number", "data"))
    pairs = []
    for row in rows:
        served = found.get(numbers.get(row.decision_id) or 0)
        data = payloads.get(served.number) if served else None
        content = decode_payload(bytes(data) if data else None)
        answer = read_json(row.data).get("output")
        pairs.append(AnswerPair(row, served, content.get("input"), content.get("output"), answer))
    return pairs
