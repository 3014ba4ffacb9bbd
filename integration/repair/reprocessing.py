"""Jobs over stored interactions: re-match them, recount their rollups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Max

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from integration.models import Job
from patterns.curation.learner_turn import learning_turn
from patterns.curation.moving import move_interactions
from patterns.models import Learner, ModelInteraction
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
    learner, _ = Learner.objects.defer("snapshot", "unsaved").get_or_create(pk=project.pk)
    since = learner.forgotten_until // rollups.HOUR_MS + 1 if learner.forgotten_until else 0
    found = ModelInteraction.objects.filter(project=project, state=1)
    job.total = found.filter(timestamp__gte=since * rollups.HOUR_MS).count()
    yield "Counting"
    with learning_turn(project):
        rows = recount.recount_rollups(project.pk, since, lambda _: renew_lease(project))
        with write_turn():
            recount.replace_rollups(project.pk, since, rows)
    job.done = job.total
    yield f"{job.total:,} interactions counted into {len(rows):,} rows"


def renew_lease(project: Project) -> None:
    lease.acquire_lease(project.pk, lease.name_holder())
