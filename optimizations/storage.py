"""Rows of optimizations and the engine's states; nothing else converts one into the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from featurememory.config import config_of
from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.pending_changes import PolicyChanges
from optimizations.engine.reporting.savings import SavingsHour
from optimizations.history import OptimizationHistory
from optimizations.models import (
    ArmHour,
    EvidencePoint,
    LedgerHour,
    Optimization,
    OptimizationEvent,
)
from patterns.failed_records import note_failure
from patterns.retention.old_figures import delete_slowly, find_first_hour

MIRRORED = (
    *("type", "pattern_id", "task_type", "params", "status", "control", "effectiveness"),
    *("n_treated", "n_control", "summary", "state", "updated_at", "last_used"),
)


class OptimizationStorage:
    """`store`, `retrieve`, `update`, `cleanup` of one project's optimizations."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id

    def store(self, states: Iterable[OptimizationState]) -> list[OptimizationState]:
        """Inserts new states and replaces known ones; returns those that could be written.

        One that cannot keeps its row as it was and is noted with its reason, so that it does not hold up
        the others.
        """
        rows: dict[str, Optimization] = {}
        written = []
        for state in states:
            try:
                rows[state.id] = build_row(self.project_id, state)
                written.append(state)
            except (OverflowError, TypeError, ValueError) as error:
                handle_feature_memory_error(error)
                note_failure(self.project_id, "optimization", state.id, error)
        Optimization.objects.bulk_create(
            list(rows.values()),
            update_conflicts=True,
            unique_fields=["project", "id"],
            update_fields=list(MIRRORED),
            batch_size=100,
        )
        return written

    def retrieve(self, optimization_id: str) -> OptimizationState:
        """KeyError when there is none of this id."""
        row = Optimization.objects.filter(project_id=self.project_id, id=optimization_id).first()
        if row is None:
            raise KeyError(optimization_id)
        return decode_state(row)

    def update(self, state: OptimizationState) -> None:
        """KeyError when there is none of this id."""
        self.retrieve(state.id)
        self.store([state])

    def cleanup(self, older_than: timedelta = timedelta(days=365)) -> int:
        """Removes what was retired or rejected longer ago than that, with its history; returns how many."""
        gone = Optimization.objects.filter(
            project_id=self.project_id,
            status__in=("retired", "rejected"),
            control="",
            updated_at__lt=timezone.now() - older_than,
        )
        return self.remove(list(gone.values_list("id", flat=True)))

    def forget_hours(self) -> int:
        """Removes hourly sums and transitions that the project no longer keeps; returns how many."""
        first = find_first_hour(Project(pk=self.project_id))
        gone = 0
        for table in (LedgerHour, ArmHour):
            gone += delete_slowly(table.objects.filter(project_id=self.project_id, hour__lt=first))
        steps = OptimizationEvent.objects.filter(project_id=self.project_id)
        kept = timedelta(days=config_of(self.project_id).keep_figures)
        return gone + delete_slowly(steps.filter(at__lt=timezone.now() - kept))

    def remove(self, ids: Sequence[str]) -> int:
        for table in (OptimizationEvent, EvidencePoint):
            table.objects.filter(project_id=self.project_id, optimization_id__in=ids).delete()
        rows = Optimization.objects.filter(project_id=self.project_id, id__in=ids)
        return rows.delete()[0]

    def save(self, changes: PolicyChanges, moment: int) -> None:
        """Writes everything the engine changed; call it in the transaction that saves its snapshot."""
        written = self.store(changes.optimizations)
        history = OptimizationHistory(self.project_id)
        history.note_transitions(changes.transitions)
        history.note_points(written, moment)
        self.store_hours(changes.hours)
        if changes.removed:
            # The row stays for the history; without a state the engine does not read it again.
            Optimization.objects.filter(project_id=self.project_id, id__in=changes.removed).update(
                state=b"", updated_at=timezone.now()
            )

    def load_hours(self, since: float, before: int) -> list[SavingsHour]:
        """The hours from `since` (seconds) on that come before the hour `before`, both since the epoch."""
        rows = LedgerHour.objects.filter(project_id=self.project_id, hour__lt=before)
        return [build_hour(row) for row in rows.filter(hour__gte=int(since // 3600))]

    def load_hours_of(self, optimization_id: str) -> list[SavingsHour]:
        """All hours in which one optimization saved something, oldest first."""
        rows = LedgerHour.objects.filter(
            project_id=self.project_id, optimization_id=optimization_id
        )
        return [build_hour(row) for row in rows.order_by("hour")]

    def store_hours(self, hours: Sequence[SavingsHour]) -> None:
        LedgerHour.objects.bulk_create(
            [
                LedgerHour(
                    project_id=self.project_id,
                    hour=hour.hour,
                    optimization_id=hour.optimization_id,
                    verified=hour.verified,
                    n=hour.n,
                    sums=hour.sums,
                    variances=hour.variances,
                )
                for hour in hours
            ],
            update_conflicts=True,
            unique_fields=["project", "hour", "optimization_id", "verified"],
            update_fields=["n", "sums", "variances"],
            batch_size=200,
        )


def build_hour(row: LedgerHour) -> SavingsHour:
    return SavingsHour(row.hour, row.optimization_id, row.verified, row.n, row.sums, row.variances)


def load_states(project_id: UUID) -> list[OptimizationState]:
    rows = Optimization.objects.filter(project_id=project_id).exclude(state=b"")
    return [decode_state(row) for row in rows.order_by("number").iterator()]


def decode_state(row: Optimization) -> OptimizationState:
    return OptimizationState.from_bytes(bytes(row.state))


def build_row(project_id: UUID, state: OptimizationState) -> Optimization:
    return Optimization(
        project_id=project_id,
        id=state.id,
        type=state.kind,
        pattern_id=UUID(state.pattern_id) if state.pattern_id else None,
        task_type=state.task_type,
        params=state.params,
        status=state.status,
        control="blocked" if state.blocked else "pinned" if state.pinned else "",
        effectiveness=state.effectiveness,
        n_treated=state.n_treated,
        n_control=state.n_control,
        summary=state.summary[:400],
        state=state.to_bytes(),
        created_at=to_datetime(state.created_at) or timezone.now(),
        updated_at=timezone.now(),
        last_used=to_datetime(state.last_used),
        made_by="person" if state.by_hand else "memory",
    )


def to_datetime(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
