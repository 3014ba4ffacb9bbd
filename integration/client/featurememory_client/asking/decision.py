"""How a task should run: what the server decided, or the task as it was when nothing answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BadDecision(ValueError):
    """The server's answer is no decision."""


class Decision:
    """`decision_id` is None when nothing answered: then `task` is the one that was asked about.

    `shadows` are alternatives to be run after the answer went out, `applied` says why what was
    changed (docs/api.md, `POST /tasks/prepare/`).
    """

    __slots__ = (
        "applied",
        "cached_output",
        "changed",
        "decision_id",
        "reason",
        "shadows",
        "task",
    )

    def __init__(self, task: Any, decision_id: str | None = None) -> None:
        self.task = task
        self.decision_id = decision_id
        self.changed: tuple[str, ...] = ()
        self.cached_output: Any = None
        self.shadows: tuple[dict[str, Any], ...] = ()
        self.applied: tuple[dict[str, Any], ...] = ()
        self.reason = "none"

    def __repr__(self) -> str:
        return f"<Decision {self.decision_id} changed={self.changed} reason={self.reason!r}>"


def read_decision(answer: Any, task: Mapping[str, Any], sent: Mapping[str, Any]) -> Decision:
    """The server's answer about `task`, of which it was told `sent`. BadDecision for nonsense."""
    if not isinstance(answer, dict) or not isinstance(answer.get("decision_id"), str):
        raise BadDecision("the answer has no decision_id")
    changed, served = answer.get("changed", []), answer.get("task")
    if not isinstance(served, dict) or not isinstance(changed, list):
        raise BadDecision("the answer has no task")
    if any(not isinstance(name, str) or name not in served for name in changed):
        raise BadDecision("the answer's changes are not in its task")
    decision = Decision({**task}, answer["decision_id"])
    decision.changed = tuple(changed)
    for name in changed:
        decision.task[name] = restore(served[name], sent.get(name), task.get(name))
    check_task(decision.task, changed)
    decision.cached_output = answer.get("cached_output")
    decision.shadows = read_shadows(answer.get("shadows"), task, sent)
    decision.applied = read_objects(answer.get("optimizations_applied"))
    decision.reason = str(answer.get("reason", "none"))
    return decision


def restore(served: Any, sent: Any, original: Any) -> Any:
    """What was not changed as the caller has it: it may have been sent in a disguise."""
    if served == sent:
        return original
    if isinstance(served, dict) and isinstance(sent, dict) and isinstance(original, dict):
        return {
            name: restore(value, sent.get(name), original.get(name))
            for name, value in served.items()
        }
    return served


def check_task(task: dict[str, Any], changed: list[str]) -> None:
    if "model_id" in changed and not (isinstance(task["model_id"], str) and task["model_id"]):
        raise BadDecision("the answer's model is no name")
    if "parameters" in changed and not isinstance(task["parameters"], dict):
        raise BadDecision("the answer's parameters are no object")


def read_shadows(
    value: Any, task: Mapping[str, Any], sent: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """Each with the caller's own task, changed as the shadow wants it."""
    found = []
    for wished in read_objects(value):
        named = [wished.get("shadow_id"), wished.get("model_id")]
        if all(isinstance(name, str) and name for name in named):
            given = wished.get("parameters")
            ours = task.get("parameters") or {}
            theirs = sent.get("parameters") or {}
            parameters = restore(given, theirs, ours) if isinstance(given, dict) else ours
            changed = {**task, "model_id": named[1], "parameters": parameters}
            found.append({**wished, "parameters": parameters, "task": changed})
    return tuple(found)


def read_objects(value: Any) -> tuple[dict[str, Any], ...]:
    items = value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, dict))
