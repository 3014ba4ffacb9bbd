"""The interface of pattern storages, and the rules they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.criteria import STORED, PatternCriteria
from patterns.engine.pattern.pattern_state import PatternState

PreparedRows: TypeAlias = dict[str, list[Any]]  # columns of rows, by the id of the pattern
NO_USES: Mapping[str, int] = {}
CHANGEABLE = ("label", "pinned", "status", "confidence")


class PatternStorage(Protocol):
    """A storage of patterns. Ids are UUID texts."""

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        """Insert or replace; `uses` adds to the use counts."""

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        """The states that meet the criteria, in their sort order."""

    def get(self, pattern_id: str) -> PatternState:
        """FeatureMemoryError NOT_FOUND when there is none."""

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        """Change label, pinned, status or confidence of one pattern."""

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        """Remove patterns that are unpinned, below `threshold` and unused since; their ids."""


def apply_changes(state: PatternState, changes: Mapping[str, Any]) -> PatternState:
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise FeatureMemoryError(
            f"{', '.join(unknown)} cannot be changed; {', '.join(CHANGEABLE)} can.",
            ErrorCode.VALIDATION_FAILED,
        )
    if changes.get("status", "candidate") not in STORED:
        raise FeatureMemoryError(
            f"The status must be among {', '.join(STORED)}; cleanup and prune archive.",
            ErrorCode.VALIDATION_FAILED,
        )
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def compute_unused_since(interval_s: int, newest: datetime) -> datetime:
    """The time before which a pattern counts as unused: `interval_s` seconds before the newest use."""
    return newest - timedelta(seconds=interval_s)
