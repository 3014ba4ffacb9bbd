"""What the recogniser promises, whatever it is fed."""

from __future__ import annotations

import json
import random
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patterns.engine.domain.observation import Observation
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.settings import RecognizerSettings
from tests.patterns.engine.streams import TEMPLATES, observation, prompts

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def trained(count: int = 60, **limits: Any) -> DefaultPatternRecognizer:
    recognizer = DefaultPatternRecognizer(RecognizerSettings(**limits))
    for one in prompts(count):
        recognizer.learn_one(one)
    return recognizer


def template_numbers(recognizer: DefaultPatternRecognizer, stream: list[Observation]) -> list[str]:
    matches = [recognizer.match_one(one) for one in stream]
    return [match.pattern_id if match else "" for match in matches]


def test_prompts_of_three_templates_end_in_three_patterns() -> None:
    recognizer = trained()
    recognizer.consolidate()
    found = template_numbers(recognizer, prompts(60, seed=5))
    assert len(set(found)) == 3
    assert all(found[n] == found[n % 3] for n in range(60))


def test_the_template_reads_like_the_prompt_it_came_from() -> None:
    recognizer = trained()
    recognizer.consolidate()
    match = recognizer.match_one(prompts(1, seed=9)[0])
    assert match is not None
    text = recognizer.get(match.pattern_id).template_text
    assert text.startswith("Summarize the following article")
    assert "Article: <article>" in text


def test_the_partition_does_not_depend_on_the_order_of_arrival() -> None:
    stream = prompts(60)
    outcomes = []
    for seed in (1, 2):
        recognizer = DefaultPatternRecognizer()
        for one in random.Random(seed).sample(stream, len(stream)):
            recognizer.learn_one(one)
        recognizer.consolidate()
        found = template_numbers(recognizer, stream)
        outcomes.append([found.index(pattern) for pattern in found])
    assert outcomes[0] == outcomes[1]


def test_the_same_stream_gives_the_same_patterns() -> None:
    first, second = trained(), trained()
    first.consolidate()
    second.consolidate()
    assert [s.to_bytes() for s in first] == [s.to_bytes() for s in second]


@FEW
@given(value=ANY_JSON)
def test_matching_changes_nothing(value: Any) -> None:
    recognizer = trained(9)
    recognizer.take_changes()
    before = recognizer.snapshot(), [s.to_bytes() for s in recognizer]
    recognizer.match_one(observation(value))
    assert (recognizer.snapshot(), [s.to_bytes() for s in recognizer]) == before
    assert recognizer.take_changes().changed == ()


@FEW
@given(values=st.lists(ANY_JSON, max_size=6))
def test_no_input_crashes_it_and_each_gets_a_pattern(values: list[Any]) -> None:
    recognizer = DefaultPatternRecognizer()
    for number, value in enumerate(values):
        match = recognizer.learn_one(observation(value, number))
        assert match.pattern_id in recognizer
        assert recognizer.match_one(observation(value, number)) is not None
    recognizer.consolidate()


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "\x00\x01\x02",
        "\ud800 alone",
        "word " * 400_000,
        "a" * 1_000_000,
        "`" * 20_000,
        deep(900),
        [[[[[[]]]]]],
        {"": ""},
        {"messages": [{"role": "user", "content": None}, {"role": None}]},
        {"function": {"name": "f", "arguments": "{not json"}},
        '{"broken": ',
        [1e308, -1e308],
    ],
    ids=range(13),
)
def test_odd_inputs_are_learned_and_matched(value: Any) -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(5):
        recognizer.learn_one(observation(value, number))
    recognizer.consolidate()
    match = recognizer.match_one(observation(value, 9))
    assert match is not None
    assert recognizer.get(match.pattern_id).use_count == 5


@FEW
@given(
    data=st.dictionaries(st.text(min_size=1), LEAVES, min_size=2, max_size=6), seed=st.integers()
)
def test_the_order_of_keys_does_not_matter(data: dict[str, Any], seed: int) -> None:
    recognizer = DefaultPatternRecognizer()
    first = recognizer.learn_one(observation(data))
    keys = random.Random(seed).sample(list(data), len(data))
    again = recognizer.match_one(observation({key: data[key] for key in keys}))
    assert again is not None
    assert again.pattern_id == first.pattern_id


def test_spaces_and_unicode_normal_forms_do_not_matter() -> None:
    text = "Résumé: gather the main points of this café review, then list them"
    recognizer = DefaultPatternRecognizer()
    first = recognizer.learn_one(observation(text))
    for variant in (unicodedata.normalize("NFD", text), f"  {text.replace(' ', '   ')}\n"):
        match = recognizer.match_one(observation(variant))
        assert match is not None
        assert match.pattern_id == first.pattern_id


def test_a_restored_copy_goes_on_exactly_alike() -> None:
    recognizer = trained(40)
    recognizer.consolidate()
    states = [PatternState.from_bytes(state.to_bytes()) for state in recognizer]
    copy = DefaultPatternRecognizer.restore(states, recognizer.snapshot(), recognizer.settings)
    for one in prompts(30, seed=3):
        assert copy.learn_one(one) == recognizer.learn_one(one)
    assert copy.consolidate() == recognizer.consolidate()
    assert sorted(s.to_bytes() for s in copy) == sorted(s.to_bytes() for s in recognizer)


@FEW
@given(seed=st.integers(), limit=st.integers(2, 9))
def test_the_limit_on_patterns_holds_at_every_moment(seed: int, limit: int) -> None:
    rng = random.Random(seed)
    recognizer = DefaultPatternRecognizer(RecognizerSettings(max_patterns=limit))
    for number in range(40):
        key = f"key_{chr(97 + rng.randrange(26))}"
        recognizer.learn_one(observation({key: 1}, number))
        assert len(recognizer) <= limit


def test_the_byte_budget_holds_and_each_eviction_has_a_receipt() -> None:
    recognizer = DefaultPatternRecognizer(RecognizerSettings(max_bytes=6000))
    founded = {recognizer.learn_one(one).pattern_id for one in shapes(40)}
    assert sum(state.size_bytes for state in recognizer) <= 6000
    evicted = recognizer.take_changes().evicted
    assert {receipt.reason for receipt in evicted} == {"max_bytes"}
    assert founded == {receipt.id for receipt in evicted} | {state.id for state in recognizer}


def shapes(count: int) -> list[Observation]:
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count)]
    return [observation({f"{name}_left": 1, f"{name}_right": 2}, n) for n, name in enumerate(names)]


def test_a_flood_of_one_offs_leaves_pinned_and_proven_patterns() -> None:
    recognizer = DefaultPatternRecognizer(RecognizerSettings(max_patterns=20))
    pinned = recognizer.learn_one(observation({"keep": 1})).pattern_id
    recognizer.get(pinned).pinned = True
    for number in range(3):
        proven = recognizer.learn_one(observation({"often": number}, number)).pattern_id
    for one in shapes(200):
        recognizer.learn_one(one)
    assert pinned in recognizer
    assert proven in recognizer


def test_a_verdict_moves_the_confidence() -> None:
    recognizer = trained(9)
    state = next(iter(recognizer))
    before = state.confidence
    assert recognizer.update_pattern_confidence(state.id, False).confidence < before


def test_the_stored_copy_of_a_pattern_is_at_most_four_kilobytes() -> None:
    recognizer = trained(90)
    recognizer.consolidate()
    assert max(state.size_bytes for state in recognizer) <= 4096


def test_an_interrupted_repair_says_so_and_the_next_one_finishes() -> None:
    recognizer = trained(30)
    assert not recognizer.consolidate(should_stop=lambda: True).complete
    assert recognizer.consolidate().complete


def test_ids_survive_a_repair_or_lead_to_their_successor() -> None:
    recognizer = trained(60)
    before = {state.id for state in recognizer}
    done = recognizer.consolidate()
    assert all(i in recognizer or done.redirects[i] in recognizer for i in before)


def test_the_answer_says_what_filled_the_slots() -> None:
    recognizer = DefaultPatternRecognizer()
    recognizer.learn_one(observation({"city": "Oslo", "days": 3}))
    match = recognizer.match_one(observation({"city": "Rome", "days": 5}))
    assert match is not None
    assert match.why["slots"] == {"city": "Rome", "days": 5}
    json.dumps(match.why)


def test_chats_with_other_instructions_are_other_patterns() -> None:
    recognizer = DefaultPatternRecognizer()
    stream = [chat(TEMPLATES[n % 2].replace("{}", ""), f"case {n}", n) for n in range(24)]
    for one in stream:
        recognizer.learn_one(one)
    recognizer.consolidate()
    found = template_numbers(recognizer, stream)
    assert len(set(found)) == 2


def chat(system: str, user: str, number: int) -> Observation:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return observation(messages, number)


def test_the_bytes_of_all_patterns_are_kept_count_of_through_a_repair() -> None:
    recognizer = trained(60)
    recognizer.consolidate()
    assert recognizer.memory.patterns.bytes == sum(recognizer.memory.patterns.sizes.values())
    assert recognizer.memory.patterns.sizes.keys() == {state.id for state in recognizer}


def test_a_repair_keeps_the_limit_on_patterns() -> None:
    recognizer = trained(60, max_patterns=2)
    recognizer.consolidate()
    assert len(recognizer) <= 2


def test_the_second_similar_text_shows_the_slot_and_three_texts_prove_nothing() -> None:
    recognizer = DefaultPatternRecognizer()
    for number, order in enumerate(["AB-104482", "CD-204", "EF-77120"]):
        match = recognizer.learn_one(observation(f"Where is my order {order}?", number))
        state = recognizer.get(match.pattern_id)
        if number:
            assert state.template_text == "Where is my order <order_id>?"
    assert (state.use_count, state.status) == (3, "candidate")


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    "text",
    [
        "Where is my order {}?",
        "ERROR connection to 10.0.0.{} refused",
        "You are a help desk.\n\nDraft a clause about {} for Ann",
    ],
)
def test_a_repair_takes_nothing_apart_of_which_it_knows_nothing_better(
    text: str, count: int
) -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(count):
        recognizer.learn_one(observation(text.format(1000 + 37 * number), number))
    before = [state.id for state in recognizer]

    recognizer.consolidate()

    assert [state.id for state in recognizer] == before
