"""Late feedback on quality, queued for the recogniser: rollups change at once, the state of a pattern
with the next batch of its project."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import F

from patterns.models import LateJudgement, Pattern
from patterns.statistics.rollups import CountedOutcome

Judgement = tuple[float, int]  # what to add to a pattern's sum of quality and to its judged uses


def queue_judgement(project_id: UUID, before: CountedOutcome, after: CountedOutcome) -> None:
    """Queue the change of quality of a counted interaction; one row per pattern adds them up."""
    quality = (after.quality or 0.0) - (before.quality or 0.0)
    count = int(after.quality is not None) - int(before.quality is not None)
    if not quality and not count:
        return
    row, made = LateJudgement.objects.get_or_create(
        project_id=project_id,
        pattern_id=before.pattern_id,
        defaults={"quality_sum": quality, "quality_count": count},
    )
    if not made:
        LateJudgement.objects.filter(pk=row.pk).update(
            quality_sum=F("quality_sum") + quality, quality_count=F("quality_count") + count
        )


def find_waiting_projects() -> list[UUID]:
    """Projects with queued judgements."""
    rows = LateJudgement.objects.order_by()
    return list(rows.values_list("project_id", flat=True).distinct())


def take_judgements(project_id: UUID) -> Mapping[str, Judgement]:
    """Remove the queued judgements and return them by the pattern that holds the interactions now."""
    rows = list(LateJudgement.objects.select_for_update().filter(project_id=project_id))
    LateJudgement.objects.filter(pk__in=[row.pk for row in rows]).delete()
    moved = Pattern.objects.filter(
        pk__in=[row.pattern_id for row in rows], redirect_to__isnull=False
    )
    homes = dict(moved.values_list("pk", "redirect_to"))
    found: dict[str, Judgement] = {}
    for row in rows:
        home = str(homes.get(row.pattern_id, row.pattern_id))
        quality, count = found.get(home, (0.0, 0))
        found[home] = (quality + row.quality_sum, count + row.quality_count)
    return found
