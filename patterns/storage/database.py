"""Patterns in the database.

`DatabasePatternStorage` and `InMemoryPatternStorage` behave alike; `CachedPatternStorage` caches
either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from featurememory.errors import not_found
from featurememory.models import Project
from patterns.criteria import PatternCriteria, parse_id
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import Pattern
from patterns.storage import upserts
from patterns.storage.protocol import NO_USES, PreparedRows, apply_changes
from patterns.storage.rows import MIRRORED, build_row, state_of
from patterns.storage.shared_words import words_of


class DatabasePatternStorage:
    """Rows of `patterns.models.Pattern` of one project."""

    def __init__(self, project: Project, version: str = DefaultPatternRecognizer.VERSION) -> None:
        self.project, self.version = project, version

    @property
    def rows(self) -> Any:
        return Pattern.objects.filter(project_id=self.project.pk)

    def store(self, states: Iterable[PatternState], uses: Mapping[str, int] = NO_USES) -> None:
        made = self.prepare_rows(states, uses)
        self.write_rows(made)
        self.add_uses({name: count for name, count in uses.items() if name not in made})

    def prepare_rows(self, states: Iterable[PatternState], uses: Mapping[str, int]) -> PreparedRows:
        """The costly half of `store`: the rows for `write_rows`, by id. Needs no transaction."""
        words = words_of(self.project.pk)
        rows = [build_row(state, self.project.pk, self.version, words) for state in states]
        for row in rows:
            row.use_count = uses.get(str(row.pk), 0)
        rows.sort(key=lambda row: row.pk)  # one lock order for all processes
        return {str(row.pk): upserts.to_columns(row) for row in rows}

    def write_rows(self, made: PreparedRows) -> None:
        upserts.upsert_rows(list(made.values()), MIRRORED)

    def add_uses(self, uses: Mapping[str, int]) -> None:
        by_count: dict[int, list[str]] = {}
        for pattern_id, count in sorted(uses.items()):
            by_count.setdefault(count, []).append(pattern_id)
        for count, ids in by_count.items():
            self.rows.filter(pk__in=ids).update(use_count=F("use_count") + count)

    def retrieve(self, criteria: PatternCriteria) -> list[PatternState]:
        rows = criteria.apply(self.rows).filter(state__isnull=False)
        return [state_of(row) for row in rows.order_by(criteria.sort, "pk")]

    def get(self, pattern_id: str) -> PatternState:
        row = self.rows.stored().filter(pk=parse_id(pattern_id)).first()
        if row is None:
            raise not_found("pattern")
        return state_of(row)

    def update(self, pattern_id: str, **changes: Any) -> PatternState:
        state = apply_changes(self.get(pattern_id), changes)
        self.rows.filter(pk=pattern_id).update(**changes, state=state.to_bytes())
        return state

    def find_weak(self, threshold: float, unused_since: datetime) -> list[str]:
        """Ids that `cleanup` would archive: unpinned, below `threshold`, not used since."""
        rows = self.rows.stored().filter(
            pinned=False, confidence__lt=threshold, last_used__lt=unused_since
        )
        return [str(pk) for pk in rows.values_list("pk", flat=True)]

    def cleanup(self, threshold: float, unused_since: datetime) -> list[str]:
        ids = self.find_weak(threshold, unused_since)
        self.archive(ids, "memory", f"below {threshold:.2f} and unused")
        return ids

    def archive(self, ids: Sequence[str], actor: str, why: str) -> int:
        """Move patterns to the trash; row, state and counts stay until it is emptied. How many."""
        return int(
            self.rows.stored()
            .filter(pk__in=ids)
            .update(
                status=Pattern.PatternStatus.ARCHIVED,
                archived_at=timezone.now(),
                archived_by=actor,
                archived_why=why,
            )
        )

    def evict(self, reasons: Mapping[str, str]) -> None:
        """Archive patterns that the engine evicted (`reasons`: id to reason). They cannot be restored, so
        only name, template and counts stay: many one-off patterns must not fill the disk.

        The rows are deleted and inserted: updated in place, SQLite kept a page of 8 kB for each name
        (45 MB for 6,000 patterns, measured).
        """
        if not reasons:
            return
        self.archive(list(reasons), "memory", "evicted")
        rows = self.rows.filter(pk__in=list(reasons))
        names = list(rows.defer("state", "parts", "slots", "features"))
        for row in names:
            row.state, row.size_bytes, row.parts, row.slots, row.features = None, 0, [], [], []
            row.archived_why = f"evicted: {reasons[str(row.pk)]}"[:200]
        rows._raw_delete(using=rows.db)
        Pattern.objects.bulk_create(names, batch_size=200)


# The documented name of what a project uses.
