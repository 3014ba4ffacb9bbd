"""Repair: each partition is grouped anew from the reservoir, and the patterns follow.

The outcome does not depend on the order of arrival. Ids survive: a new group takes over the
pattern that most of its samples belonged to, the other patterns redirect. What is to become of a
partition is worked out from a copy (`planner`), and put in place here: at once, or later, after
the recogniser has learned more and people have changed patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from patterns.engine.domain.results import Consolidation
from patterns.engine.recognizer_state.eviction import make_room
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.repair.apply_plan import apply_plan
from patterns.engine.repair.drafts import draft_partitions
from patterns.engine.repair.plan import RepairPlan
from patterns.engine.repair.planner import Planner


def never() -> bool:
    """The default of `should_stop`."""
    return False


def consolidate(
    memory: RecognizerState,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None] | None,
) -> Consolidation:
    """Plans and repairs all partitions here and now.

    `should_stop` is asked before each, `progress` is told how many of them are done.
    """
    done: list[Consolidation] = []
    drafts, held = draft_partitions(memory), memory.reservoir.in_order()
    for number, draft in enumerate(drafts):
        if should_stop():
            return unite_reports(done, complete=False)
        plan = Planner(draft, memory.passages, memory.embedder).run()
        done.append(apply_plan(memory, draft.name, plan, held[draft.name]))
        if progress is not None:
            progress(number + 1, len(drafts))
    make_room(memory)
    return unite_reports(done)


def apply_plans(memory: RecognizerState, plans: Mapping[str, RepairPlan]) -> Consolidation:
    """Applies plans. Interactions that came since join them, what people changed since stays."""
    held = memory.reservoir.in_order()
    done = [
        apply_plan(memory, name, plan, held.get(name, []))
        for name, plan in plans.items()
        if name in memory.groupers
    ]
    make_room(memory)
    return unite_reports(done)


def unite_reports(parts: Sequence[Consolidation], complete: bool = True) -> Consolidation:
    """One report of several partitions."""
    changes = tuple(change for part in parts for change in part.changes)
    redirects = {old: new for part in parts for old, new in part.redirects.items()}
    moved = {name: new for part in parts for name, new in part.moved.items()}
    return Consolidation(changes, redirects, moved, complete)
