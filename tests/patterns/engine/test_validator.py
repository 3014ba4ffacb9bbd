"""Each rule a pattern must meet speaks for itself."""

from __future__ import annotations

import msgspec
import pytest

from patterns.engine.domain.results import TemplatePart
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.validator import PatternValidator
from tests.patterns.engine.streams import observation


def good() -> PatternState:
    recognizer = DefaultPatternRecognizer()
    for number in range(5):
        match = recognizer.learn_one(observation({"city": f"city {number}"}, number))
    return recognizer.get(match.pattern_id)


def test_a_pattern_with_support_is_valid() -> None:
    assert PatternValidator().validate(good()).valid


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"use_count": 0}, "use count"),
        ({"confidence": 1.5}, "between 0 and 1"),
        ({"outputs": {}}, "no output feature"),
        ({"last_used": 0.0}, "before it was created"),
        ({"kind": "text", "template": (TemplatePart(slot="text"),)}, "nothing but slots"),
    ],
)
def test_a_broken_pattern_is_told_why(changes: dict[str, object], sentence: str) -> None:
    broken = msgspec.structs.replace(good(), **changes)
    errors = PatternValidator().validate(broken).errors
    assert any(sentence in error for error in errors)
