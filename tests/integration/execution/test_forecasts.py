"""What a call will take is forecast per pattern and model, and nine in ten take that."""

from __future__ import annotations

import random

import pytest

from integration.execution.forecasts import QUANTITIES, ResourceForecasts
from patterns.models import ModelInteraction
from tests.builders import items, keep, learn_all, project

pytestmark = pytest.mark.django_db
Group = tuple[str, str]

GROUPS: list[Group] = [
    (f"01980000-0000-7000-8000-00000000000{number}", model)
    for number in range(4)
    for model in ("small", "large")
]


def draw(group: Group, part: float, dice: random.Random) -> dict[str, float | None]:
    """A call of a replay: each pattern and model has its own size, which drifts and once jumps."""
    size = 1 + GROUPS.index(group) + part + 2 * (part > 0.6)
    tokens = dice.lognormvariate(5 + size / 4, 0.5)
    return {
        "tokens": tokens,
        "duration": 3 * tokens * dice.lognormvariate(0, 0.4),
        "memory_usage": None if dice.random() < 0.2 else size * dice.gauss(80e6, 9e6),
    }


def test_nine_in_ten_calls_of_a_replay_take_what_was_forecast() -> None:
    forecasts, dice = ResourceForecasts(project().pk), random.Random(7)
    held, told = dict.fromkeys(QUANTITIES, 0), dict.fromkeys(QUANTITIES, 0)
    for number in range(8_000):
        group = dice.choice(GROUPS)
        found, expected = draw(group, number / 8_000, dice), forecasts.forecast(*group)
        for name, (low, high) in expected.items():
            if (value := found[name]) is not None:
                told[name] += 1
                held[name] += low <= value <= high
        forecasts.learn(*group, found)

    shares = {name: held[name] / told[name] for name in QUANTITIES}
    assert all(0.88 <= share <= 0.92 for share in shares.values()), shares


def test_forecasts_begin_with_what_is_stored() -> None:
    owner = project()
    usage = {"input_tokens": 100, "output_tokens": 20}
    keep(owner, items(30, usage=usage))
    learn_all(owner)
    row = ModelInteraction.objects.filter(project=owner).latest("number")

    found = ResourceForecasts(owner.pk).forecast(str(row.pattern_id), row.model_id)
    assert found["tokens"] == (120.0, 120.0)
    assert found["duration"][0] <= row.duration <= found["duration"][1]


def test_a_pattern_of_which_little_is_known_is_forecast_by_its_model() -> None:
    forecasts = ResourceForecasts(project().pk)
    (known, model), (unknown, _) = GROUPS[0], GROUPS[2]
    assert forecasts.forecast(known, model) == {}
    for number in range(30):
        forecasts.learn(known, model, {"tokens": number, "duration": None})

    assert set(forecasts.forecast(unknown, model)) == {"tokens"}
    assert forecasts.forecast(None, model) == forecasts.forecast(unknown, model)
    assert forecasts.forecast(unknown, "another") == {}


def test_failed_calls_are_no_measure() -> None:
    owner = project()
    keep(owner, items(30, success=False))

    assert ResourceForecasts(owner.pk).forecast(None, items(1)[0]["model_id"]) == {}


def test_what_is_followed_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.execution.forecasts.MOST_GROUPS", 5)
    forecasts = ResourceForecasts(project().pk)
    for group in GROUPS:
        forecasts.learn(*group, {"tokens": 5})

    assert len(forecasts._groups) == 5
