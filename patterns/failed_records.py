"""What could not be handled is set aside with its reason, counted, shown, and tried again by a job.

Whoever works through many records or projects notes the one that failed here and goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError
from django.db.models import CharField, Count, F, Value
from django.utils import timezone

from featurememory.database.stored_text import remove_nul
from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.models import FailedRecord, ModelInteraction

logger = logging.getLogger("featurememory.failures")

MOST = 1000  # kept per project; the oldest go first
# Errors of the database or the machine, not of a record: the work stays as it was and is repeated.
MACHINE = (OperationalError, InterfaceError, OSError)
PASSING = (*MACHINE, MemoryError)


def note_failure(
    project_id: UUID, work: str, subject: str, error: Exception | str, number: int | None = None
) -> None:
    """Note that `work` failed for this subject ("": the project). Never raises."""
    code, reason = describe_error(error)
    found = {"code": code, "reason": reason, "number": number, "at": timezone.now()}
    key = {"project_id": project_id, "work": work, "subject": clean_subject(subject)}
    try:
        with write_turn():
            rows = FailedRecord.objects.filter(**key)
            if not rows.update(**found, attempts=F("attempts") + 1):
                FailedRecord.objects.create(**key, **found)
                drop_oldest(project_id)
    except Error as refused:
        logger.warning("A failure could not be noted (%s): %s", refused, reason)


def drop_oldest(project_id: UUID) -> None:
    rows = FailedRecord.objects.filter(project_id=project_id).order_by("-at", "-pk")
    beyond = list(rows.values_list("pk", flat=True)[MOST : MOST + 500])
    if beyond:
        FailedRecord.objects.filter(pk__in=beyond).delete()


def describe_error(error: Exception | str) -> tuple[str, str]:
    """Stable code and a reason in one line."""
    if isinstance(error, str):
        return ErrorCode.UNKNOWN_ERROR.value, clean_text(error)[:500]
    if isinstance(error, FeatureMemoryError):
        return error.code.value, clean_text(error.message)[:500]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ErrorCode.UNKNOWN_ERROR.value, clean_text(text)[:500]


def clean_text(text: str) -> str:
    """One line that every database stores."""
    return " ".join(clean_subject(text, 4000).split())


def clean_subject(text: str, most: int = 200) -> str:
    """The text as it is stored: cut, without NUL and lone surrogates."""
    return remove_nul(text[:most])


def forget_failures(project_id: UUID, work: str, subjects: Iterable[str] | None = None) -> int:
    """Drop what was noted about these subjects, or all of this work; how many."""
    rows = FailedRecord.objects.filter(project_id=project_id, work=work)
    if subjects is not None:
        rows = rows.filter(subject__in=[clean_subject(one) for one in subjects])
    return int(rows.delete()[0])


def forget_recovered(project_id: UUID) -> int:
    """Drop what was noted about interactions that have been recognised or deleted since; how many."""
    rows = FailedRecord.objects.filter(project_id=project_id, work="learning", number__isnull=False)
    noted = list(rows.values_list("number", flat=True))
    still = set(failed_interactions(project_id).filter(pk__in=noted).values_list("pk", flat=True))
    return int(rows.filter(number__in=[pk for pk in noted if pk not in still]).delete()[0])


def failed_interactions(project_id: UUID) -> Any:
    """Interactions set aside. A literal 2, because SQLite uses a partial index only for literals."""
    rows = ModelInteraction.objects.filter(project_id=project_id)
    return rows.extra(where=["state = 2"])


def list_failures(project_id: UUID, most: int) -> Sequence[FailedRecord]:
    """The newest failures."""
    return list(FailedRecord.objects.filter(project_id=project_id).order_by("-at", "-pk")[:most])


def find_failure(project_id: UUID, row: ModelInteraction) -> FailedRecord | None:
    """Why this interaction was set aside; None when it was not, or when that is no longer known."""
    if row.state != ModelInteraction.InteractionState.FAILED:
        return None
    rows = FailedRecord.objects.filter(project_id=project_id, work="learning", number=row.number)
    return rows.first()


def count_failures() -> dict[tuple[UUID, str], int]:
    """How many records are set aside now, by project and work; interactions by their own state."""
    others = FailedRecord.objects.exclude(work="learning", number__isnull=False).order_by()
    rows = ModelInteraction.objects.order_by().extra(where=["state = 2"])
    learning = Value("learning", output_field=CharField())
    counted = others.values_list("project_id", "work").annotate(n=Count("pk"))
    failed = rows.values_list("project_id", learning).annotate(n=Count("pk"))
    found: dict[tuple[UUID, str], int] = {}
    for project_id, work, count in counted.union(failed, all=True):
        found[project_id, work] = found.get((project_id, work), 0) + count
    return found
