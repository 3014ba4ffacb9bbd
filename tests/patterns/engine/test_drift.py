"""When a validated pattern is served clearly worse than it used to be."""

from __future__ import annotations

from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer


def learned(qualities: list[bool]) -> str:
    """The status of one pattern after these outcomes, in order."""
    recognizer = DefaultPatternRecognizer()
    for number, success in enumerate(qualities):
        observation = Observation(
            id=f"i-{number}",
            input=f"Where is my order {number}?",
            timestamp=float(number),
            task_type="t",
            success=success,
        )
        found = recognizer.learn_one(observation).pattern_id
    return recognizer.get(found).status


def test_a_pattern_whose_outcomes_collapse_drifts() -> None:
    assert learned([True] * 300 + [False] * 40) == "drifting"


def test_a_pattern_that_recovers_is_validated_again() -> None:
    assert learned([True] * 300 + [False] * 40 + [True] * 120) == "validated"


def test_usual_noise_is_no_drift() -> None:
    assert learned([number % 10 != 0 for number in range(400)]) == "validated"


def test_few_outcomes_prove_no_drift() -> None:
    assert learned([True] * 30 + [False] * 10) == "validated"


def test_a_repair_makes_no_pattern_drift() -> None:
    recognizer = DefaultPatternRecognizer()
    for number in range(300):
        recognizer.learn_one(
            Observation(
                id=f"i-{number}",
                input=f"Send invoice INV-{number} to user{number}@example.org, please.",
                timestamp=float(number),
                task_type="t",
                success=number % 20 != 0,
            )
        )
    recognizer.consolidate()

    assert {state.status for state in recognizer if state.use_count > 100} == {"validated"}
