"""Kinds, parameters, arms and months as people say them."""

from __future__ import annotations

import pytest

from optimizations.summaries.kind_names import name_arm, name_month, name_parameter, show_parameter
from optimizations.templatetags.optimizations import evidence


@pytest.mark.parametrize(
    ("name", "said"),
    [("model_id", "Model"), ("fallback", "Falls back to"), ("top_p", "Top p")],
)
def test_parameters_have_words(name: str, said: str) -> None:
    assert name_parameter(name) == said


def test_arms_have_words() -> None:
    assert [name_arm(arm) for arm in ("treatment", "holdout", "other")] == [
        "treated",
        "held out",
        "other",
    ]


@pytest.mark.parametrize(("month", "said"), [("2026-10", "Oct 2026"), ("soon", "soon")])
def test_months_have_names(month: str, said: str) -> None:
    assert name_month(month) == said


@pytest.mark.parametrize(
    ("value", "said"), [(17.3, "17.3"), (233_000, "233 k"), (1e32, "over 1 M")]
)
def test_evidence_beyond_telling_apart_is_cut(value: float, said: str) -> None:
    assert evidence(value) == said


def test_a_time_to_live_is_a_span() -> None:
    assert name_parameter("ttl") == "Answers kept for"
    assert show_parameter("ttl", 604_800) == "7 d"
    assert show_parameter("max_tokens", 512) == "512"
    assert show_parameter("model_id", "gpt-5") == "gpt-5"
