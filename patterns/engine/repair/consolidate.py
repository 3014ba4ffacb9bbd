"""Repair: each partition is grouped anew from the reservoir, and the patterns follow.

The outcome does not depend on the order of arrival. Ids survive: a new group takes over the
pattern that most of its samples belonged to, the other patterns redirect. What is to become of a
partition is worked out from a copy (`planning`), and put in place here: at once, or later, after
the recogniser has learned more and people have changed patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from patterns.engine.domain.results import Consolidation
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.repair.apply_plan import _Repair
from patterns.engine.repair.drafts import drafts_of
from patterns.engine.repair.plan import Plan
from patterns.engine.repair.planner import Planner

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer


def never() -> bool:
    return False


def consolidate(
    recognizer: DefaultPatternRecognizer,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None] | None,
) -> Consolidation:
    """All of it here and now."""
    done: list[Consolidation] = []
    drafts, held = drafts_of(recognizer), recognizer.reservoir.in_order()
    for number, draft in enumerate(drafts):
        if should_stop():
            return together(done, complete=False)
        plan = Planner(draft, recognizer.passages, recognizer.embedder).run()
        done.append(_Repair(recognizer, draft.name, plan, held[draft.name]).run())
        if progress is not None:
            progress(number + 1, len(drafts))
    recognizer.make_room()
    return together(done)


def put_in_place(recognizer: DefaultPatternRecognizer, plans: Mapping[str, Plan]) -> Consolidation:
    """Partitions as planned; what came since joins, and what people changed since stays."""
    held = recognizer.reservoir.in_order()
    done = [
        _Repair(recognizer, name, plan, held.get(name, [])).run()
        for name, plan in plans.items()
        if name in recognizer.groupers
    ]
    recognizer.make_room()
    return together(done)


def together(parts: Sequence[Consolidation], complete: bool = True) -> Consolidation:
    """One account of several partitions."""
    changes = tuple(change for part in parts for change in part.changes)
    redirects = {old: new for part in parts for old, new in part.redirects.items()}
    moved = {name: new for part in parts for name, new in part.moved.items()}
    return Consolidation(changes, redirects, moved, complete)


def copy_of(state: PatternState) -> PatternState:
    return msgspec.msgpack.decode(state.to_bytes(), type=PatternState)
