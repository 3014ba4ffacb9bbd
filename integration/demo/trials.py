"""The second part of the demo: every task is prepared before it runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from uuid import UUID

from featurememory.models import Project
from featurememory.process.request_priority import give_way
from integration.demo.traffic import MODELS, USUAL, DemoModel, DemoRequest, serve_request
from integration.learning.learn_batch import learn_next_batch
from optimizations.engine.domain.task import Json, Task
from optimizations.manager import OptimizationManager
from optimizations.model_catalog import Registration
from optimizations.models import PolicyState
from optimizations.policy_runtime import background_review, outcomes
from optimizations.prepare import prepare
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals

BATCH = 50  # requests between which the outcomes come in
PARAMETERS: dict[str, Json] = {"temperature": 0.2, "max_tokens": 512}


def register_models(project: Project, since: int) -> None:
    """Register the models, with prices valid from `since` (ms) on.

    With a fixed salt instead of a random one, so that every demo draws the same assignments.
    """
    PolicyState.objects.get_or_create(pk=project.pk, defaults={"salt": b"demo".ljust(16)})
    manager = OptimizationManager(project)
    for model in MODELS.values():
        manager.register(build_registration(model, since))


def build_registration(model: DemoModel, since: int) -> Registration:
    prices: dict[str, float | None] = {
        "input_per_1m": model.input_per_1m,
        "output_per_1m": model.output_per_1m,
    }
    return Registration(model.model_id, list(model.task_types), {}, True, prices, since)


def run_with_advice(project: Project, dice: random.Random, requests: Sequence[DemoRequest]) -> None:
    """Prepare, run and report each request; the evidence is counted between batches."""
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        store_arrivals(
            project.pk,
            [
                build_arrival(parse_interaction(line))
                for line in serve_batch(project.pk, dice, batch)
            ],
        )
        for step in (learn_next_batch, outcomes.count_outcomes, background_review.review):
            give_way()
            step(project.pk)


def serve_batch(
    project_id: UUID, dice: random.Random, batch: Sequence[DemoRequest]
) -> Iterator[bytes]:
    for request in batch:
        give_way()
        task = Task(
            USUAL, request.input, request.kind.task_type, PARAMETERS, session_id=request.session_id
        )
        decision = prepare(project_id, task).decision
        model_id, cached = decision.task.model_id, decision.served_from_cache
        yield serve_request(dice, request, model_id, decision.id, cached)
