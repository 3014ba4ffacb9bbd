"""Repairs by turns: what a project's repair has done so far, and when the next project's turn comes.

One partition cannot be interrupted and taken up again. Planning it has a limit of its own, and what
exceeds the limit is tried with half of its texts in the project's next turn.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from patterns.engine.repair.plan import Draft

TURN_S = 30.0  # after it a repair begins no further partition while others wait
SIZE_KEPT_S = 86_400.0  # how long the number of texts that fitted into the limits is remembered
MOST = 1000  # partitions whose number of texts is remembered


class TurnIsOver(Exception):
    """The rest of the repair has to wait for the project's next turn."""


@dataclass
class RepairProgress:
    """What the turns of one repair have done: partitions, seconds, and `learned` before the first."""

    done: set[str] = field(default_factory=set)
    learned: int | None = None
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def begin_turn(self) -> None:
        self.began = time.monotonic()

    def end_turn(self) -> None:
        self.seconds += time.monotonic() - self.began

    def is_over(self) -> bool:
        return time.monotonic() - self.began >= TURN_S


class FittingSizes:
    """How many texts of a partition could be planned within the limits; forgotten after a day."""

    def __init__(self) -> None:
        self.found: dict[tuple[UUID, str], tuple[int, float]] = {}

    def note(self, project_id: UUID, partition: str, count: int) -> None:
        self.found.pop((project_id, partition), None)
        while len(self.found) >= MOST:
            self.found.pop(next(iter(self.found)))
        self.found[project_id, partition] = count, time.monotonic()

    def cut(self, project_id: UUID, draft: Draft) -> Draft:
        """The draft with as many texts as fit: an even choice, for they are ordered by digest."""
        count, noted = self.found.get((project_id, draft.name), (0, 0.0))
        if not count or time.monotonic() - noted > SIZE_KEPT_S or len(draft.samples) <= count:
            return draft
        return msgspec.structs.replace(draft, samples=draft.samples[:count])


sizes = FittingSizes()
_unfinished: dict[UUID, RepairProgress] = {}


def take_up_repair(project_id: UUID) -> RepairProgress:
    """The progress of a project's repair, from the turn before or new."""
    progress = _unfinished.setdefault(project_id, RepairProgress())
    progress.begin_turn()
    return progress


def is_unfinished(project_id: UUID) -> bool:
    return project_id in _unfinished


def drop_progress(project_id: UUID) -> None:
    """The repair is finished, or has failed: the next one begins anew."""
    _unfinished.pop(project_id, None)
