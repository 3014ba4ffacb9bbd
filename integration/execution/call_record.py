"""One call as the interaction that is learned from it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from integration.execution.course import PreparedTask
from integration.execution.forecasts import Forecast, sum_tokens
from integration.execution.reply import Reply
from optimizations.engine.domain.task import Json


@dataclass(frozen=True)
class TaskResult:
    """The outcome of a task. `duration` of the model's last attempt in ms; `optimizations_applied` as
    in `POST /tasks/prepare/`; `tried` are the models in order, `attempts` those at the last of them;
    `forecast` is what the call was expected to take (90 % intervals), `parameters` are those it ran
    with."""

    success: bool
    result: Any
    optimizations_applied: list[dict[str, Any]]
    decision_id: str | None = None
    model_id: str = ""
    duration: float = 0.0
    error: str | None = None
    patterns: list[dict[str, Any]] = field(default_factory=list)
    tried: tuple[str, ...] = ()
    attempts: int = 1
    forecast: Forecast = field(default_factory=dict)
    parameters: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class CallRecord:
    """What became of a task on one model. `duration` in ms."""

    plan: PreparedTask
    reply: Reply | None
    duration: float
    error: Exception | None = None
    attempts: int = 1
    fallback_of: str | None = None

    @property
    def is_cached(self) -> bool:
        return self.plan.decision is not None and self.plan.decision.served_from_cache

    def measure_figures(self) -> dict[str, float | None]:
        """What the call took, by the names of forecasts."""
        reply = self.reply or Reply(None)
        return {
            "tokens": sum_tokens(reply.input_tokens, reply.output_tokens),
            "duration": self.duration,
            "memory_usage": reply.memory_usage,
        }

    @property
    def error_text(self) -> str | None:
        if self.error is None:
            return None
        return f"{type(self.error).__name__}: {self.error}"[:2000]

    def describe_result(
        self, tried: tuple[str, ...] = (), forecast: Forecast | None = None
    ) -> TaskResult:
        plan, reply = self.plan, self.reply
        return TaskResult(
            success=self.error is None and (reply is None or reply.success is not False),
            result=reply.output if reply else None,
            optimizations_applied=plan.applied,
            decision_id=plan.decision.id if plan.decision else None,
            model_id=plan.task.model_id,
            duration=self.duration,
            error=self.error_text,
            patterns=plan.patterns,
            tried=tried or (plan.task.model_id,),
            attempts=self.attempts,
            forecast=forecast or {},
            parameters=plan.task.parameters,
        )

    def judge_success(self, unsaid: bool | None) -> bool | None:
        """False after an error, what the model said of its answer, else `unsaid`."""
        if self.reply is None:
            return False
        return unsaid if self.reply.success is UNSET else self.reply.success

    def build_interaction(self, unsaid: bool | None = True) -> dict[str, Any]:
        """In the shape of `POST /interactions/`; None for what is unknown. `unsaid`: the success of
        an answer of which the model said nothing."""
        task, reply = self.plan.task, self.reply
        return {
            "model_id": task.model_id,
            "task_type": task.task_type,
            "input": task.input,
            "output": reply.output if reply else None,
            "parameters": task.parameters,
            "metadata": self._describe_metadata(),
            "usage": describe_usage(reply),
            "success": self.judge_success(unsaid),
            "score": reply.score if reply else None,
            "error": self.error_text,
            "session_id": task.session_id,
            "decision_id": self.plan.decision.id if self.plan.decision else None,
            "tags": self._list_tags() or None,
        }

    def _describe_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {"timestamp": int(time.time() * 1000), "duration": self.duration}
        if self.reply is not None and self.reply.memory_usage is not None:
            found["resource_usage"] = {"memory_usage": self.reply.memory_usage}
        return found

    def _list_tags(self) -> dict[str, Any]:
        found: dict[str, Any] = {} if self.attempts == 1 else {"attempts": self.attempts}
        return found | ({"fallback_of": self.fallback_of} if self.fallback_of else {})


def describe_usage(reply: Reply | None) -> dict[str, Any]:
    if reply is None:
        return {}
    return {
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "cached_input_tokens": reply.cached_input_tokens,
        "cache_write_tokens": reply.cache_write_tokens,
        "extended_cache_write_tokens": reply.extended_cache_write_tokens,
        "reasoning_tokens": reply.reasoning_tokens,
        "cost": reply.cost,
    }
