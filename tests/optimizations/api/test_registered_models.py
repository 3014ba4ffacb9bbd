from __future__ import annotations

import pytest

from optimizations import model_catalog
from optimizations.engine.domain.call_price import TokenUsage
from optimizations.model_catalog import PriceList, load_cards
from optimizations.models import ModelPrice
from tests import builders

pytestmark = pytest.mark.django_db

PRICES = {"input_per_1m": 2.0, "output_per_1m": 8.0}


def test_a_new_model_is_201_and_a_known_one_200() -> None:
    call = builders.caller(builders.project())
    answers = [call.post("models/", {"model_id": "m", "prices": PRICES}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["prices"]["output_per_1m"] == 8.0


def test_a_model_without_prices_is_unpriced_not_free() -> None:
    owner = builders.project()
    answer = builders.caller(owner).post("models/", {"model_id": "m"}).json()

    assert (answer["priced"], answer["prices"]) == (False, None)
    assert PriceList.of(owner.pk).cost("m", builders.NOON, TokenUsage(10, 10)) is None


def test_members_that_are_not_known_are_named() -> None:
    call = builders.caller(builders.project())
    answer = call.post("models/", {"model_id": "m", "prices": PRICES, "price": 3}).json()

    assert answer["ignored"] == ["/price"]
    assert "ignored" not in call.post("models/", {"model_id": "m", "prices": PRICES}).json()


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**300])
def test_an_integer_beyond_64_bits_is_refused_with_its_pointer(number: int) -> None:
    call = builders.caller(builders.project())
    model = {"model_id": "m", "capabilities": {"context": number}}
    task = {"model_id": "m", "input": {"n": [number]}}
    answers = [call.post("models/", model), call.post("tasks/prepare/", {"task": task})]

    assert [answer.status_code for answer in answers] == [422, 422]
    pointers = [answer.json()["errors"][0]["pointer"] for answer in answers]
    assert pointers == ["/capabilities/context", "/task/input/n/0"]


def test_the_largest_integer_of_64_bits_is_kept() -> None:
    model = {"model_id": "m", "capabilities": {"context": 2**64 - 1, "least": -(2**63)}}
    answer = builders.caller(builders.project()).post("models/", model)

    assert answer.json()["capabilities"] == model["capabilities"]


def test_the_same_prices_again_make_no_new_date() -> None:
    owner = builders.project()
    for _ in range(2):
        builders.caller(owner).post("models/", {"model_id": "m", "prices": PRICES})

    assert ModelPrice.objects.filter(project=owner).count() == 1


def test_a_price_of_cached_input_alone_prices_nothing() -> None:
    api = builders.caller(builders.project())
    answer = api.post("models/", {"model_id": "m", "prices": {"cached_input_per_1m": 1.0}})

    assert (answer.status_code, answer.json()["priced"]) == (201, False)


def test_a_call_is_priced_by_the_list_of_its_day() -> None:
    owner = builders.project()
    call = builders.caller(owner)
    for price, day in ((1.0, "2026-01-01"), (5.0, "2026-06-01")):
        prices = {"input_per_1m": price, "per_call": 0.5}
        body = {"model_id": "m", "prices": prices, "effective_from": f"{day}T00:00:00Z"}
        call.post("models/", body)
    listed = PriceList.of(owner.pk)
    may, july = (1_777_593_600_000, 1_782_864_000_000)

    assert [listed.cost("m", moment, TokenUsage(1e6, 0)) for moment in (0, may, july)] == [
        1.5,
        1.5,
        5.5,
    ]


def test_a_registration_reaches_the_policy() -> None:
    owner = builders.project()
    body = {
        "model_id": "m",
        "task_types": ["t"],
        "capabilities": {"tunable": {"temperature": [0, 1]}},
    }
    builders.caller(owner).post("models/", body)

    (card,) = load_cards(owner.pk)

    assert (card.task_types, card.tunable, card.prices) == (("t",), {"temperature": [0, 1]}, None)


@pytest.mark.parametrize(
    "grid", ["x", [], {"min": 1}, {"min": 2, "max": 1}, {"min": True, "max": 2}, [[1]]]
)
def test_a_tunable_that_is_no_grid_is_refused(grid: object) -> None:
    body = {"model_id": "m", "capabilities": {"tunable": {"temperature": grid}}}

    answer = builders.caller(builders.project()).post("models/", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/capabilities/tunable/temperature"


def test_models_are_listed_by_name_in_pages() -> None:
    call = builders.caller(builders.project())
    for name in ("c", "a", "b"):
        call.post("models/", {"model_id": name})

    first = call.get("models/", limit=2).json()
    second = call.get("models/", limit=2, cursor=first["meta"]["next_cursor"]).json()

    assert [m["model_id"] for m in first["data"] + second["data"]] == ["a", "b", "c"]


@pytest.mark.parametrize(("kind", "status"), [("in", 403), ("ro", 403), ("rw", 201)])
def test_who_may_register(kind: str, status: int) -> None:
    call = builders.caller(builders.project(), kind)

    assert call.post("models/", {"model_id": "m"}).status_code == status


def test_a_project_has_only_so_many_models_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_catalog, "MOST_MODELS", 1)
    monkeypatch.setattr(model_catalog, "MOST_PRICES", 2)
    owner = builders.project()
    call = builders.caller(owner)
    dated = [
        {
            "model_id": "m",
            "prices": {"per_call": day},
            "effective_from": f"2026-01-0{day}T00:00:00Z",
        }
        for day in (1, 2, 3)
    ]

    assert [call.post("models/", one).status_code for one in dated] == [201, 200, 413]
    assert call.post("models/", {"model_id": "n"}).status_code == 413
    assert call.post("models/", {**dated[1], "prices": {"per_call": 9}}).status_code == 200
    assert ModelPrice.objects.filter(project=owner).count() == 2
