"""Wrong passwords are counted, told and bounded; few passwords are checked at once."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from featurememory.access import sign_in_limits
from featurememory.access.sign_in_limits import (
    ACCOUNT_LIMIT,
    ADDRESS_LIMIT,
    PAUSE,
    SignInRefused,
    note_failure,
    note_success,
    refuse_throttled,
    take_hash_turn,
)
from featurememory.models import LoginAttempt

pytestmark = pytest.mark.django_db


def fail(name: str, address: str, times: int) -> None:
    for _ in range(times):
        note_failure(name, address, known=True)


def test_an_account_is_refused_from_everywhere_after_its_limit() -> None:
    fail("lea", "10.0.0.1", ACCOUNT_LIMIT - 1)
    refuse_throttled("lea", "10.0.0.9")
    fail("lea", "10.0.0.2", 1)

    with pytest.raises(SignInRefused) as refused:
        refuse_throttled("lea", "10.0.0.9")
    assert 0 < refused.value.retry_after <= PAUSE.total_seconds()
    refuse_throttled("tom", "10.0.0.9")


def test_an_address_is_refused_for_every_account_after_its_limit() -> None:
    for number in range(ADDRESS_LIMIT):
        note_failure(f"user-{number}", "10.0.0.1", known=False)

    with pytest.raises(SignInRefused):
        refuse_throttled("lea", "10.0.0.1")
    refuse_throttled("lea", "10.0.0.2")


def test_a_sign_in_frees_the_account_but_not_the_address() -> None:
    fail("lea", "10.0.0.1", ADDRESS_LIMIT)
    note_success("lea", "10.0.0.1")

    refuse_throttled("lea", "10.0.0.2")
    with pytest.raises(SignInRefused):
        refuse_throttled("lea", "10.0.0.1")


def test_after_the_pause_it_counts_from_one() -> None:
    fail("lea", "10.0.0.1", ACCOUNT_LIMIT)
    LoginAttempt.objects.update(last_at=timezone.now() - PAUSE - timedelta(seconds=1))

    refuse_throttled("lea", "10.0.0.1")
    fail("lea", "10.0.0.1", 1)
    assert set(LoginAttempt.objects.values_list("failures", flat=True)) == {1}


def test_the_table_is_bounded_and_holds_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limits, "MOST_ROWS", 6)
    for number in range(12):
        note_failure("my password by mistake", f"10.0.0.{number}", known=False)

    assert LoginAttempt.objects.count() <= 6
    assert not LoginAttempt.objects.filter(subject__contains="mistake").exists()


def test_it_is_logged_without_names_that_nobody_has(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "featurememory.sign_in"):
        note_failure("a-password-typed-here", "10.0.0.1", known=False)

    (record,) = caplog.records
    assert record.getMessage() == "Sign-in failed: wrong password"
    assert record.__dict__["code"] == "login.failed"
    assert "a-password-typed-here" not in str(record.__dict__)


def test_a_crowd_is_refused_at_once_instead_of_hashing_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_in_limits, "PATIENCE_S", 0.01)
    with take_hash_turn(), take_hash_turn(), pytest.raises(SignInRefused), take_hash_turn():
        pass
    with take_hash_turn():
        pass
