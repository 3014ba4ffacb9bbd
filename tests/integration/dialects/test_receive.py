"""Spans become interactions: once, whole, and none for the fault of another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.dialects.otlp.span import MOST_SPANS, Received, SpanRefused
from integration.dialects.receive import Reception, receive_calls, receive_spans
from patterns.models import ModelInteraction
from tests.builders import project
from tests.integration.dialects.sent import CHAT, NOON_NS, content, span, told

pytestmark = pytest.mark.django_db
BARE = {name: value for name, value in CHAT.items() if "messages" not in name}
AGENT = {**CHAT, "gen_ai.operation.name": "invoke_agent"}


@pytest.fixture
def owner() -> Project:
    return project()


def received(owner: Project, spans: Iterable[Received]) -> tuple[int, int, int]:
    outcome = receive_spans(owner.pk, spans)
    return outcome.stored, outcome.duplicates, len(outcome.rejected)


def rows(owner: Project) -> list[ModelInteraction]:
    return list(ModelInteraction.objects.filter(project=owner).order_by("number"))


def test_spans_sent_again_are_not_doubled(owner: Project) -> None:
    spans = [span(CHAT, number=number) for number in range(3)]

    assert received(owner, spans) == (3, 0, 0)
    assert received(owner, spans) == (0, 3, 0)
    assert received(owner, [spans[0], spans[0], span(CHAT, number=9)]) == (1, 1, 0)
    assert len(rows(owner)) == 4


def test_usage_is_counted_at_the_leaves_only(owner: Project) -> None:
    tree = [span(AGENT), span(CHAT, number=1, parent=0), span(CHAT, number=2, parent=0)]
    received(owner, tree)

    assert sum(row.input_tokens or 0 for row in rows(owner)) == 80


def test_a_call_without_texts_takes_them_from_the_model_span_above(owner: Project) -> None:
    above = {**CHAT, "gen_ai.request.temperature": 0.3, "gen_ai.conversation.id": "s-1"}
    received(owner, [span(BARE, number=1, parent=0), span(above)])
    (row,) = rows(owner)

    assert row.id.endswith("14")
    assert row.session_id == "s-1"
    assert content(row)["output"] == "It ships tomorrow."
    assert content(row)["parameters"] == {"temperature": 0.3}


def test_texts_above_several_calls_belong_to_none_of_them(owner: Project) -> None:
    received(owner, [span(CHAT), span(BARE, number=1, parent=0), span(BARE, number=2, parent=0)])

    assert [content(row)["input"] for row in rows(owner)] == [None, None]


def test_two_tellings_of_one_call_in_different_traces_are_one(owner: Project) -> None:
    answer = {"gen_ai.response.id": "msg_1"}
    spans = [span({**BARE, **answer}), span({**CHAT, **answer}, number=1, trace_id="a" * 32)]
    later = span({**CHAT, **answer}, number=2, start_ns=NOON_NS + 10**10, end_ns=NOON_NS + 10**11)

    assert received(owner, [*spans, later]) == (2, 0, 0)
    assert content(rows(owner)[0])["output"] == "It ships tomorrow."


def test_a_stub_that_answers_all_with_one_id_costs_linear_time(owner: Project) -> None:
    spans = [
        span(
            {"gen_ai.request.model": "m", "gen_ai.response.id": "same"},
            number=number,
            start_ns=NOON_NS + number * 10**9,
            end_ns=NOON_NS + number * 10**9,
        )
        for number in range(2000)
    ]

    assert received(owner, spans) == (2000, 0, 0)


def test_litellms_spans_and_callback_count_a_call_once(owner: Project) -> None:
    received(owner, [span({**CHAT, "litellm.call_id": "c-1"}, name="litellm_request")])
    again = receive_calls(owner.pk, [{**told(CHAT), "id": "litellm-c-1"}])

    assert (again.stored, again.duplicates) == (0, 1)


BAD: dict[str, dict[str, Any]] = {
    "longer than an interaction may be": {**CHAT, "gen_ai.output.messages": "x" * (2 << 20)},
    "nested too deeply": {**CHAT, "gen_ai.input.messages": "[" * 500 + "]" * 500},
    "no UTF-8": {**CHAT, "gen_ai.request.model": "\ud800"},
}


@pytest.mark.parametrize("what", BAD)
def test_a_call_that_cannot_be_stored_is_refused_alone(owner: Project, what: str) -> None:
    spans = [span(CHAT), span(BAD[what], number=1), span(CHAT, number=2)]
    outcome = receive_spans(owner.pk, spans)

    assert outcome.stored == 2
    assert [place for place, _ in outcome.rejected] == [1]
    assert outcome.why().startswith("1: ")


def test_a_fault_of_ours_costs_one_span(owner: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from integration.dialects.spans import reading

    def broken(one: Any) -> Any:
        if one.span_id.endswith("14"):
            raise ZeroDivisionError
        return read(one)

    read = reading.read_span  # type: ignore[attr-defined]
    monkeypatch.setattr(reading, "read_span", broken)

    assert received(owner, [span(CHAT, number=number) for number in range(3)]) == (2, 0, 1)


def test_refused_spans_are_told_by_their_places(owner: Project) -> None:
    outcome = receive_spans(owner.pk, [SpanRefused(f"reason {n}") for n in range(9)] + [span(CHAT)])

    assert outcome.stored == 1
    assert outcome.why() == "; ".join([f"{n}: reason {n}" for n in range(5)]) + "; and 4 more"


def test_too_many_spans_are_refused_before_anything_is_stored(owner: Project) -> None:
    endless = (span(CHAT, number=number) for number in range(10**9))
    with pytest.raises(FeatureMemoryError) as refusal:
        receive_spans(owner.pk, endless)

    assert refusal.value.status == 413
    assert str(MOST_SPANS // 1000) in str(refusal.value)
    assert rows(owner) == []


def test_calls_that_cannot_be_stored_are_refused_alone(owner: Project) -> None:
    error = FeatureMemoryError("no call", ErrorCode.VALIDATION_FAILED)
    found: list[Any] = [
        told(CHAT),
        error,
        {**told(CHAT), "score": 5},
        {**told(CHAT), "id": "other"},
    ]
    outcome = receive_calls(owner.pk, found)

    assert (outcome.stored, [place for place, _ in outcome.rejected]) == (2, [1, 2])
    assert Reception().why() == ""


def test_the_texts_are_stored_as_values(owner: Project) -> None:
    received(owner, [span(CHAT)])
    kept = content(rows(owner)[0])

    assert kept["input"] == [{"role": "user", "content": "Where is my order 1001?"}]
    assert json.dumps(kept).count("1001") == 1
