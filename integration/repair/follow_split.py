"""After a split: the stored interactions of the whole that now match a part move there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from integration.models import Job
from patterns.curation.learner_turn import learning_turn
from patterns.curation.moving import move_interactions
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.match_stored import match_stored
from patterns.recognition.recognizer_cache import recognizers

STEP = 200


def select_of_whole(project: Project, whole: str) -> Any:
    """What is counted for this pattern now: also of those merged into it."""
    family = Pattern.objects.filter(project=project, redirect_to=whole).values_list("pk", flat=True)
    return ModelInteraction.objects.filter(project=project, pattern_id__in=[UUID(whole), *family])


def follow_at_once(project: Project, whole: str, parts: Collection[str]) -> int | None:
    """How many moved; None when there are more of them than a request should look at."""
    numbers = list(select_of_whole(project, whole).values_list("pk", flat=True)[: STEP + 1])
    return None if len(numbers) > STEP else follow_batch(project, numbers, parts)


def run_follow_steps(job: Job) -> Iterator[str]:
    """`params`: {"whole", "parts"}: ids of patterns. `cursor`: {"after": number of the last row done,
    "until": the newest row at the start, "moved"}."""
    rows = select_of_whole(job.project, job.params["whole"])
    if "until" not in job.cursor:
        newest = rows.aggregate(newest=Max("number"))["newest"] or 0
        job.cursor = {"after": 0, "until": newest, "moved": 0}
        job.total = rows.count()
    while True:
        part = rows.filter(number__gt=job.cursor["after"], number__lte=job.cursor["until"])
        numbers = list(part.order_by("number").values_list("pk", flat=True)[:STEP])
        if not numbers:
            break
        moved = job.cursor["moved"] + follow_batch(job.project, numbers, job.params["parts"])
        job.cursor = {**job.cursor, "after": numbers[-1], "moved": moved}
        job.done += len(numbers)
        yield ""
    yield f"{job.cursor['moved']:,} of {job.done:,} interactions moved to a new pattern"


def follow_batch(project: Project, numbers: Collection[int], parts: Collection[str]) -> int:
    with learning_turn(project):
        loaded = recognizers.for_learning(project.pk)
        rows = list(ModelInteraction.objects.filter(pk__in=numbers))
        wanted = {
            row.id: match.pattern_id
            for row, match in match_stored(loaded, rows)
            if match.pattern_id in parts
        }
        with write_turn():
            return move_interactions(project, wanted)
