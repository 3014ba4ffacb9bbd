from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings, Prices
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.kinds.prefix_order import PrefixNotes, PrefixOrder, common_prefix

SETTINGS = PolicySettings()
RULES = "Answer in English, name the source, and be brief. " * 20


def counted(requests: int, first: str, then: str, cached: float = 0.0) -> PrefixNotes:
    notes = PrefixNotes()
    for n in range(requests):
        task = Task("m", None, parts=[first.format(n), then.format(n)])
        used = Outcome(f"i{n}", task, "m", 0.0, input_tokens=100.0, cached_input_tokens=cached)
        notes.note(used, False)
    return notes


def read(requests: int, text: str, cached: float = 0.0) -> PrefixNotes:
    notes = PrefixNotes()
    for n in range(requests):
        task = Task("m", {"messages": [{"role": "system", "content": text.format(n)}]})
        used = Outcome(f"i{n}", task, "m", 0.0, input_tokens=300.0, cached_input_tokens=cached)
        notes.note(used, False)
    return notes


def test_parts_that_recur_come_first_in_their_order() -> None:
    params = counted(300, "date {}", "rules").proposal(SETTINGS)
    assert params is not None
    task = Task("m", None, parts=["date 7", "rules", "question"])
    after = PrefixOrder().apply(Request("r", task, 0.0), task, params, {})
    assert after is not None
    assert after.parts == ["rules", "date 7", "question"]


def test_nothing_is_proposed_without_shared_parts_or_when_the_cache_hits() -> None:
    assert counted(300, "date {}", "text {}").proposal(SETTINGS) is None
    assert counted(300, "date {}", "rules", cached=80.0).proposal(SETTINGS) is None
    assert counted(100, "date {}", "rules").proposal(SETTINGS) is None


def test_nothing_is_proposed_when_the_parts_that_recur_are_first_already() -> None:
    assert counted(300, "rules", "date {}").proposal(SETTINGS) is None


def test_a_task_without_parts_is_left_alone() -> None:
    task = Task("m", "hi")
    assert PrefixOrder().apply(Request("r", task, 0.0), task, {"stable": []}, {}) is None


def test_a_slot_before_a_long_text_that_recurs_is_reported_with_its_cost() -> None:
    card = ModelCard("m", prices=Prices(input_per_1m=10.0, cached_input_per_1m=1.0))
    advice = read(300, "It is {} o'clock. " + RULES).advice(card, SETTINGS)
    assert advice is not None
    assert advice.code == "volatile_prefix"
    assert 250 < float(str(advice.figures["tokens_per_request"])) < 300
    assert 2.2 < float(str(advice.figures["cost_per_1000"])) < 2.7


def test_a_slot_at_the_end_or_a_cache_that_works_is_not_reported() -> None:
    assert read(300, RULES + "It is {} o'clock.").advice(None, SETTINGS) is None
    assert read(300, "It is {} o'clock. " + RULES, cached=200.0).advice(None, SETTINGS) is None
    assert read(150, "It is {} o'clock. " + RULES).advice(None, SETTINGS) is None


def test_the_same_start_is_counted_to_the_character() -> None:
    assert [
        common_prefix(a, b) for a, b in (("abc", "abd"), ("", "a"), ("ab", "ab"), ("x", "y"))
    ] == [
        2,
        0,
        2,
        0,
    ]
