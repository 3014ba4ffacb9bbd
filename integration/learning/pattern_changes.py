"""Saves the patterns that a batch has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from featurememory.models import Project
from patterns.engine.domain.results import Match
from patterns.engine.recognizer_state.pattern_table import Eviction
from patterns.models import ModelInteraction, Pattern, PatternEvent
from patterns.recognition.recognizer_cache import LoadedRecognizer
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.protocol import PreparedRows


@dataclass
class Batch:
    """A recognised batch: rows with their matches, failed rows with their error, engine times in ms."""

    rows: list[tuple[ModelInteraction, Match]] = field(default_factory=list)
    failed: list[tuple[ModelInteraction, Exception]] = field(default_factory=list)
    engine_ms: list[float] = field(default_factory=list)


class ChangedPatterns:
    """The patterns a batch has changed, as rows, prepared outside of the transaction that saves them.
    `before` holds those prepared earlier for the same batch."""

    made: PreparedRows
    evicted: list[Eviction]

    def __init__(
        self,
        project: Project,
        loaded: LoadedRecognizer,
        batch: Batch,
        before: ChangedPatterns | None = None,
    ) -> None:
        changes = loaded.recognizer.take_changes()
        self.project, self.loaded, self.batch = project, loaded, batch
        self.uses = Counter(match.pattern_id for _, match in batch.rows)
        self.evicted = [*(before.evicted if before else []), *changes.evicted]
        names = dict.fromkeys([*(before.made if before else ()), *changes.changed])
        self.states = [loaded.recognizer.get(name) for name in names if name in loaded.recognizer]
        self.rows = DatabasePatternStorage(project, loaded.recognizer.version)
        self.made = self.rows.prepare_rows(self.states, self.uses)


def save_patterns(saving: ChangedPatterns) -> None:
    record_new_templates(saving.project, saving.states)
    saving.rows.write_rows(saving.made)
    others = {name: n for name, n in saving.uses.items() if name not in saving.made}
    create_missing_patterns(saving.project, others, saving.batch)
    saving.rows.add_uses(others)
    reasons = {eviction.id: eviction.reason for eviction in saving.evicted}
    saving.rows.evict(reasons)
    saving.loaded.storage.forget([*saving.made, *reasons])


def create_missing_patterns(project: Project, uses: Mapping[str, int], batch: Batch) -> None:
    """Create rows for patterns created and evicted within the batch, so that their uses are counted."""
    if not uses:
        return
    known = {
        str(pk) for pk in Pattern.objects.filter(pk__in=list(uses)).values_list("pk", flat=True)
    }
    first = {match.pattern_id: row for row, match in reversed(batch.rows)}
    Pattern.objects.bulk_create(
        Pattern(
            id=UUID(name),
            project=project,
            model_id=first[name].model_id,
            task_type=first[name].task_type,
            use_count=0,
        )
        for name in uses
        if name not in known
    )


def record_new_templates(project: Project, states: Sequence[Any]) -> None:
    """Add a history entry for every pattern whose template changed, from three uses on."""
    settled = {state.id: state for state in states if state.use_count >= 3}
    before = Pattern.objects.filter(pk__in=settled, use_count__gte=3)
    PatternEvent.objects.bulk_create(
        PatternEvent(
            project=project,
            pattern_id=pk,
            kind="template",
            template=settled[str(pk)].template_text[:4000],
            details={"before": template[:4000]},
        )
        for pk, template in before.values_list("pk", "template")
        if template != settled[str(pk)].template_text
    )
