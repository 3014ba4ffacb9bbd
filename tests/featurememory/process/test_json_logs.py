"""Log lines: one JSON object each, with the request they belong to."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from featurememory.process import json_logs


def line(**extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "x", "levelname": "ERROR", "msg": "Hello %s"} | extra)
    record.args = ("you",)
    json_logs.RequestId().filter(record)
    text = json_logs.JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_has_time_level_logger_and_message() -> None:
    found = line()

    assert (found["level"], found["logger"], found["message"]) == ("error", "x", "Hello you")
    assert found["time"].endswith("+00:00")
    assert "request_id" not in found


def test_code_and_details_and_the_request_stand_in_the_line() -> None:
    token = json_logs.request_id.set("r-1")
    try:
        found = line(code="NOT_FOUND", details={"id": object()})
    finally:
        json_logs.request_id.reset(token)

    assert (found["code"], found["request_id"]) == ("NOT_FOUND", "r-1")
    assert "object" in found["details"]["id"]


def test_a_traceback_stays_inside_the_line() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        assert "ValueError: odd" in line(exc_info=sys.exc_info())["traceback"]
