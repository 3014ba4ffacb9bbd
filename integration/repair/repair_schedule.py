"""Which project is repaired when: due ones by turns, the longest-waiting first, in one thread."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from featurememory.errors import handle_feature_memory_error
from integration.repair import repair_turns, save_repair
from integration.repair.background_repair import repair_project
from integration.repair.planner_client import LeaseNotAcquired
from patterns.failed_records import forget_failures, note_failure
from patterns.models import FailedRecord, Learner
from patterns.recognition.lease import now_ms
from patterns.recognition.repair_process import PlannerEnded

logger = logging.getLogger("featurememory.repairs")

CLAIM_MS = 60_000  # after a crash others wait this long

_at_work = threading.Lock()
_stopping = threading.Event()
_queue: deque[UUID] = deque()
_queue_lock = threading.Lock()
_running = threading.Event()


def start_due_repairs() -> int:
    """Queue the due repairs, and start a thread for them unless one is at work; how many were added."""
    if _stopping.is_set():
        return 0
    with _queue_lock:
        found = [pk for pk in save_repair.find_due() if pk not in _queue]
        _queue.extend(found)
        if not _queue or _running.is_set():
            return len(found)
        _running.set()
    threading.Thread(target=repair_in_thread, args=(), name="fm-repair", daemon=True).start()
    return len(found)


def stop_repairs(seconds: float = 5.0) -> None:
    """Stop the running repair within moments; what it has put in place stays."""
    _stopping.set()
    if _at_work.acquire(timeout=seconds):
        _at_work.release()
    _stopping.clear()


def repair_in_thread() -> None:
    try:
        with _at_work:
            while (project_id := take_next()) is not None:
                repair_claimed(project_id)
                if repair_turns.is_unfinished(project_id):
                    _queue.append(project_id)
    except BaseException:
        _running.clear()  # the next one that is due starts a thread again
        raise
    finally:
        close_old_connections()


def take_next() -> UUID | None:
    """The project whose turn it is; None ends the thread."""
    with _queue_lock:
        if _stopping.is_set():
            _queue.clear()
        if _queue:
            return _queue.popleft()
        _running.clear()
        return None


def repair_claimed(project_id: UUID) -> bool:
    """One turn of a project's repair unless another process repairs it. A failure is logged and noted, and
    the repair is tried again later."""
    if not claim_repair(project_id):
        repair_turns.drop_progress(project_id)
        return False
    claimed = RepairClaim(project_id)
    try:
        repair_project(project_id, claimed.should_stop)
        forget_project_failure(project_id)
        return True
    except PlannerEnded:
        logger.info("A repair of project %s was stopped and will be begun again", project_id)
    except LeaseNotAcquired:
        logger.warning(
            "A repair of project %s waited too long for its learner and will be tried again",
            project_id,
        )
    except Exception as error:
        logger.warning("A repair of project %s failed and will be tried again", project_id)
        handle_feature_memory_error(error)
        note_failure(project_id, "repair", "", error)
        Learner.objects.filter(pk=project_id).update(consolidated_at=timezone.now())
    finally:
        Learner.objects.filter(pk=project_id).update(repairing_until=0)
    repair_turns.drop_progress(project_id)
    return False


def forget_project_failure(project_id: UUID) -> None:
    if FailedRecord.objects.filter(project_id=project_id, work="repair", subject="").exists():
        forget_failures(project_id, "repair", [""])


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
