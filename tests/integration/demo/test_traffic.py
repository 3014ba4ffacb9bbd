"""The traffic of the demo: the same for the same seed, in its sixty days, in several languages."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from integration.demo import story
from integration.demo.answers import serve_request
from integration.demo.served_models import MODELS, SMALL_TASKS, find_model
from integration.demo.texts.grammar import TextWriter
from integration.demo.texts.request_kind import RequestKind
from integration.demo.traffic import DAY_MS, DAYS, KINDS, DemoRequest, generate_requests
from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.ingest.schema import parse_interaction

NOW = 1_795_348_800_000


def test_the_same_seed_makes_the_same_requests_within_the_sixty_days() -> None:
    first, second = (list(generate_requests(7, NOW, 50)) for _ in range(2))
    assert first == second

    moments = [request.timestamp for request in first]
    assert moments == sorted(moments)
    assert NOW - DAYS * DAY_MS <= moments[0] <= moments[-1] <= NOW


def test_weekends_are_quieter() -> None:
    found = generate_requests(7, NOW, 2000)
    days = Counter(datetime.fromtimestamp(r.timestamp / 1000, UTC).weekday() >= 5 for r in found)

    assert days[True] < 0.24 * sum(days.values())


def test_no_slot_is_left_unfilled() -> None:
    for request in generate_requests(7, NOW, 600):
        line = serve_request(request, request.kind.model, dict(request.kind.parameters))
        assert not re.search(rb"<[a-z_0-9]+>", line), line
        parse_interaction(line)


def test_answers_that_look_like_json_are_json() -> None:
    for request in generate_requests(7, NOW, 600):
        if request.kind.answer.startswith("{"):
            line = serve_request(request, request.kind.model, {})
            assert msgspec.json.decode(msgspec.json.decode(line)["output"]["content"])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.task_type)
def test_every_kind_is_served_by_a_model_that_may_serve_it(kind: RequestKind) -> None:
    for name in (kind.model, *kind.edges):
        assert kind.task_type in find_model(name).task_types
    assert kind.worse_model in ("", *kind.edges)


def test_prices_are_those_of_the_shipped_list() -> None:
    assert find_model("claude-opus-4-5").price(1_000_000, 0) == 5.0
    assert find_model("gpt-5-mini").price(0, 1_000_000) == 2.0
    assert all(model.price(1000, 1000) > 0 for model in MODELS)
    assert {kind.task_type for kind in KINDS if kind.model == "gpt-5-mini"} <= set(SMALL_TASKS)


def make_request(kind: RequestKind, day: float, number: int) -> DemoRequest:
    return DemoRequest(number, NOW, day, kind, f"text {number}", {})


def count_successes(kind: RequestKind, model_id: str, day: float) -> int:
    lines = (serve_request(make_request(kind, day, n), model_id, {}) for n in range(200))
    return sum(bool(msgspec.json.decode(line)["success"]) for line in lines)


def test_a_model_gets_worse_on_its_day_and_the_others_do_not() -> None:
    kind = RequestKind(
        "t", "x", "y", 100, 10, 0.98, 1.0, worse_from=40, worse_model="gpt-5", worse_success=0.3
    )

    assert count_successes(kind, "gpt-5", 39) > 180 > 100 > count_successes(kind, "gpt-5", 41)
    assert count_successes(kind, "gpt-5-mini", 41) > 180


def test_the_answer_names_what_was_asked_for() -> None:
    values: Any = {"order": ["A", "B", "C"], "city": ["in <order>"]}
    writer = TextWriter(random.Random(1), values)
    asked = writer.write("<order>, <order>, <order_2>, <city>")

    first, again, second, nested = asked.split(", ")
    assert first == again
    assert second in values["order"]
    assert nested == f"in {first}"
    assert writer.write_value({"a": ["<order>", 1]}) == {"a": [first, 1]}


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize(
    ("task_type", "patterns"), [("clause.draft", 1), ("regulator.answer", 1), ("sql.generate", 2)]
)
def test_few_or_similar_texts_are_the_same_patterns_after_every_look_back(
    task_type: str, patterns: int, weekday: int
) -> None:
    recognizer, before = DefaultPatternRecognizer(), 0.0
    for request in generate_requests(story.SEED, NOW + weekday * DAY_MS):
        if any(before < moment <= request.day for moment in story.CONSOLIDATED):
            recognizer.consolidate()
            assert len(recognizer) in (0, patterns)
        before = request.day
        if request.kind.task_type == task_type:
            seen = request.timestamp / 1000
            recognizer.learn_one(
                Observation(str(request.number), request.input, seen, task_type=task_type)
            )
    recognizer.consolidate()

    assert len(recognizer) == patterns
    new = [state.status for state in recognizer if state.use_count < 4]
    assert new == ["candidate"] * (patterns == 1)
