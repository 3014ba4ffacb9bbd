"""Hourly sums that a project no longer keeps, and feedback of which there is too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from patterns.models import Feedback, ModelInteraction, PatternHour, ProjectHour
from patterns.retention.forecast import find_present
from patterns.statistics.rollups import ALL_TIME

HOUR_S = 3600
# Rows per transaction, and most of them at once: the next cleanup continues.
BATCH, MOST = 2000, 50_000
# Feedback goes with its interaction or decision. Beyond twice as much as there are interactions, and this
# number, the oldest goes whatever it is about.
LEAST_FEEDBACK = 100_000


def find_first_hour(project: Project) -> int:
    """The first hour (since the epoch) that is kept, by the time of the traffic; a clock of a caller that
    is ahead of ours deletes nothing."""
    present = min(find_present(project), timezone.now())
    kept = timedelta(days=config_of(project.pk).keep_figures)
    return int((present - kept).timestamp() // HOUR_S)


def forget_old_figures(project: Project) -> int:
    """Delete hourly sums before that; how many rows. Totals of all time stay."""
    first = find_first_hour(project)
    gone = 0
    for table in (PatternHour, ProjectHour):
        rows = table.objects.filter(project=project, hour__gt=ALL_TIME, hour__lt=first)
        gone += delete_slowly(rows)
    return gone


def forget_surplus_feedback(project: Project) -> int:
    interactions = ModelInteraction.objects.filter(project=project).order_by().count()
    rows = Feedback.objects.filter(project=project)
    most = max(LEAST_FEEDBACK, 2 * interactions)
    newest = rows.order_by("-pk").values_list("pk", flat=True)[most : most + 1]
    return delete_slowly(rows.filter(pk__lte=newest[0])) if newest else 0


def delete_slowly(rows: Any) -> int:
    """In transactions of a bounded size; how many went."""
    gone = 0
    while gone < MOST and (some := list(rows.values_list("pk", flat=True)[:BATCH])):
        with write_turn():
            rows.model.objects.filter(pk__in=some).delete()
        gone += len(some)
    return gone
