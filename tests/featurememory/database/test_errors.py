"""Database errors as what they mean to the caller."""

from __future__ import annotations

import pytest
from django.db import DataError, InterfaceError, OperationalError

from featurememory.database.errors import translate_database_error
from featurememory.errors import ErrorCode


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database or disk is full", ErrorCode.STORAGE_FULL),
        ("disk I/O error", ErrorCode.STORAGE_FULL),
        ('could not extend file "base/1": No space left on device', ErrorCode.STORAGE_FULL),
        ("database is locked", ErrorCode.OVERLOADED),
        ("couldn't get a connection after 30 sec: pool timeout", ErrorCode.OVERLOADED),
        ("connection refused", ErrorCode.STORAGE_FAILED),
    ],
)
def test_trouble_with_the_storage_tells_the_caller_to_come_again(
    text: str, code: ErrorCode
) -> None:
    error = translate_database_error(OperationalError(text))

    assert error is not None
    assert error.code is code
    assert error.details["retry_after"] >= 1


def test_a_connection_that_was_lost_is_trouble_with_the_storage() -> None:
    lost = translate_database_error(InterfaceError("the connection is closed"))

    assert lost is not None
    assert lost.code is ErrorCode.STORAGE_FAILED
    assert translate_database_error(InterfaceError("Error binding parameter 1")) is None


def test_a_fault_of_ours_is_not_taken_for_trouble_with_the_storage() -> None:
    assert translate_database_error(DataError("value too long")) is None
