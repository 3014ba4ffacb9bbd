"""Prepares a task: matches its pattern, asks the policy, logs the decision."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils import uuid7

from optimizations.decision_log import log
from optimizations.engine.domain.task import Request, ShadowWish, Task, TaskDecision
from optimizations.models import PolicyState
from optimizations.policy_runtime.policy_cache import LoadedPolicy, policies
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.recognition.recognizer_cache import recognizers
from patterns.redaction.redact import as_stored


@dataclass(frozen=True)
class Prepared:
    """A decision and the patterns it was made for (id and confidence, best first)."""

    decision: TaskDecision
    patterns: list[dict[str, Any]]


def prepare(
    project_id: UUID,
    task: Task,
    models: tuple[str, ...] | None = None,
    *,
    sent: dict[str, Any] | None = None,
    dry_run: bool = False,
) -> Prepared:
    """Asks the policy and logs its decision; a dry run logs nothing. Changes nothing else.

    `sent` is the task with what else the caller put into it.
    """
    match, version = match_task(project_id, task)
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
    decision = ask_policy(kept, request)
    if dry_run:  # nobody would know what a shadow of it belongs to
        decision = msgspec.structs.replace(decision, shadows=())
    patterns = [{"id": match.pattern_id, "confidence": match.confidence}] if match else []
    if not dry_run:
        enable_optimizations(project_id)
        whole = task_to_json(task) if sent is None else sent
        entry = log.make_record(project_id, request, decision, patterns, whole)
        log.decision_log().write(entry)
    return Prepared(decision, patterns)


def ask_policy(kept: LoadedPolicy, request: Request) -> TaskDecision:
    """Decides without the lock: a review holds it longer than a caller should wait, and deciding only
    reads. If a review changed something meanwhile, decides again with the lock."""
    try:
        return kept.engine.decide(request)
    except (RuntimeError, KeyError):
        with kept.lock:
            return kept.engine.decide(request)


def match_task(project_id: UUID, task: Task) -> tuple[Match | None, str]:
    """The pattern of a task (None: unknown), and the version of the recogniser that says so."""
    seen = as_stored(project_id, {"input": task.input, "parameters": task.parameters})
    observation = Observation(
        id="",
        input=seen["input"],
        timestamp=time.time(),
        parameters=seen["parameters"],
        model_id=task.model_id,
        task_type=task.task_type,
    )
    kept = recognizers.for_reading(project_id)
    with kept.lock:
        match = kept.recognizer.match_one(observation)
    return match, kept.recognizer.VERSION


_on: set[UUID] = set()


def enable_optimizations(project_id: UUID) -> None:
    """Starts counting outcomes, from the first decision or registered model on."""
    if project_id in _on:
        return
    _, made = PolicyState.objects.get_or_create(pk=project_id)
    if made:
        policies.drop(project_id)  # the engine loaded so far has no salt of its own
    _on.add(project_id)


def task_to_json(task: Task) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(task)
    return {name: value for name, value in values.items() if value is not None}


def answer_to_json(prepared: Prepared, task: dict[str, Any]) -> dict[str, Any]:
    """The response body: `task` as it was sent, with the changes of the decision."""
    decision = prepared.decision
    return {
        "decision_id": decision.id,
        "task": {**task, **{name: field_to_json(decision.task, name) for name in decision.changed}},
        "changed": list(decision.changed),
        "patterns": prepared.patterns,
        "optimizations_applied": [msgspec.to_builtins(entry) for entry in decision.applied],
        "propensity": decision.propensity,
        "reason": decision.reason,
        "policy_version": str(decision.policy_version),
        "cached_output": decision.cached_output if decision.served_from_cache else None,
        "shadows": [shadow_to_json(wish, task) for wish in decision.shadows],
        "ttl": decision.ttl,
    }


def shadow_to_json(wish: ShadowWish, task: dict[str, Any]) -> dict[str, Any]:
    """An alternative to run after the answer went out: the task as it was sent, so changed."""
    changed = {"model_id": wish.model_id, "parameters": wish.parameters}
    return {"shadow_id": wish.shadow_id, **changed, "task": {**task, **changed}}


def field_to_json(task: Task, name: str) -> Any:
    return msgspec.to_builtins(getattr(task, name))
