from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.kinds.route_model import RouteModel

CARDS = {
    "a": ModelCard("a", ("chat",)),
    "b": ModelCard("b", ("chat",)),
    "c": ModelCard("c", ("draw",)),
    "d": ModelCard("d", (), enabled=False),
}
TASK = Task("a", "hi", "chat")


def test_models_that_serve_the_task_type_are_candidates() -> None:
    found = RouteModel().candidates(TASK, CARDS, PolicySettings())
    assert found == [{"model_id": "b", "fallback": "a"}]


def test_the_task_goes_to_the_other_model() -> None:
    after = RouteModel().apply(Request("r", TASK, 0.0), TASK, {"model_id": "b"}, CARDS)
    assert after is not None
    assert (after.model_id, after.input) == ("b", "hi")


def test_a_model_that_went_away_serves_nothing() -> None:
    request = Request("r", TASK, 0.0)
    assert RouteModel().apply(request, TASK, {"model_id": "d"}, CARDS) is None
    assert RouteModel().apply(request, TASK, {"model_id": "gone"}, CARDS) is None
