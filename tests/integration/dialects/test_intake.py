"""The door to the store: what cannot be stored is said, not raised on."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.intake import make_arrival, make_told_arrival
from patterns.ingest.schema import COLUMNS
from tests.integration.dialects.sent import CHAT, told

pytestmark = pytest.mark.django_db


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


def test_an_interaction_is_ready_to_be_stored() -> None:
    made = make_arrival(told(CHAT))

    assert made.id == "5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13"
    assert made.columns[0] == "gpt-5-mini"


def test_what_a_way_in_told_becomes_the_same_without_being_read_again() -> None:
    failed = told({**CHAT, "error.type": "429"}, status=2)
    for call in (told(CHAT), failed, {**told(CHAT), "score": 0.5, "id": None}):
        one, other = make_arrival(call), make_told_arrival(call)
        at = COLUMNS.index("received_at")

        assert one.payload == other.payload
        assert one.columns[:at] + one.columns[at + 1 :] == (
            other.columns[:at] + other.columns[at + 1 :]
        )
        assert one.id == other.id or call["id"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"model_id": ""},
        {"input": 10**400},
        {"input": "x" * 2_000_000},
        {"tags": {"deep": nested(300)}},
        {"score": 7},
        {"metadata": {"timestamp": "never", "duration": 1}},
    ],
)
def test_what_cannot_be_stored_is_refused_either_way(change: dict[str, Any]) -> None:
    for make in (make_arrival, make_told_arrival):
        with pytest.raises(FeatureMemoryError):
            make({**told(CHAT), **change})


def test_a_duration_nobody_measured_is_unknown() -> None:
    call = told(CHAT)
    made = make_arrival({**call, "metadata": {**call["metadata"], "duration": None}})

    assert dict(zip(COLUMNS, made.columns, strict=True))["duration"] is None


@pytest.mark.parametrize("change", [{"metadata": None}, {"metadata": {}}, {"metadata": 5}])
def test_an_interaction_without_its_times_is_refused_and_not_completed(change: Any) -> None:
    with pytest.raises(FeatureMemoryError, match="metadata"):
        make_arrival({**told(CHAT), **change})


DEEP: Any = "x"
for _ in range(3000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value", ["\ud800", DEEP, "x" * (2 << 20)], ids=["surrogate", "deep", "long"]
)
def test_what_cannot_be_written_is_refused(value: Any) -> None:
    with pytest.raises(FeatureMemoryError) as refusal:
        make_arrival({**told(CHAT), "input": value})

    assert refusal.value.status in (400, 413)


def test_many_brackets_and_long_numbers_are_no_reason_to_refuse() -> None:
    """Only brackets within each other are too deep, only numbers are too large."""
    call = {**told(CHAT), "input": [{"a": []} for _ in range(500)], "output": "9" * 400}

    assert make_told_arrival(call).payload == make_arrival(call).payload
