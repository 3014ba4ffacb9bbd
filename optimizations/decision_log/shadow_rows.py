"""Deletes the answers of shadows, and feedback on them, with the decisions that wished for them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from featurememory.database.write_lock import write_turn
from optimizations.models import ShadowAnswer
from patterns.models import Feedback

MOST_SHADOWS = 2  # of one decision
ROW_BYTES = 350  # a row without its data, with its entries in the indexes


def delete_shadows(project_id: UUID, decision_ids: Sequence[str]) -> int:
    """The bytes that were freed."""
    rows = ShadowAnswer.objects.filter(project_id=project_id, decision_id__in=decision_ids)
    found = list(rows.values_list("shadow_id", "data"))
    words = Feedback.objects.filter(project_id=project_id, target="shadow")
    words.filter(target_id__in=[name for name, _ in found]).delete()
    rows.delete()
    return sum(len(data) + ROW_BYTES for _, data in found)


def strip_texts(project_id: UUID, limit: int) -> None:
    """Removes what shadows said before `limit` (our clock, ms): figures and verdicts stay."""
    with write_turn():
        rows = ShadowAnswer.objects.filter(project_id=project_id, at__lt=limit)
        rows.exclude(data=b"").update(data=b"")
