"""The history of optimizations: transitions, what people read of them, and the evidence line."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from featurememory.audit.record import make_entry, record_all
from featurememory.models import Activity, AuditEntry, Project
from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.models import EvidencePoint, Optimization, OptimizationEvent

# A point of the line is kept when n has grown by this factor: 200 points reach from 10 to millions.
GROWTH = 1.07
FIRST_N = 10


class OptimizationHistory:
    """Appends to the history of one project; call it in the transaction that saves the states."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id

    def note_transitions(self, transitions: Sequence[Transition]) -> None:
        OptimizationEvent.objects.bulk_create(
            OptimizationEvent(
                project_id=self.project_id,
                optimization_id=step.optimization_id,
                moment=round(step.at * 1000),
                before=step.source,
                after=step.target,
                actor=step.actor or "memory",
                code=step.reason[:40],
                reason=step.text[:400],
                evidence=step.evidence,
            )
            for step in transitions
        )
        record_all(self.project_id, map(describe_transition, transitions))
        news = [step for step in transitions if is_newsworthy(step)]
        titles = self._titles([step.optimization_id for step in news])
        Activity.objects.bulk_create(
            Activity(
                project=Project(pk=self.project_id),
                actor=step.actor or "memory",
                verb="optimization",
                summary=(titles.get(step.optimization_id, "") + describe_step(step))[:300],
                link=f"/optimizations/{step.optimization_id}/",
            )
            for step in news
        )

    def _titles(self, ids: Sequence[str]) -> dict[str, str]:
        """The name of each optimization in the activity list."""
        rows = Optimization.objects.filter(project_id=self.project_id, id__in=ids)
        found = rows.values_list("id", "summary", "type", "task_type")
        return {
            name: f"{summary or kind}{f' in {task_type}' if task_type else ''}: "
            for name, summary, kind, task_type in found
        }

    def note_points(self, states: Sequence[OptimizationState], moment: int) -> None:
        """Adds a point to the evidence line of each state whose n has grown by GROWTH."""
        points = EvidencePoint.objects.filter(
            project_id=self.project_id, optimization_id__in=[state.id for state in states]
        )
        last = dict(points.order_by("n").values_list("optimization_id", "n"))
        EvidencePoint.objects.bulk_create(
            EvidencePoint(
                project_id=self.project_id,
                optimization_id=state.id,
                moment=moment,
                n=state.n_treated + state.n_control,
                point=state.lift[0],
                low=state.lift[1],
                high=state.lift[2],
            )
            for state in states
            if state.n_treated + state.n_control >= max(FIRST_N, last.get(state.id, 0) * GROWTH)
        )


def describe_transition(step: Transition) -> AuditEntry:
    return make_entry(
        f"optimization.{step.target}",
        step.optimization_id,
        step.actor or "memory",
        before={"status": step.source},
        after={"status": step.target, "evidence": step.evidence},
        reason=step.text or step.reason,
    )


def is_newsworthy(step: Transition) -> bool:
    """Whether people should read it: their own actions, and what starts or stops being active."""
    return bool(step.actor) or "active" in (step.source, step.target)


def describe_step(step: Transition) -> str:
    return step.text or f"{step.source} to {step.target}"
