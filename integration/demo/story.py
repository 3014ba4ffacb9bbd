"""The story of the demo, step by step: traffic, what people did, and the time it all happened."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from uuid import UUID

from featurememory.models import Project
from featurememory.process.request_priority import give_way
from integration.demo.answers import serve_request
from integration.demo.people import People
from integration.demo.served_models import register_models
from integration.demo.story_time import StoryClock
from integration.demo.traffic import DAY_MS, DAYS, DemoRequest, generate_requests
from integration.learning.learn_batch import learn_next_batch
from integration.repair.save_repair import consolidate_project
from optimizations.engine.domain.task import Task
from optimizations.policy_runtime import background_review, outcomes
from optimizations.prepare import prepare
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals
from patterns.models import Learner

SEED, BATCH = 7, 60
WATCHED = 7.0  # days before the first task is prepared
# Days after which the recogniser looks back: late enough that the first repair changes nothing.
CONSOLIDATED = (6.9, 24.0, 59.8)
FRESH = 500  # interactions learned since, from which on it is worth it
# Held during a step, so that the demo is never removed in the middle of one.
AT_WORK = threading.RLock()


class Story:
    """One run through the sixty days that end at `now_ms`; `run` goes on from any request."""

    def __init__(self, project: Project, now_ms: int) -> None:
        self.project, self.start = project, now_ms - DAYS * DAY_MS
        self.requests = list(generate_requests(SEED, now_ms))
        self.clock = StoryClock(project)
        self.people = People(project)

    def run(self, done: int = 0) -> Iterator[int]:
        """Yields how many requests are done after each step."""
        for first in range(done, len(self.requests), BATCH):
            with AT_WORK:
                if not Project.objects.filter(pk=self.project.pk).exists():
                    return  # removed meanwhile
                self.run_step(self.requests[first : first + BATCH], self.find_day(first - 1))
            yield min(first + BATCH, len(self.requests))

    def find_day(self, number: int) -> float:
        return self.requests[number].day if number >= 0 else -1.0

    def run_step(self, batch: Sequence[DemoRequest], before: float) -> None:
        """A batch of requests, then what people did until its last one; `before`: day of the last step."""
        day = batch[-1].day
        self.people.act(before, day)
        if day >= WATCHED:
            register_models(
                self.project, self.start, max(0.0, before if before >= WATCHED else 0), day
            )
        lines = [self.serve(request) for request in batch]
        store_arrivals(self.project.pk, [build_arrival(parse_interaction(line)) for line in lines])
        self.learn(day)
        if any(before < moment <= day for moment in CONSOLIDATED):
            self.look_back()
        self.clock.move_to(batch[-1].timestamp)

    def look_back(self) -> None:
        """Consolidate, unless the server has done so just now beside the loading."""
        learner = Learner.objects.filter(pk=self.project.pk).only("learned_since").first()
        if learner is not None and learner.learned_since >= FRESH:
            consolidate_project(self.project.pk)

    def serve(self, request: DemoRequest) -> bytes:
        give_way()
        kind = request.kind
        if request.day < WATCHED:
            return serve_request(request, kind.model, dict(kind.parameters))
        task = Task(
            kind.model,
            request.input,
            kind.task_type,
            dict(kind.parameters),
            session_id=request.session_id,
        )
        decision = prepare(self.project.pk, task).decision
        served = decision.task
        return serve_request(
            request,
            served.model_id,
            dict(served.parameters),
            decision.id,
            decision.served_from_cache,
        )

    def learn(self, day: float) -> None:
        project_id: UUID = self.project.pk
        while learn_next_batch(project_id).more:
            give_way()
        if day < WATCHED:
            return
        for step in (outcomes.count_outcomes, background_review.review):
            give_way()
            step(project_id)
