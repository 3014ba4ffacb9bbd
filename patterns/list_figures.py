"""Figures of patterns that lists are sorted by: columns of their rows, computed from the rollups."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from patterns.models import Pattern
from patterns.serializers import family_of, find_redirects
from patterns.statistics.series import Sums, read_totals, to_uuid_column

AT_ONCE = 400
UPDATE = (
    f"UPDATE {Pattern._meta.db_table} "
    "SET success_rate = %s, duration_p95 = %s, tokens_mean = %s WHERE id = %s"
)


def refresh_figures(project_id: UUID, names: Iterable[UUID | str]) -> None:
    """Write the all-time figures of these patterns to their rows, or to those that they were merged
    into. Call it in the transaction that changes their rollups."""
    wanted = sorted({name if isinstance(name, UUID) else UUID(name) for name in names})
    for start in range(0, len(wanted), AT_ONCE):
        refresh_part(project_id, wanted[start : start + AT_ONCE])


def refresh_part(project_id: UUID, names: Iterable[UUID]) -> None:
    moved = find_redirects(names)
    owners = family_of(sorted({moved.get(name, name) for name in names}))
    totals = read_totals(project_id, owners)
    with connection.cursor() as cursor:  # one statement for all: a batch changes up to 200 patterns
        cursor.executemany(
            UPDATE, [[*measure(totals[name]), to_uuid_column(name)] for name in sorted(totals)]
        )


def measure(sums: Sums) -> tuple[float | None, float | None, float | None]:
    return sums.success, sums.p95, sums.tokens


def refresh_all_figures(project_id: UUID) -> None:
    names = Pattern.objects.filter(project_id=project_id, redirect_to=None)
    refresh_figures(project_id, names.values_list("pk", flat=True).order_by())
