"""Repairs patterns in the background while learning continues.

A repair copies the recogniser's sample, plans in a separate process (`repair_process`) and puts the plans
in place under the lease, which takes a moment; what was learned meanwhile is added. Changes by people
since the copy take precedence. An interrupted repair leaves a consistent state and is started again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec
from django.template.defaultfilters import pluralize

from integration.repair import save_repair
from integration.repair.failed_partitions import (
    draft_each,
    find_resting,
    forget_repaired,
    leave_out,
    note_partition,
)
from integration.repair.planner_client import (
    LeaseNotAcquired,
    PlannedPartition,
    PlannerClient,
    RecognizerCopy,
)
from integration.repair.repair_turns import RepairProgress, drop_progress, take_up_repair
from integration.repair.save_repair import MORE_FOLLOWS, forget_pruned, save_consolidation
from patterns.engine.domain.results import Consolidation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.repair.consolidate import apply_plans, unite_reports
from patterns.engine.repair.plan import RepairPlan
from patterns.engine.settings import RecognizerSettings
from patterns.failed_records import PASSING
from patterns.models import Learner
from patterns.recognition.lease import hold_lease, keep_lease_alive
from patterns.recognition.recognizer_cache import PatternsChanged, recognizers

logger = logging.getLogger("featurememory.repairs")

TOGETHER = 1000  # samples whose partitions are put in place in one transaction
TRIES, PAUSE_S = 240, 0.25  # to get the lease


def make_plans(
    project_id: UUID, settings: RecognizerSettings, should_stop: Callable[[], bool]
) -> tuple[list[PlannedPartition], bytes]:
    """Plans of all partitions under these settings, and the passages known before."""
    copy = copy_recognizer(project_id)
    before, copy.embedding = copy.passages, settings.embedding
    with PlannerClient(copy, should_stop) as workshop:
        return list(workshop.plans(project_id)), before


def repair_project(project_id: UUID, should_stop: Callable[[], bool]) -> Consolidation:
    """One turn of a project's repair, see `repair_turns`. PlannerEnded when stopped, LeaseNotAcquired when
    the lease was never free."""
    progress, copy = take_up_repair(project_id), copy_recognizer(project_id)
    if progress.learned is None:
        progress.learned = copy.learned
    copy.drafts = leave_out(copy.drafts, progress.done | find_resting(project_id))
    try:
        found = repair_partitions(project_id, copy, should_stop, progress)
    finally:
        progress.end_turn()
    done = unite_reports(found)
    if {draft.name for draft in copy.drafts} <= progress.done:
        drop_progress(project_id)
        save_repair.record_repair_time(project_id, progress.seconds)
        logger.info(
            "Project %s: the repair is complete, %.1f s in all", project_id, progress.seconds
        )
    return done


def repair_partitions(
    project_id: UUID,
    copy: RecognizerCopy,
    should_stop: Callable[[], bool],
    progress: RepairProgress,
) -> list[Consolidation]:
    """Plan partitions until the turn is over and put them in place; after the last one the repair counts."""
    found: list[Consolidation] = []
    passages = copy.passages
    with PlannerClient(copy, should_stop, progress) as workshop:
        waiting: list[PlannedPartition] = []
        for planned in workshop.plans(project_id):
            waiting.append(planned)
            if sum(len(one.draft.samples) for one in waiting) >= TOGETHER:
                found += put_each_in_place(project_id, waiting, passages)
                passages, waiting = waiting[-1].passages or passages, []
        if {draft.name for draft in copy.drafts} - progress.done:
            return found + put_each_in_place(project_id, waiting, passages)
        found += put_each_in_place(project_id, waiting, passages, progress.learned)
    return found


def put_each_in_place(
    project_id: UUID, planned: list[PlannedPartition], passages: bytes, learned: int | None = None
) -> list[Consolidation]:
    """Put plans in place together; when that fails one by one, and those that fail alone are noted.
    `learned`: this ends the repair."""
    last = MORE_FOLLOWS if learned is None else learned
    try:
        done = [put_plans_in_place(project_id, planned, passages, last)]
    except Exception as error:
        if isinstance(error, (LeaseNotAcquired, *PASSING)) or not planned:
            raise
        logger.warning(
            "Project %s: repaired patterns could not be saved together, trying one kind of text "
            "after another: %r",
            *(project_id, error),
        )
        return put_one_by_one(project_id, planned, passages, last)
    forget_repaired(project_id, [one.draft.name for one in planned])
    return done


def put_one_by_one(
    project_id: UUID, planned: list[PlannedPartition], passages: bytes, last: int
) -> list[Consolidation]:
    # Without any plan it must work, else the project is broken and none of its partitions.
    found = [put_plans_in_place(project_id, [], passages, last)]
    for one in planned:
        try:
            found.append(put_plans_in_place(project_id, [one], passages, MORE_FOLLOWS))
        except Exception as error:
            if isinstance(error, (LeaseNotAcquired, *PASSING)):
                raise
            note_partition(project_id, one.draft.name, error)
        else:
            forget_repaired(project_id, [one.draft.name])
            passages = one.passages or passages
    return found


def copy_recognizer(project_id: UUID) -> RecognizerCopy:
    """What a repair needs of the recogniser in use."""
    learned = Learner.objects.filter(pk=project_id).values_list("learned_since", flat=True).first()
    loaded = recognizers.for_reading(project_id)
    forget_pruned(project_id, loaded)
    with loaded.lock:
        recognizer = loaded.recognizer
        drafts, passages = (
            draft_each(project_id, recognizer),
            recognizer.memory.passages.to_bytes(),
        )
        return RecognizerCopy(drafts, passages, recognizer.settings.embedding, learned or 0)


class RecognizerSwitch(Protocol):
    """A switch to another recogniser: `prepare` runs under the lease before the plans are put in place,
    `save` in the transaction that saves the result."""

    def prepare(self, recognizer: DefaultPatternRecognizer) -> None: ...

    def save(self, done: Consolidation) -> None: ...


def put_plans_in_place(
    project_id: UUID,
    planned: list[PlannedPartition],
    passages: bytes,
    learned: int,
    switch: RecognizerSwitch | None = None,
) -> Consolidation:
    """Put plans in place and save; `passages` are those known to the copy they were made from.

    `learned`: see `save_consolidation`. LeaseNotAcquired after TRIES attempts.
    """
    for _ in range(TRIES):
        with hold_lease(project_id) as held:
            if held:
                with keep_lease_alive(project_id):
                    done = try_to_put_in_place(project_id, planned, passages, learned, switch)
                if done is not None:
                    return done
        time.sleep(PAUSE_S)
    raise LeaseNotAcquired


def try_to_put_in_place(
    project_id: UUID,
    planned: list[PlannedPartition],
    passages: bytes,
    learned: int,
    switch: RecognizerSwitch | None,
) -> Consolidation | None:
    """None, with nothing saved, when somebody changed the patterns meanwhile."""
    began = time.monotonic()
    plans = {one.draft.name: msgspec.msgpack.decode(one.plan, type=RepairPlan) for one in planned}
    noted = next((one.passages for one in reversed(planned) if one.passages is not None), None)
    try:
        with recognizers.saved_or_dropped(project_id):
            loaded = recognizers.for_learning(project_id)
            forget_pruned(project_id, loaded)
            if switch is not None:
                switch.prepare(loaded.recognizer)
            with loaded.lock:
                if noted is not None:
                    loaded.recognizer.memory.passages.follow(passages, noted)
                done = apply_plans(loaded.recognizer.memory, plans)
            worked = time.monotonic()
            also = switch.save if switch is not None else None
            save_consolidation(project_id, loaded, done, learned=learned, also=also)
    except PatternsChanged:
        return None
    if plans:
        log_applied(project_id, len(plans), done, (worked - began, time.monotonic() - worked))
    return done


def log_applied(
    project_id: UUID, kinds: int, done: Consolidation, seconds: tuple[float, float]
) -> None:
    merged = sum(change.kind == "merged" for change in done.changes)
    logger.info(
        "Project %s: repaired the patterns of %d kind%s of text: %d merged, %d split; "
        "applied in %.2f s, saved in %.2f s",
        *(project_id, kinds, pluralize(kinds), merged, len(done.changes) - merged, *seconds),
    )
