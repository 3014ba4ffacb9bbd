"""An orchestrator for tests: asks how each task should run, runs it, reports, all over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from featurememory.config import forget_config
from featurememory.models import Project
from integration.learning.learn_batch import learn_next_batch
from optimizations.models import Optimization
from optimizations.policy_runtime import outcomes
from tests import builders

AT_ONCE = 25
Run = Callable[[dict[str, Any]], dict[str, Any]]  # the prepared answer → fields of the interaction


class Orchestrator:
    """Times go on by `step` milliseconds a task, so that days pass in a test."""

    def __init__(self, owner: Project, run: Run, step: int = 60_000) -> None:
        self.owner, self.run, self.step = owner, run, step
        self.call = builders.caller(owner)
        self.count = 0

    def config(self, **values: Any) -> None:
        answer = self.call.patch("config/", {"optimizations": values})
        assert answer.status_code == 200, answer.content
        forget_config()  # a test's transaction never commits, so nobody would tell this process

    def register(self, name: str, **fields: Any) -> None:
        answer = self.call.post("models/", {"model_id": name, **fields})
        assert answer.status_code < 300, answer.content

    def play(self, tasks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers of prepare, in order."""
        answers: list[dict[str, Any]] = []
        waiting: list[dict[str, Any]] = []
        for task in tasks:
            answers.append(self.call.post("tasks/prepare/", {"task": task}).json())
            waiting.append(self.interaction(task, answers[-1]))
            if len(waiting) == AT_ONCE:
                self.send(waiting)
        self.send(waiting)
        return answers

    def interaction(self, task: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        made = self.run(answer)
        now = builders.NOON + self.count * self.step
        return builders.item(
            self.count,
            id=f"task-{self.count}",
            timestamp=now,
            duration=made.pop("duration", 500.0),
            decision_id=answer["decision_id"],
            model_id=answer["task"]["model_id"],
            task_type=task.get("task_type", ""),
            input=task["input"],
            **made,
        )

    def send(self, waiting: list[dict[str, Any]]) -> None:
        if waiting:
            answer = self.call.post("interactions/batch/", waiting)
            assert answer.json()["accepted"] == len(waiting), answer.content
        waiting.clear()
        while learn_next_batch(self.owner.pk).more:
            pass
        outcomes.count_outcomes(self.owner.pk, save=True)

    def only(self, kind: str) -> Optimization:
        return Optimization.objects.get(project=self.owner, type=kind)
