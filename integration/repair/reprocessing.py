"""Jobs over stored interactions: re-match them, recount their rollups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from integration.models import Job
from patterns.curation.learner_turn import learning_turn
from patterns.curation.moving import move_interactions
from patterns.list_figures import refresh_all_figures
from patterns.models import Learner, ModelInteraction, PatternHour
from patterns.recognition import lease
from patterns.recognition.match_stored import match_stored
from patterns.recognition.recognizer_cache import LoadedRecognizer, recognizers
from patterns.statistics import recount, rollups

STEP = 200


def run_reprocess_steps(job: Job) -> Iterator[str]:
    """Match every recognised interaction again; those that match another pattern move there with their
    counts. Those that match none stay.

    `cursor`: {"after": number of the last row done, "until": the newest row at the start, "moved"}.
    """
    rows = ModelInteraction.objects.filter(project=job.project, state=1)
    if "until" not in job.cursor:
        newest = rows.aggregate(newest=Max("number"))["newest"] or 0
        job.cursor = {"after": 0, "until": newest, "moved": 0}
        job.total = rows.count()
    while True:
        part = rows.filter(number__gt=job.cursor["after"], number__lte=job.cursor["until"])
        batch = list(part.order_by("number")[:STEP])
        if not batch:
            break
        moved = job.cursor["moved"] + reprocess_batch(job.project, batch)
        job.cursor = {**job.cursor, "after": batch[-1].number, "moved": moved}
        job.done += len(batch)
        yield ""
    yield f"{job.cursor['moved']:,} of {job.done:,} interactions moved to another pattern"


def reprocess_batch(project: Project, batch: Sequence[ModelInteraction]) -> int:
    """Re-match one batch; how many moved."""
    with learning_turn(project):
        loaded = recognizers.for_learning(project.pk)
        wanted = find_targets(loaded, batch)
        with write_turn():
            return move_interactions(project, wanted)


def find_targets(loaded: LoadedRecognizer, batch: Sequence[ModelInteraction]) -> dict[str, str]:
    """Interactions that match another pattern than theirs, as id to pattern id."""
    return {
        row.id: match.pattern_id
        for row, match in match_stored(loaded, batch)
        if UUID(match.pattern_id) != row.pattern_id
    }


def run_rollup_steps(job: Job) -> Iterator[str]:
    """Recount the hours whose interactions are all still stored; older hours stay unchanged.

    Counting runs beside the traffic; only replacing the rows blocks writers.
    """
    project = job.project
    since = find_first_whole_hour(project)
    found = ModelInteraction.objects.filter(project=project, state=1)
    job.total = found.filter(timestamp__gte=since * rollups.HOUR_MS).count()
    yield "Counting"
    with learning_turn(project):
        with write_turn():
            newest = recount.find_newest_feedback(project.pk)
        rows = recount.recount_rollups(project.pk, since, lambda _: renew_lease(job))
        with write_turn():
            Learner.objects.lock(project.pk)
            since = find_first_whole_hour(project)
            rows = take_in_feedback(project, rows, since, newest)
            recount.replace_rollups(project.pk, since, rows)
            refresh_all_figures(project.pk)
    job.done = job.total
    yield f"{job.total:,} interactions counted into {len(rows):,} rows"


def find_first_whole_hour(project: Project) -> int:
    """The first hour (since the epoch) of which no interaction was forgotten."""
    rows = Learner.objects.filter(pk=project.pk)
    until = rows.values_list("forgotten_until", flat=True).first()
    return until // rollups.HOUR_MS + 1 if until else 0


def take_in_feedback(
    project: Project, rows: Sequence[PatternHour], since: int, newest: int
) -> list[PatternHour]:
    """The rows from `since` on, with the hours counted again that feedback after `newest` was about."""
    judged = {hour for hour in recount.find_judged_hours(project.pk, newest) if hour >= since}
    counted = [row for row in rows if row.hour >= since and row.hour not in judged]
    return counted + recount.recount_hours(project.pk, judged)


def renew_lease(job: Job) -> None:
    """Sign of life of a step that counts for minutes."""
    lease.acquire_lease(job.project_id, lease.name_holder())
    Job.objects.filter(pk=job.pk, state="running").update(beat_at=timezone.now())
