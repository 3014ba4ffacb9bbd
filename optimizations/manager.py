"""The spec's OptimizationManager: the interface of optimizations to the rest of the product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

import msgspec
from uuid_utils import uuid7

from featurememory.audit.record import record
from featurememory.errors import ErrorCode, FeatureMemoryError, invalid, not_found
from featurememory.models import Activity, Project
from optimizations import model_catalog
from optimizations.engine.domain.lifecycle import LifecycleError, Verb
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json, Task
from optimizations.engine.reporting.advice import Finding
from optimizations.engine.reporting.savings import Savings
from optimizations.models import Optimization, RegisteredModel
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.policy_cache import policies
from optimizations.prepare import Prepared, enable_optimizations, prepare
from optimizations.storage import OptimizationStorage
from optimizations.tracker import PatternPerformance, PerformanceTracker
from patterns.models import Pattern

VERBS: tuple[str, ...] = get_args(Verb)
KINDS = PolicySettings().kinds


class OptimizationManager:
    """Tracks performance, stores optimizations, applies them to tasks, and reports on them."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def project_id(self) -> UUID:
        return self.project.pk

    def track_performance(self, pattern_id: str) -> list[PatternPerformance]:
        """All-time figures of a pattern, one per model, most used first."""
        return PerformanceTracker(self.project_id).summary([pattern_id])[pattern_id]

    def apply_optimizations(self, task: Task) -> Task:
        """The task as it should run. For what was applied and why, and its id, use `apply`."""
        return self.apply(task).decision.task

    def apply(
        self, task: Task, models: Sequence[str] | None = None, *, dry_run: bool = False
    ) -> Prepared:
        """Asks the policy; the decision is logged before this returns (not in a dry run)."""
        chosen = tuple(models) if models is not None else None
        return prepare(self.project_id, task, chosen, dry_run=dry_run)

    def get_optimizations(
        self, pattern_id: str | None = None, status: str | None = None
    ) -> list[Optimization]:
        """Newest first, all or those of a pattern or state."""
        rows = Optimization.objects.filter(project=self.project)
        if pattern_id is not None:
            rows = rows.filter(pattern_id=pattern_id)
        if status is not None:
            rows = rows.filter(status=status)
        return list(rows.order_by("-number"))

    def store_optimization(
        self,
        kind: str,
        params: dict[str, Any],
        *,
        pattern: Pattern | None = None,
        task_type: str = "",
        model_id: str = "",
        actor: str = "person",
    ) -> Optimization:
        """Stores a candidate made by hand, which has to prove itself like any other. Error: 422.

        `model_id` is the model it departs from: the pattern's own, or the one that serves most
        of the task type.
        """
        if kind not in KINDS:
            raise invalid(f"must be among {', '.join(KINDS)}", "/type")
        state = OptimizationState(
            id=str(uuid7()),
            kind=kind,
            task_type=pattern.task_type if pattern else task_type,
            base=model_id or (pattern.model_id if pattern else ""),
            params=params,
            pattern_id=str(pattern.pk) if pattern else "",
            by_hand=True,
        )
        enable_optimizations(self.project_id)
        with policies.changing(self.project_id) as kept:
            state.last_used = kept.at  # unused means not used since it was made
            try:
                with kept.lock:
                    state = kept.engine.store(state, kept.at, actor)
            except ValueError as error:
                raise invalid(str(error), "/params") from error
            outcomes.save_policy(self.project_id, kept)
        record(
            self.project_id, "optimization.stored", state.id, actor=actor, after={"params": params}
        )
        return self.find(state.id)

    def act(self, optimization_id: str, verb: str, actor: str, reason: str = "") -> Optimization:
        """Obeys a person: pin, block, suspend, retire, and their opposites. Errors: 404, 409.

        `reason` is kept with the history.
        """
        done: Any = verb
        with policies.changing(self.project_id) as kept:
            try:
                with kept.lock:
                    kept.engine.act(optimization_id, done, kept.at, actor, reason)
                    kept.engine.review(kept.at)  # takes effect from the next task on
            except KeyError:
                raise not_found("optimization") from None
            except LifecycleError as error:
                raise FeatureMemoryError(str(error), ErrorCode.CONFLICT) from error
            outcomes.save_policy(self.project_id, kept)
        what = f"optimization.{verb}"
        record(self.project_id, what, optimization_id, actor=actor, reason=reason)
        return self.find(optimization_id)

    def find(self, optimization_id: str) -> Optimization:
        return Optimization.objects.get(project=self.project, id=optimization_id)

    def register(self, given: model_catalog.Registration) -> tuple[RegisteredModel, bool]:
        """Adds or changes a model; it takes part in decisions from now on."""
        enable_optimizations(self.project_id)
        with policies.changing(self.project_id) as kept:
            row, made = model_catalog.register(self.project, given)
            card = model_catalog.load_card(row)
            with kept.lock:
                kept.engine.register(card)
            outcomes.save_policy(self.project_id, kept)
        return row, made

    def purge_cache(self, actor: str = "person", reason: str = "") -> int:
        """Deletes all cached answers of the project at once; returns how many."""
        with policies.changing(self.project_id) as kept:
            with kept.lock:
                count = kept.engine.purge_cache()
            outcomes.save_policy(self.project_id, kept)
        Activity.objects.create(
            project=self.project,
            actor=actor,
            verb="optimization",
            summary=f"Purged {count:,} cached answers{f': {reason}' if reason else ''}",
        )
        after = {"answers": count}
        record(self.project_id, "cache.purged", actor=actor, after=after, reason=reason)
        return count

    def savings(self, since: float, until: float) -> Savings:
        """The ledger over [since, until), seconds since the epoch by the interactions' clock."""
        kept = policies.for_deciding(self.project_id)
        older = OptimizationStorage(self.project_id).load_hours(since, kept.engine.oldest_hour)
        with kept.lock:
            return kept.engine.savings(since, until, older)

    def findings(self) -> list[Finding]:
        kept = policies.for_deciding(self.project_id)
        with kept.lock:
            return kept.engine.findings()

    def policy_table(self) -> dict[str, Json]:
        kept = policies.for_deciding(self.project_id)
        with kept.lock:
            table: dict[str, Json] = msgspec.to_builtins(kept.engine.policy_table())
        return table
