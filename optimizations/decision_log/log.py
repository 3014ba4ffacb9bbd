"""The log of decisions: written before the response is sent, read by outcomes, pages and replay."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import zstandard
from django.conf import settings
from django.db import connection, transaction

from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from optimizations.decision_log.journal import Journal, MemoryJournal, read_records
from optimizations.decision_log.redaction import redact_decision, redact_request, redact_sent
from optimizations.engine.domain.task import Request, TaskDecision
from optimizations.models import AppliedOptimization, Decision
from patterns.redaction.redact import redactor_of
from patterns.retention import project_use

# Bytes of decisions that wait in the journal before a caller has to move them: absorbing holds all of
# them in memory.
JOURNAL_MOST = 8 << 20
# A row of a decision with its entries in the indexes, without `data`.
ROW_BYTES = 350


class DecisionRecord(msgspec.Struct, array_like=True):
    """One logged decision: the request, the decision, and the task as it was sent."""

    project_id: bytes
    at: int
    request: Request
    decision: TaskDecision
    patterns: list[dict[str, Any]]
    sent: dict[str, Any]


class DecisionLog:
    """`write` returns once the decision survives the death of the process."""

    def __init__(self) -> None:
        # One interface; what `seal` gives goes back to `remove` as it is.
        self.journal: Any = (
            MemoryJournal()
            if settings.STORAGE == "memory"
            else Journal(settings.DATA_DIR / "decisions")
        )

    def write(self, entry: DecisionRecord) -> None:
        # In a test's transaction the journal would outlive the rollback.
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            insert_records([entry])
            return
        if self.journal.waiting_bytes > JOURNAL_MOST:
            catch_up()
        try:
            self.journal.append(msgspec.msgpack.encode(entry))
        except OSError as error:
            raise FeatureMemoryError(
                "The disk is full: the decision could not be logged. Run the task as it is.",
                ErrorCode.STORAGE_FULL,
                {"retry_after": 5},
            ) from error

    def absorb(self) -> None:
        """Moves what was appended into the database; call it in a transaction of the writer."""
        if connection.vendor != "sqlite":
            return
        paths = self.journal.seal()
        others, ends = self.journal.read_elsewhere()
        if not paths and not others:
            return
        decode = msgspec.msgpack.Decoder(DecisionRecord).decode
        own = [record for path in paths for record in read_records(path)]
        insert_records(leave_out_removed([decode(record) for record in (*own, *others)]))
        transaction.on_commit(lambda: self.journal.remove(paths))
        transaction.on_commit(lambda: self.journal.note_read(ends))


@cache
def decision_log() -> DecisionLog:
    return DecisionLog()


def make_record(
    project_id: UUID,
    request: Request,
    decision: TaskDecision,
    patterns: list[dict[str, Any]],
    sent: dict[str, Any],
) -> DecisionRecord:
    now = time.time_ns() // 1_000_000
    if redactor := redactor_of(project_id):
        request = redact_request(redactor, request)
        decision = redact_decision(redactor, decision)
        sent = redact_sent(redactor, sent)
    return DecisionRecord(project_id.bytes, now, request, decision, patterns, sent)


def leave_out_removed(entries: Sequence[DecisionRecord]) -> list[DecisionRecord]:
    """Those whose project is still there: one of another would keep all of them from being saved."""
    known = {project_id.bytes for project_id in Project.objects.values_list("pk", flat=True)}
    return [entry for entry in entries if entry.project_id in known]


def insert_records(entries: Sequence[DecisionRecord]) -> None:
    """Inserts rows of these decisions; existing ones stay as they are."""
    rows = [build_row(entry) for entry in entries]
    more = [
        AppliedOptimization(
            project_id=UUID(bytes=entry.project_id),
            optimization_id=one.id,
            decision_id=entry.decision.id,
            arm=one.arm,
        )
        for entry in entries
        for one in entry.decision.applied[1:]
    ]
    with transaction.atomic() if more else nullcontext():
        count_bytes(rows if len(rows) == 1 else find_new(rows))
        Decision.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        AppliedOptimization.objects.bulk_create(more, ignore_conflicts=True, batch_size=500)


def find_new(rows: Sequence[Decision]) -> list[Decision]:
    """Those that are not stored yet, each once: what another process was writing comes twice."""
    new = {(made.project_id, made.id): made for made in rows}
    for project_id in {made.project_id for made in rows}:
        ids = [made.id for made in rows if made.project_id == project_id]
        for name in find_decisions(project_id, ids):
            del new[project_id, name]
    return list(new.values())


def count_bytes(rows: Sequence[Decision]) -> None:
    """Count them towards the storage of their projects."""
    for row in rows:
        project_use.add_bytes(row.project_id, decisions=len(row.data) + ROW_BYTES)


def build_row(entry: DecisionRecord) -> Decision:
    decision = entry.decision
    first = decision.applied[0] if decision.applied else None
    return Decision(
        project_id=UUID(bytes=entry.project_id),
        id=decision.id,
        at=entry.at,
        pattern_id=UUID(decision.pattern_id) if decision.pattern_id else None,
        optimization_id=first.id if first else None,
        arm=first.arm if first else "",
        reason=decision.reason,
        propensity=decision.propensity,
        policy_version=decision.policy_version,
        data=zstandard.compress(msgspec.msgpack.encode(entry), 3),
    )


def decode_record(made: Decision) -> DecisionRecord:
    raw = zstandard.decompress(bytes(made.data))
    return msgspec.msgpack.decode(raw, type=DecisionRecord)


def catch_up() -> None:
    """Moves every decision made so far into the database."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with write_turn():
            decision_log().absorb()


def find_by_optimization(project_id: Any, optimization_id: str, limit: int) -> list[Decision]:
    """The newest decisions in which an optimization took part, each with the arm of that one."""
    rows = Decision.objects.filter(project_id=project_id).defer("data")
    first = list(rows.filter(optimization_id=optimization_id).order_by("-number")[:limit])
    others = AppliedOptimization.objects.filter(
        project_id=project_id, optimization_id=optimization_id
    ).order_by("-decision_id")  # time-ordered ids
    arms = dict(others.values_list("decision_id", "arm")[:limit])
    more = list(rows.filter(id__in=arms))
    for made in more:
        made.arm = arms[made.id]
    return sorted([*first, *more], key=lambda made: -made.number)[:limit]


def find_decisions(
    project_id: Any, ids: Iterable[str], *, whole: bool = False
) -> dict[str, Decision]:
    """The decisions of these ids, as far as they are in the database; `whole` with their data."""
    names = [name for name in ids if len(name) <= 36]
    found: dict[str, Decision] = {}
    for start in range(0, len(names), 500):
        rows = Decision.objects.filter(project_id=project_id, id__in=names[start : start + 500])
        found |= {made.id: made for made in (rows if whole else rows.defer("data"))}
    return found
