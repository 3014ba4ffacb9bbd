"""Sets interactions aside that cannot be recognised or saved, with the reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error
from patterns.failed_records import describe_error, note_failure
from patterns.models import ModelInteraction

logger = logging.getLogger("featurememory.learning")

SLOW_S = 1.0  # processor time of one input beyond which it is noted


def set_rows_aside(failed: Sequence[tuple[ModelInteraction, Exception]]) -> None:
    """Mark these rows as failed, so that they do not block the others, and note why. They are kept and
    can be tried again with the job `retry_failed`."""
    if not failed:
        return
    numbers = [row.number for row, _ in failed]
    ModelInteraction.objects.filter(pk__in=numbers, state=0).update(state=2)
    for row, error in failed:
        known = build_refusal(row, error)
        handle_feature_memory_error(known)
        logger.debug("Recognition failed", exc_info=error)
        note_failure(row.project_id, "learning", row.id, known, row.number)


def build_refusal(row: ModelInteraction, error: Exception) -> FeatureMemoryError:
    known = FeatureMemoryError(
        f"Interaction {row.id!r} could not be recognised: {describe_error(error)[1]:.300}",
        ErrorCode.RECOGNITION_FAILED,
        {"interaction_id": row.id, "number": row.number},
    )
    known.__cause__ = error
    return known


def note_if_slow(row: ModelInteraction, seconds: float, size: int) -> None:
    """Note an input that took long to recognise: it was handled, but many like it fall behind."""
    if seconds >= SLOW_S:
        reason = f"It took {seconds:.1f} s of processor time to recognise ({size:,} bytes stored)."
        note_failure(row.project_id, "slow", row.id, reason, row.number)
