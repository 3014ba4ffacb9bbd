"""Tools that have nothing in common tell agents apart; naming none says nothing."""

from __future__ import annotations

from typing import Any

from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from tests.patterns.engine.streams import observation

SYSTEM = "You are a helpful assistant. Call a tool when one fits, ask when something is missing."


def asked(number: int, *tools: str) -> Observation:
    body: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"Please look after item {number} for me"},
        ]
    }
    if tools:
        body["tools"] = [{"type": "function", "function": {"name": tool}} for tool in tools]
    return observation(body, number)


def test_agents_with_other_tools_are_other_patterns_before_and_after_a_repair() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(12):
        recognizer.learn_one(asked(2 * number, "find_flight", "book_flight"))
        recognizer.learn_one(asked(2 * number + 1, "light_on", "light_off"))
    assert len(recognizer) == 2

    recognizer.consolidate()
    assert len(recognizer) == 2


def test_a_request_that_names_no_tools_belongs_to_the_agent_there_is() -> None:
    recognizer = DefaultPatternRecognizer()
    first = recognizer.learn_one(asked(1, "find_flight"))

    assert recognizer.learn_one(asked(2)).pattern_id == first.pattern_id
    assert recognizer.match_one(asked(3, "find_flight", "book_flight")) is not None


def test_two_sets_that_share_a_tool_are_two_agents_after_a_repair_and_on_arrival() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(20):
        recognizer.learn_one(asked(2 * number, "look_up", "book_visit"))
        recognizer.learn_one(asked(2 * number + 1, "look_up", "order_part"))
    recognizer.consolidate()
    assert len(recognizer) == 2

    visit = recognizer.learn_one(asked(100, "look_up", "book_visit"))
    part = recognizer.learn_one(asked(101, "look_up", "order_part"))
    known = recognizer.match_one(asked(102, "book_visit", "look_up"))
    assert visit.pattern_id != part.pattern_id
    assert known is not None
    assert known.pattern_id == visit.pattern_id


def test_tools_chosen_anew_for_each_request_are_one_agent() -> None:
    recognizer = DefaultPatternRecognizer()
    tools = ["look_up", "book_visit", "order_part", "pay"]
    for number in range(40):
        recognizer.learn_one(asked(number, "help", tools[number % 4], tools[(number // 4) % 4]))
    recognizer.consolidate()

    assert len(recognizer) == 1


def test_an_agent_that_has_one_tool_more_at_times_is_one_agent() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(20):
        recognizer.learn_one(asked(2 * number, "look_up", "book_visit"))
        recognizer.learn_one(asked(2 * number + 1, "look_up"))
    recognizer.consolidate()

    assert len(recognizer) == 1
