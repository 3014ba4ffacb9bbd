"""Are decisions and the engine of optimizations of a project whole?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import zstandard
from django.db.models import Exists, OuterRef

from featurememory.models import Project
from integration.doctor.broken_invariant import RESTORE, BrokenInvariant
from optimizations.decision_log.log import decode_record
from optimizations.models import AppliedOptimization, Decision, Optimization, PolicyState
from optimizations.policy_runtime.policy_cache import load_policy
from optimizations.storage import decode_state

UNREADABLE = (
    msgspec.DecodeError,
    msgspec.ValidationError,
    zstandard.ZstdError,
    ValueError,
    KeyError,
)


def check_decisions(project: Project) -> Iterator[BrokenInvariant]:
    """Every decision can be read: replay and what-if depend on it."""
    rows = Decision.objects.filter(project=project).only("data")
    bad = sum(not is_readable(row) for row in rows.iterator(500))
    if bad:
        what = f"{bad:,} decisions cannot be read"
        yield BrokenInvariant("decisions", project.name, what, RESTORE)


def is_readable(row: Decision) -> bool:
    try:
        decode_record(row)
    except UNREADABLE:
        return False
    return True


def check_applied(project: Project) -> Iterator[BrokenInvariant]:
    """A further optimization of a decision has its decision."""
    own = Decision.objects.filter(project=project, id=OuterRef("decision_id"))
    lost = AppliedOptimization.objects.filter(project=project).exclude(Exists(own)).count()
    if lost:
        what = f"{lost:,} applied optimizations belong to no decision"
        yield BrokenInvariant("applied", project.name, what, RESTORE)


def check_policy(project: Project) -> Iterator[BrokenInvariant]:
    """The engine can be restored from what was saved."""
    for row in Optimization.objects.filter(project=project).exclude(state=b""):
        try:
            decode_state(row)
        except UNREADABLE:
            what = f"optimization {row.id} cannot be read"
            yield BrokenInvariant("policy", project.name, what, RESTORE)
            return
    if not PolicyState.objects.filter(pk=project.pk).exists():
        return
    try:
        load_policy(project.pk)
    except UNREADABLE as error:
        yield BrokenInvariant(
            "policy", project.name, f"the saved evidence cannot be read: {error}", RESTORE
        )
