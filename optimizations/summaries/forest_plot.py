"""Lines of the forest plot: optimizations with their effect on one common axis."""

from __future__ import annotations

from dataclasses import dataclass

from featurememory.models import Project
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.models import Optimization
from optimizations.policy_runtime.policy_cache import policies
from optimizations.storage import decode_state
from optimizations.summaries import evidence_charts
from optimizations.summaries.guard_texts import describe_guards
from optimizations.summaries.headline import concerns
from optimizations.summaries.progress import describe_need, describe_progress
from patterns.models import Pattern

AT_ONCE = 20
# Those that change traffic come first.
ORDER = ("active", "trial", "suspended", "shadow", "candidate", "rejected", "retired")


@dataclass(frozen=True)
class ForestRow:
    """One line of the forest plot."""

    row: Optimization
    state: OptimizationState
    pattern: Pattern | None
    whisker: evidence_charts.Whisker | None
    now: float = 0.0  # the time of the traffic, in seconds

    @property
    def guards(self) -> list[tuple[str, str]]:
        """In words, but for the quality, which the list shows anyway."""
        return [one for one in describe_guards(self.state.guards) if one[0] != "Quality"]

    @property
    def progress(self) -> str:
        return describe_progress(self.row, self.state)

    @property
    def need(self) -> str:
        return describe_need(self.row, self.state, self.now)

    @property
    def scope(self) -> str:
        """Whom it concerns: a pattern by its name, several of them, or a whole task type."""
        if self.pattern:
            return str(self.pattern.label or self.pattern.task_type or "one pattern")
        task = self.row.task_type or "tasks without a type"
        if self.state.patterns:
            count = len(self.state.patterns)
            return f"1 pattern of {task}" if count == 1 else f"{count:,} patterns of {task}"
        return f"all of {task}"


def build_forest(
    project: Project, rows: list[Optimization]
) -> tuple[list[ForestRow], evidence_charts.Scale]:
    states = [decode_or_blank(row) for row in rows]
    measured = [state for state in states if state.n_treated and state.n_control]
    scale = evidence_charts.fit_scale([state.lift for state in measured])
    ids = {row.pattern_id for row in rows if row.pattern_id}
    named = Pattern.objects.filter(project=project, pk__in=ids).defer("state")
    patterns = {pattern.pk: pattern for pattern in named} if ids else {}
    lines, now = [], policies.for_deciding(project.pk).at if rows else 0.0
    for row, state in zip(rows, states, strict=True):
        drawn = evidence_charts.draw_whisker(
            state.lift, scale, min(state.n_treated, state.n_control)
        )
        pattern = patterns.get(row.pattern_id) if row.pattern_id else None
        lines.append(ForestRow(row, state, pattern, drawn, now))
    return lines, scale


def decode_or_blank(row: Optimization) -> OptimizationState:
    """The state of a row; a blank one for an evicted optimization, which has only row and history."""
    if row.state:
        return decode_state(row)
    return OptimizationState(row.id, row.type, row.task_type, "", row.params)


def has_calls_of_both_arms(project: Project, pattern: Pattern) -> bool:
    """Whether an optimization that concerns a pattern has treated and held-out calls; from memory."""
    kept = policies.for_deciding(project.pk)
    with kept.lock:
        states = list(kept.engine.optimizations.values())
    return any(s.n_treated and s.n_control and concerns(s, pattern) for s in states)


def find_by_pattern(project: Project, pattern: Pattern) -> list[Optimization]:
    """The optimizations that concern a pattern; those that change traffic first."""
    kept = policies.for_deciding(project.pk)
    with kept.lock:
        mine = [s for s in kept.engine.optimizations.values() if concerns(s, pattern)]
    if not mine:
        return []
    mine.sort(key=lambda state: (ORDER.index(state.status), state.id))
    ids = [state.id for state in mine[:AT_ONCE]]
    rows = Optimization.objects.filter(project=project, id__in=ids)
    return sorted(rows, key=lambda row: (ORDER.index(row.status), -row.number))
