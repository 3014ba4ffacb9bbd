"""What to do with a task: which pattern it belongs to, what the policy says, and the log of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils import uuid7

from optimizations.decision_log import log
from optimizations.engine.domain.task import Decision, Request, Task
from optimizations.models import PolicyState
from optimizations.policy_runtime.policy_cache import Kept, policies
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.recognition.recognizer_cache import recognizers


@dataclass(frozen=True)
class Prepared:
    """A decision and the patterns it was made for (id and confidence, best first)."""

    decision: Decision
    patterns: list[dict[str, Any]]


def prepare(
    project_id: UUID,
    task: Task,
    models: tuple[str, ...] | None = None,
    *,
    sent: dict[str, Any] | None = None,
    dry_run: bool = False,
) -> Prepared:
    """Ask the policy and log its answer; a dry run logs nothing. Changes nothing else.

    `sent` is the task with what else the caller put into it.
    """
    match, version = match_of(project_id, task)
    name = str(uuid7())
    kept = policies.for_deciding(project_id)
    request = Request(
        id=name,
        task=task,
        at=kept.at,
        pattern_id=match.pattern_id if match else None,
        pattern_confidence=match.confidence if match else 0.0,
        unit=task.session_id or name,
        models=models,
        recognizer_version=version,
    )
    decision = decide(kept, request)
    patterns = [{"id": match.pattern_id, "confidence": match.confidence}] if match else []
    if not dry_run:
        switch_on(project_id)
        whole = as_sent(task) if sent is None else sent
        entry = log.logged(project_id, request, decision, patterns, whole)
        log.log().write(entry)
    return Prepared(decision, patterns)


def decide(kept: Kept, request: Request) -> Decision:
    """Without the lock: a review holds it for longer than a caller should wait, and deciding only
    reads. With it, when the review changed something under our hands."""
    try:
        return kept.engine.decide(request)
    except (RuntimeError, KeyError):
        with kept.lock:
            return kept.engine.decide(request)


def match_of(project_id: UUID, task: Task) -> tuple[Match | None, str]:
    """The pattern of a task (None: unknown), and the version of the recogniser that says so."""
    observation = Observation(
        id="",
        input=task.input,
        timestamp=time.time(),
        parameters=task.parameters,
        model_id=task.model_id,
        task_type=task.task_type,
    )
    kept = recognizers.for_reading(project_id)
    with kept.lock:
        match = kept.recognizer.match_one(observation)
    return match, kept.recognizer.VERSION


_on: set[UUID] = set()


def switch_on(project_id: UUID) -> None:
    """From the first decision or registered model on, outcomes are counted."""
    if project_id in _on:
        return
    _, made = PolicyState.objects.get_or_create(pk=project_id)
    if made:
        policies.drop(project_id)  # the engine kept so far has no salt of its own
    _on.add(project_id)


def as_sent(task: Task) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(task)
    return {name: value for name, value in values.items() if value is not None}


def answer(prepared: Prepared, task: dict[str, Any]) -> dict[str, Any]:
    """The decision as it is sent: `task` as it was asked, with what is changed on it."""
    decision = prepared.decision
    return {
        "decision_id": decision.id,
        "task": {**task, **{name: value_of(decision.task, name) for name in decision.changed}},
        "changed": list(decision.changed),
        "patterns": prepared.patterns,
        "optimizations_applied": [msgspec.to_builtins(entry) for entry in decision.applied],
        "propensity": decision.propensity,
        "reason": decision.reason,
        "policy_version": str(decision.policy_version),
        "cached_output": decision.cached_output if decision.served_from_cache else None,
        "ttl": decision.ttl,
    }


def value_of(task: Task, name: str) -> Any:
    return msgspec.to_builtins(getattr(task, name))
