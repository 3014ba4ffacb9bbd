"""Codes of an authenticator app: each once, about now, and a few spare ones."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import pytest

from featurememory.access import second_factor
from featurememory.access.sign_in_limits import ACCOUNT_LIMIT, SignInRefused
from featurememory.models import AuditEntry, RecoveryCode, SecondFactor
from tests.web import enroll, person

pytestmark = pytest.mark.django_db


def code_at(secret: str, seconds: int) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + seconds)


@pytest.fixture
def lea() -> Any:
    return person("lea")


def test_it_is_off_until_a_first_code_confirms_it(lea: Any) -> None:
    second_factor.begin_enrolment(lea)
    secret = second_factor.find_waiting_secret(lea) or ""
    assert second_factor.confirm_enrolment(lea, "000000") is None
    assert not second_factor.is_enabled(lea)

    codes = second_factor.confirm_enrolment(lea, code_at(secret, 0))

    assert second_factor.is_enabled(lea)
    assert len(set(codes or ())) == 10
    assert second_factor.find_waiting_secret(lea) is None


def test_beginning_again_does_not_replace_one_in_use(lea: Any) -> None:
    secret, _ = enroll(lea)

    second_factor.begin_enrolment(lea)

    assert second_factor.is_enabled(lea)
    assert second_factor.accept_code(lea, code_at(secret, 30)) == "code"


def test_a_code_works_once_and_none_before_it(lea: Any) -> None:
    secret, _ = enroll(lea)
    SecondFactor.objects.update(last_step=0)
    now = code_at(secret, 0)

    assert second_factor.accept_code(lea, f" {now[:3]} {now[3:]} ") == "code"
    assert second_factor.accept_code(lea, now) == ""
    assert second_factor.accept_code(lea, code_at(secret, -30)) == ""


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00", "\ud800", "9" * 999]
)
def test_nonsense_is_no_code(lea: Any, text: str) -> None:
    enroll(lea)

    assert second_factor.accept_code(lea, text) == ""


def test_a_code_of_another_time_or_person_is_wrong(lea: Any) -> None:
    secret, _ = enroll(lea)
    other, _ = enroll(person("tom"))
    SecondFactor.objects.update(last_step=0)

    assert second_factor.accept_code(lea, code_at(secret, 300)) == ""
    assert second_factor.accept_code(lea, code_at(other, 0)) == ""


def test_a_recovery_code_works_once_however_it_is_typed(lea: Any) -> None:
    _, codes = enroll(lea)

    assert second_factor.accept_code(lea, codes[0].upper().replace("-", " ")) == "recovery code"
    assert second_factor.accept_code(lea, codes[0]) == ""
    assert second_factor.accept_code(person("tom"), codes[1]) == ""
    assert RecoveryCode.objects.count() == 9


def test_new_recovery_codes_end_the_old_ones(lea: Any) -> None:
    _, codes = enroll(lea)
    fresh = second_factor.renew_recovery_codes(lea)

    assert second_factor.accept_code(lea, codes[0]) == ""
    assert second_factor.accept_code(lea, fresh[0]) == "recovery code"


def test_wrong_codes_count_like_wrong_passwords(lea: Any) -> None:
    _, codes = enroll(lea)
    for _ in range(ACCOUNT_LIMIT):
        assert second_factor.verify(lea, "000000", "10.0.0.1") == ""

    with pytest.raises(SignInRefused):
        second_factor.verify(lea, codes[0], "10.0.0.2")
    told = AuditEntry.objects.filter(action="login.failed")
    assert {one.reason for one in told} == {"wrong code"}


def test_the_database_alone_tells_no_secret_and_another_key_opens_none(
    lea: Any, settings: Any
) -> None:
    secret, codes = enroll(lea)
    assert secret not in SecondFactor.objects.get().secret
    settings.SECRET_KEY = "another"

    assert second_factor.accept_code(lea, code_at(secret, 30)) == ""
    assert second_factor.accept_code(lea, codes[0]) == "recovery code"
