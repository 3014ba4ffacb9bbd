import msgspec

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion
from tests.patterns.engine.streams import observation, prompts


def test_what_a_repair_saw_in_a_pattern_outlives_a_restart() -> None:
    recognizer = DefaultPatternRecognizer()
    for one in prompts(120):
        recognizer.learn_one(one)
    recognizer.consolidate()
    copy = DefaultPatternRecognizer.restore(list(recognizer), recognizer.snapshot())
    again = prompts(6, seed=5)
    assert max(state.cohesion.seen for state in recognizer) > 20
    assert [copy.match_one(one).why for one in again] == [
        recognizer.match_one(one).why for one in again
    ]


def test_a_pattern_of_an_earlier_version_was_not_looked_at() -> None:
    earlier = msgspec.msgpack.encode({"id": "p", "partition": "|text", "kind": "text"})
    assert PatternState.from_bytes(earlier).cohesion == UNSEEN


def test_a_small_share_of_good_uses_leaves_the_mean_quality_a_share() -> None:
    state = PatternState(id="p", partition="|text", kind="text", quality_sum=100.0)
    state.quality_count = 100
    for number in range(40):
        small = PatternState(id=f"s{number}", partition="|text", kind="text")
        small.quality_sum = small.quality_count = 4
        state.absorb(small, 0.1)
    assert state.quality_sum <= state.quality_count


def test_a_mean_quality_rounded_above_one_is_no_drift() -> None:
    state = PatternState(id="p", partition="|text", kind="text", recent_quality=1.0)
    state.quality_sum, state.quality_count = 100.0000001, 100
    assert not state.drifts


def test_why_says_what_speaks_against_an_answer() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(30):
        keys = {"size": 1, "item": 2} if number % 2 else {"size": 1, "item": 3}
        recognizer.learn_one(observation(keys, number))
    state = next(iter(recognizer))
    state.cohesion = Cohesion(seen=30, divided=0.4, chosen=0.5)
    parts = recognizer.match_one(observation({"size": 1, "item": 2}, 99)).why["parts"]
    assert (parts["divided"], parts["chosen"]) == (0.4, 0.5)
    assert "bound" not in parts
