"""The audit log is a chain: what is changed, removed or cut off shows."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from featurememory.audit.chain import find_break, forget_entries, list_chains, seal_chain
from featurememory.audit.record import record
from featurememory.audit.retention import forget_old_entries
from featurememory.models import AuditChain, AuditEntry, Project

pytestmark = pytest.mark.django_db


def logged(owner: Project, count: int = 5) -> list[AuditEntry]:
    for number in range(count):
        record(owner.pk, "pattern.edited", f"p-{number}", before={"label": "é"}, after=[1e22, None])
        seal_chain(owner.pk)
    return list(AuditEntry.objects.filter(project=owner).order_by("number"))


def test_an_untouched_log_fits(owner: Project) -> None:
    logged(owner)

    assert find_break(owner.pk) == ""
    assert find_break(None) == ""


@pytest.mark.parametrize("column", ["actor", "address", "action", "object", "before", "reason"])
def test_a_changed_row_is_named(owner: Project, column: str) -> None:
    row = logged(owner)[2]
    AuditEntry.objects.filter(pk=row.pk).update(**{column: "forged"})

    assert f"entry {row.number} does not fit" in find_break(owner.pk)


def test_a_removed_row_shows(owner: Project) -> None:
    rows = logged(owner)
    rows[2].delete()

    assert f"entry {rows[3].number}" in find_break(owner.pk)


def test_a_row_with_a_hash_of_its_own_does_not_fit_the_next(owner: Project) -> None:
    rows = logged(owner)
    AuditEntry.objects.filter(pk=rows[2].pk).update(hash="0" * 64)

    assert f"entry {rows[2].number}" in find_break(owner.pk)


def test_an_end_that_was_cut_off_shows(owner: Project) -> None:
    logged(owner)[-1].delete()

    assert "its end is missing" in find_break(owner.pk)


def test_rows_of_one_moment_are_chained_in_order(owner: Project) -> None:
    for _ in range(3):
        record(owner.pk, "pattern.edited")

    assert seal_chain(owner.pk) == 3
    assert seal_chain(owner.pk) == 0
    assert find_break(owner.pk) == ""


def test_a_row_that_commits_late_is_chained_late(owner: Project) -> None:
    record(owner.pk, "pattern.edited", "first")
    late = AuditEntry.objects.get()
    AuditEntry.objects.filter(pk=late.pk).update(project=None)  # as if not yet there
    logged(owner, 2)
    AuditEntry.objects.filter(pk=late.pk).update(project=owner)

    assert seal_chain(owner.pk) == 1
    assert find_break(owner.pk) == ""


def test_what_is_too_old_goes_and_the_rest_still_fits(owner: Project) -> None:
    rows = logged(owner)
    old = timezone.now() - timedelta(days=9)
    for row in rows[:2]:
        AuditEntry.objects.filter(pk=row.pk).update(at=old)

    assert forget_entries(owner.pk, timezone.now() - timedelta(days=5)) == 2
    assert find_break(owner.pk) == ""
    assert AuditEntry.objects.filter(project=owner).count() == 3


def test_it_is_kept_for_ever_unless_the_project_says_otherwise(owner: Project) -> None:
    logged(owner)
    config = owner.config
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=500))

    assert forget_old_entries(owner.pk) == 0
    config.keep_days = 400
    config.save()
    assert forget_old_entries(owner.pk) == 5


def test_each_project_has_a_chain_and_the_server_too(owner: Project) -> None:
    logged(owner, 1)
    record(None, "login.ok", actor="ann")
    seal_chain(None)

    assert list_chains() == [None, owner.pk]
    assert AuditChain.objects.count() == 2


def test_verify_names_the_row_and_ends_with_1(owner: Project) -> None:
    rows, out = logged(owner), StringIO()
    call_command("audit", "verify", stdout=out)
    assert "shop: every entry fits" in out.getvalue()

    AuditEntry.objects.filter(pk=rows[1].pk).update(actor="somebody else")
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", stdout=out)
    assert ended.value.code == 1
    assert f"shop: entry {rows[1].number} does not fit" in out.getvalue()


def test_long_and_odd_values_are_kept_within_bounds(owner: Project) -> None:
    record(owner.pk, "x" * 99, "a\x00b" * 999, before="\x00" * 9999, reason="r" * 999)

    seal_chain(owner.pk)
    assert find_break(owner.pk) == ""
