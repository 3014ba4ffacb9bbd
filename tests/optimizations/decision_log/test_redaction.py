"""Whatever of a decision can hold a text of the caller is hidden in the log, and goes with old texts."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from optimizations.decision_log.log import DecisionRecord
from optimizations.decision_log.old_texts import strip_record
from optimizations.decision_log.redaction import redact_decision, redact_request, redact_sent
from optimizations.engine.domain.task import Request, ShadowWish, Task, TaskDecision
from patterns.redaction.content_free import make_content_free
from patterns.redaction.redact import Hiding, make_redactor

PROJECT = UUID(int=3)
CANARY = "KD-canary"
TEXT = f"about {CANARY} " * 10
OWN = make_redactor(PROJECT, False, (("customer", CANARY),))


def task() -> Task:
    return Task("m", {"a": [TEXT]}, "t", {"system": TEXT, "n": 1}, TEXT, [{"text": TEXT}])


def decision() -> TaskDecision:
    wish = ShadowWish("s", "route_model", "m", "m2", "m2", {"system": TEXT, "n": 1}, 0.1)
    return TaskDecision(
        "d", task(), cached_output={"a": TEXT}, parameters_before={"system": TEXT}, shadows=(wish,)
    )


def told_of(record: DecisionRecord) -> bytes:
    return msgspec.json.encode(record)


def record_of(redactor: Hiding) -> DecisionRecord:
    request = redact_request(redactor, Request("d", task(), 1.0, unit=TEXT))
    sent = redact_sent(
        redactor, {"input": TEXT, "session_id": TEXT, "more": [TEXT], "model_id": "m"}
    )
    return DecisionRecord(b"", 1, request, redact_decision(redactor, decision()), [], sent)


@pytest.mark.parametrize("redactor", [OWN, make_content_free(PROJECT, OWN)])
def test_no_text_is_in_the_log(redactor: Hiding) -> None:
    assert CANARY.encode() not in told_of(record_of(redactor))


def test_no_text_is_left_when_texts_are_kept_no_longer() -> None:
    plain = DecisionRecord(b"", 1, Request("d", task(), 1.0), decision(), [], {"input": TEXT})
    stripped = told_of(strip_record(plain)).replace(msgspec.json.encode(TEXT), b"", 2)

    assert CANARY.encode() not in stripped  # but for the session, twice
    assert b'"n":1' in stripped
