"""The demo project: a month of generated traffic of a small help desk, learned like any other.

The first part is only observed. For the rest each task is prepared first, so that proposals, trials and
proofs come from the engine itself. The badge "Demo" marks the traffic as generated.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from featurememory.process.request_priority import give_way
from integration.demo.traffic import (
    DemoRequest,
    draw_model,
    generate_requests,
    serve_request,
)
from integration.demo.trials import register_models, run_with_advice
from integration.erasure.delete_project import delete_stored
from integration.learning.learn_batch import learn_next_batch
from integration.repair.save_repair import consolidate_project
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals
from patterns.models import Pattern, PatternHour, ProjectHour
from patterns.statistics import rollups

SEED, WATCHED, BATCH = 7, 0.2, 50


def load_demo(name: str = "demo") -> Project:
    """Create the demo project when it is missing; takes some seconds."""
    project, made = Project.objects.get_or_create(name=name, defaults={"is_demo": True})
    if made:
        requests = list(generate_requests(SEED, time.time_ns() // 1_000_000))
        first = round(len(requests) * WATCHED)
        dice = random.Random(SEED)
        learn_untouched(project, dice, requests[:first])
        consolidate_project(project.pk)
        register_models(project, requests[0].timestamp)
        run_with_advice(project, dice, requests[first:])
        backfill_hours(project)
    return project


def learn_untouched(project: Project, dice: random.Random, requests: Sequence[DemoRequest]) -> None:
    for start in range(0, len(requests), BATCH):
        give_way()
        lines = [
            serve_request(dice, one, draw_model(dice)) for one in requests[start : start + BATCH]
        ]
        store_arrivals(project.pk, [build_arrival(parse_interaction(line)) for line in lines])
    while learn_next_batch(project.pk, BATCH).more:
        give_way()


def remove_demo() -> None:
    """Delete every demo project with all its data. Generated texts need no overwriting."""
    for project in Project.objects.filter(is_demo=True):
        delete_stored(project)


def backfill_hours(project: Project) -> None:
    """Create the hourly pattern counts of the past from the patterns' creation times."""
    threshold = config_of(project.pk).confidence_threshold
    made = list(
        Pattern.objects.stored().filter(project=project).values_list("created_at", "confidence")
    )
    hours = PatternHour.objects.filter(project=project, hour__gt=rollups.ALL_TIME)
    rows = []
    for hour in sorted(set(hours.values_list("hour", flat=True))):
        known = [confidence for at, confidence in made if at.timestamp() < (hour + 1) * 3600]
        passed = sum(confidence >= threshold for confidence in known)
        rows.append(
            ProjectHour(
                project=project, hour=hour, validated=passed, candidates=len(known) - passed
            )
        )
    with write_turn():
        ProjectHour.objects.bulk_create(rows, ignore_conflicts=True)
