from __future__ import annotations

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.kinds.tune_parameters import TuneParameters

GRID: Params = {
    "tunable": {"temperature": [0, 0.5], "depth": [1, 2], "max_tokens": {"min": 1, "max": 9}}
}
CARDS = {"m": ModelCard("m", capabilities=GRID), "n": ModelCard("n")}
TASK = Task("m", "hi", "chat", {"temperature": 0, "depth": 1, "top_p": 0.9})


def test_every_other_combination_of_the_declared_values_is_a_candidate() -> None:
    found = TuneParameters().candidates(TASK, CARDS, PolicySettings())
    settings = [f["parameters"] for f in found]
    assert len(settings) == 3
    assert {"temperature": 0, "depth": 1} not in settings


def test_other_parameters_stay_as_they_are() -> None:
    params: Params = {"parameters": {"temperature": 0.5, "depth": 2}}
    after = TuneParameters().apply(Request("r", TASK, 0.0), TASK, params, CARDS)
    assert after is not None
    assert after.parameters == {"temperature": 0.5, "depth": 2, "top_p": 0.9}


def test_a_value_that_is_no_longer_declared_is_not_set() -> None:
    params: Params = {"parameters": {"temperature": 0.7}}
    assert TuneParameters().apply(Request("r", TASK, 0.0), TASK, params, CARDS) is None


def test_models_without_a_grid_have_nothing_to_tune() -> None:
    assert TuneParameters().base(Task("n", "hi"), CARDS) is None
