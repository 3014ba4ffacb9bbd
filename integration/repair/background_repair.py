"""Repairs patterns in the background while learning continues.

A repair copies the recogniser's sample, plans in a separate process (`repair_process`) and puts the plans
in place under the lease, which takes a moment; what was learned meanwhile is added. Changes by people
since the copy take precedence. An interrupted repair leaves a consistent state and is started again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from integration.repair import save_repair
from integration.repair.planner_client import (
    LeaseNotAcquired,
    PlannedPartition,
    PlannerClient,
    RecognizerCopy,
)
from integration.repair.save_repair import MORE_FOLLOWS, forget_pruned, save_consolidation
from patterns.engine.domain.results import Consolidation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.repair.consolidate import apply_plans, unite_reports
from patterns.engine.repair.drafts import draft_partitions
from patterns.engine.repair.plan import RepairPlan
from patterns.engine.settings import RecognizerSettings
from patterns.models import Learner
from patterns.recognition.lease import hold_lease, keep_lease_alive, now_ms
from patterns.recognition.recognizer_cache import PatternsChanged, recognizers
from patterns.recognition.repair_process import PlannerEnded

logger = logging.getLogger("featurememory.repairs")

TOGETHER = 1000  # samples whose partitions are put in place in one transaction
CLAIM_MS = 60_000  # after a crash others wait this long
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
    """Repair a project. PlannerEnded when stopped, LeaseNotAcquired when the lease was never free."""
    copy, began, found = copy_recognizer(project_id), time.monotonic(), []
    passages = copy.passages
    with PlannerClient(copy, should_stop) as workshop:
        waiting: list[PlannedPartition] = []
        for planned in workshop.plans(project_id):
            waiting.append(planned)
            if sum(len(one.draft.samples) for one in waiting) >= TOGETHER:
                found.append(put_plans_in_place(project_id, waiting, passages, MORE_FOLLOWS))
                passages, waiting = waiting[-1].passages or passages, []
        found.append(put_plans_in_place(project_id, waiting, passages, copy.learned))
    done, seconds = unite_reports(found), time.monotonic() - began
    save_repair.record_repair_time(project_id, seconds)
    logger.info("Repaired in %.1f s: %d changes", seconds, len(done.changes))
    return done


def copy_recognizer(project_id: UUID) -> RecognizerCopy:
    """What a repair needs of the recogniser in use."""
    learned = Learner.objects.filter(pk=project_id).values_list("learned_since", flat=True).first()
    loaded = recognizers.for_reading(project_id)
    forget_pruned(project_id, loaded)
    with loaded.lock:
        recognizer = loaded.recognizer
        drafts, passages = (
            draft_partitions(recognizer.memory),
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
    logger.info(
        "Put %d partitions in place in %.2f s, saved in %.2f s",
        *(len(plans), worked - began, time.monotonic() - worked),
    )
    return done


# --- scheduling -----------------------------------------------------------------------------

_at_work = threading.Lock()
_stopping = threading.Event()


def start_due_repairs() -> int:
    """Start the due repairs in a thread; how many there are."""
    if _at_work.locked() or _stopping.is_set():
        return 0
    found = [
        pk for pk in Project.objects.values_list("pk", flat=True) if save_repair.is_repair_due(pk)
    ]
    if found:
        threading.Thread(
            target=repair_in_thread, args=(found,), name="fm-repair", daemon=True
        ).start()
    return len(found)


def stop_repairs(seconds: float = 5.0) -> None:
    """Stop the running repair within moments; what it has put in place stays."""
    _stopping.set()
    if _at_work.acquire(timeout=seconds):
        _at_work.release()
    _stopping.clear()


def repair_in_thread(found: list[UUID]) -> None:
    try:
        with _at_work:
            for project_id in found:
                repair_claimed(project_id)
    finally:
        close_old_connections()


def repair_claimed(project_id: UUID) -> bool:
    """Repair a project unless another process does; a failure is logged and retried later."""
    if not claim_repair(project_id):
        return False
    claimed = RepairClaim(project_id)
    try:
        repair_project(project_id, claimed.should_stop)
        return True
    except PlannerEnded:
        logger.info("A repair of project %s was stopped", project_id)
    except LeaseNotAcquired:
        logger.warning("A repair of project %s could not get the lease", project_id)
    except Exception as error:
        logger.warning("A repair of project %s failed", project_id)
        handle_feature_memory_error(error)
        Learner.objects.filter(pk=project_id).update(consolidated_at=timezone.now())
    finally:
        Learner.objects.filter(pk=project_id).update(repairing_until=0)
    return False


def claim_repair(project_id: UUID) -> bool:
    now = now_ms()
    free = Q(repairing_until__lt=now) | Q(repairing_until__gt=now + 2 * CLAIM_MS)
    if settings.EMBEDDED:  # the claim of a killed process is its successor's
        free = Q()
    rows = Learner.objects.filter(free, pk=project_id)
    return rows.update(repairing_until=now + CLAIM_MS) == 1


class RepairClaim:
    """A claim on the repair of a project, renewed whenever `should_stop` is asked."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id, self.renewed = project_id, time.monotonic()

    def should_stop(self) -> bool:
        if time.monotonic() - self.renewed > CLAIM_MS / 3000:
            self.renewed = time.monotonic()
            rows = Learner.objects.filter(pk=self.project_id)
            rows.update(repairing_until=now_ms() + CLAIM_MS)
        return _stopping.is_set()
