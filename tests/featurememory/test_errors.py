"""The one error type, its stable codes, and what the log says of an error."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from featurememory.errors import (
    STATUS,
    ErrorCode,
    FeatureMemoryError,
    handle_feature_memory_error,
    invalid,
    not_found,
)


def test_an_error_has_a_message_a_code_and_details() -> None:
    error = FeatureMemoryError("No room.", ErrorCode.STORAGE_FULL, {"free": 0})

    assert (str(error), error.message) == ("No room.", "No room.")
    assert (error.code, error.details, error.status) == ("STORAGE_FULL", {"free": 0}, 507)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_is_its_own_name_and_has_a_status(code: ErrorCode) -> None:
    assert code.value == code.name
    assert 400 <= STATUS.get(code, 500) < 600


def test_a_known_error_is_logged_with_code_message_and_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = FeatureMemoryError("Gone wrong.", ErrorCode.MODEL_FAILED, {"model": "m"})
    with caplog.at_level(logging.INFO):
        assert handle_feature_memory_error(error) is error

    records: list[Any] = caplog.records
    (record,) = records
    assert (record.message, record.code, record.details) == (
        "Gone wrong.",
        "MODEL_FAILED",
        {"model": "m"},
    )
    assert record.levelname == "ERROR"
    assert record.exc_info is None


def test_a_refusal_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        handle_feature_memory_error(not_found("pattern"))

    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_an_unknown_error_becomes_unknown_error_with_its_traceback_in_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = handle_feature_memory_error(ZeroDivisionError("secret"))

    assert (known.code, known.status) == (ErrorCode.UNKNOWN_ERROR, 500)
    assert "secret" not in known.message
    records: list[Any] = caplog.records
    (record,) = records
    assert record.code == "UNKNOWN_ERROR"
    assert record.exc_info
    assert "secret" in str(record.exc_info[1])


def test_an_invalid_field_is_named_for_people_and_for_programs() -> None:
    error = invalid("must be positive", "/metadata/duration", "range")

    assert error.message == "metadata.duration: must be positive"
    assert error.details["errors"] == [
        {"pointer": "/metadata/duration", "code": "range", "message": "must be positive"}
    ]
