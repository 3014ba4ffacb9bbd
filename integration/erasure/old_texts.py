"""Texts older than a project keeps them go everywhere; its figures, patterns and statistics stay."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from django.core.cache import cache

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from integration.erasure.old_records import strip_records
from integration.models import PreviousRecognizer
from optimizations.decision_log.log import catch_up
from optimizations.decision_log.old_texts import strip_decisions
from optimizations.decision_log.shadow_rows import strip_texts
from optimizations.evaluation_sets.task_texts import strip_tasks
from optimizations.models import PolicyState
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.policy_cache import policies
from patterns.curation.learner_turn import learning_turn, save_recognizer
from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.pattern.pattern_state import EXAMPLE, PatternState
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.models import ModelInteraction, PatternEvent
from patterns.recognition.recognizer_cache import recognizers
from patterns.retention.disk_usage import vacuum_forgotten
from patterns.retention.old_texts import (
    BATCH,
    delete_comments,
    delete_texts,
    find_limit,
    find_old_rows,
)

PAUSE_S = 3600  # between two looks at a project in which nothing was left to do
ROUNDS = 20  # of BATCH interactions in one look, so that no project holds up the others
OFTEN = 20  # a slot's value that so many interactions had is a statistic, a rarer one a text


def forget_if_due(project_id: UUID) -> int:
    """Once an hour, and again at once while there is more; how many texts went."""
    name = f"texts_looked_at:{project_id}"
    if cache.get(name):
        return 0
    gone, is_done = forget_old_texts(Project.objects.get(pk=project_id))
    if is_done:
        cache.set(name, True, PAUSE_S)
    return gone


def forget_old_texts(project: Project) -> tuple[int, bool]:
    """How many texts went, and whether none is left that has to go. Every step can be repeated."""
    limit = find_limit(project)
    if not limit:
        return 0, True
    gone, looked_at = 0, BATCH
    for _ in range(ROUNDS):
        rows = find_old_rows(project, limit)
        looked_at = len(rows)
        if rows:
            forget_samples(project, rows)
            gone += delete_texts(project, rows)
        if looked_at < BATCH:
            break
    stripped = forget_elsewhere(project, limit)
    vacuum_forgotten(gone)
    return gone, looked_at < BATCH and not stripped


def forget_samples(project: Project, rows: list[ModelInteraction]) -> None:
    """Before the contents go: what died in between is found again."""
    with learning_turn(project):
        loaded = recognizers.for_learning(project.pk)
        with loaded.lock:
            memory = loaded.recognizer.memory
            known = len(memory.reservoir)
            for row in rows:
                memory.reservoir.discard(replace_surrogates(row.id))
            changed = strip_states(memory, {str(row.pattern_id) for row in rows})
        if changed or known != len(memory.reservoir):
            with write_turn():
                save_recognizer(project)


def strip_states(memory: RecognizerState, ids: set[str]) -> int:
    """How many patterns among these had texts."""
    owners = memory.patterns.owners
    newest = {owners.get(sample.key, ""): sample.text for sample in memory.reservoir}
    known = sorted(ids & memory.patterns.states.keys())
    changed = [name for name in known if strip_state(memory.patterns.get(name), newest.get(name))]
    for name in changed:
        memory.patterns.touch(name)
    return len(changed)


def strip_state(state: PatternState, newest: str | None) -> bool:
    """A newer text becomes its example, if there is one; rare values of its slots go."""
    before = state.example, [one.counts for one in state.sketches.values()]
    if newest or state.skeleton.anchors:  # a group without anchors is known by its example
        state.example = (newest or "")[:EXAMPLE]
    for sketch in state.sketches.values():
        sketch.forget_rare(OFTEN)
    return before != (state.example, [one.counts for one in state.sketches.values()])


def forget_elsewhere(project: Project, limit: int) -> int:
    """Decisions, comments, kept answers, earlier templates, the recogniser before the last switch; how
    many decisions."""
    catch_up()
    stripped = strip_decisions(project.pk, limit)
    strip_texts(project.pk, limit)
    strip_tasks(project.pk, limit)
    delete_comments(project, limit)
    forget_answers_before(project.pk, find_age_s(limit))
    moment = datetime.fromtimestamp(limit / 1000, UTC)
    strip_records(project, moment)
    earlier = PatternEvent.objects.filter(project=project, at__lt=moment, kind="template")
    with write_turn():
        PreviousRecognizer.objects.filter(project=project, at__lt=moment).delete()
        # The first template of a pattern is its first text.
        earlier.exclude(template="").update(template="", details={})
    return stripped


def find_age_s(limit: int) -> float:
    return time.time() - limit / 1000


def forget_answers_before(project_id: UUID, age: float) -> None:
    """Answers kept for repeats, by the time of the interactions they come from, and the last request of
    each task type."""
    if not PolicyState.objects.filter(pk=project_id).exists():
        return
    with policies.changing(project_id) as kept:
        with kept.lock:
            gone = kept.engine.forget_texts_before(kept.at - age)
        if gone:
            outcomes.save_policy(project_id, kept)
