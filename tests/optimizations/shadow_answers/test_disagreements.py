from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project
from optimizations.models import Optimization, ShadowAnswer
from optimizations.policy_runtime import outcomes
from tests import builders
from tests.optimizations.caller import Orchestrator
from tests.optimizations.shadow_answers import wished
from tests.web import browser, person

pytestmark = pytest.mark.django_db


def differing(owner: Project) -> tuple[Orchestrator, str, str]:
    """A project with one pair that differs: its orchestrator, the optimization and the shadow."""
    made = wished.orchestrator(owner)
    answer = wished.ask_until_wished(made)
    made.call.post("interactions/", wished.shadow(answer, output="delivery"))
    outcomes.count_outcomes(owner.pk, save=True)
    return made, made.only("route_model").id, answer["shadows"][0]["shadow_id"]


def judge(made: Orchestrator, shadow_id: str, value: Any) -> Any:
    word = {"shadow_id": shadow_id, "metric_name": "verdict", "value": value}
    answer = made.call.post("feedback/", word)
    outcomes.count_outcomes(made.owner.pk, save=True)
    return answer


def test_a_pair_that_differs_is_listed_with_both_answers() -> None:
    owner = builders.project()
    made, optimization, shadow_id = differing(owner)

    found = made.call.get(f"optimizations/{optimization}/disagreements/").json()["data"]

    assert [(one["shadow_id"], one["state"], one["verdict"]) for one in found] == [
        (shadow_id, "open", None)
    ]
    assert found[0]["served"]["output"] == "billing"
    assert (found[0]["shadow"]["model_id"], found[0]["shadow"]["output"]) == ("small", "delivery")


def test_a_verdict_takes_it_off_the_list_and_taking_it_back_lists_it_again() -> None:
    made, optimization, shadow_id = differing(builders.project())
    path = f"optimizations/{optimization}/disagreements/"

    answer = judge(made, shadow_id, "same")
    judged = made.call.get(path).json()["data"]
    judge(made, shadow_id, None)

    assert (answer.status_code, judged) == (201, [])
    assert [one["shadow_id"] for one in made.call.get(path).json()["data"]] == [shadow_id]


def test_a_verdict_that_is_none_is_refused() -> None:
    made, _, shadow_id = differing(builders.project())

    answer = judge(made, shadow_id, "great")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/value")


def test_an_unknown_shadow_has_no_verdict() -> None:
    made, _, _ = differing(builders.project())

    assert judge(made, "nobody.1", "same").status_code == 404


def test_the_engine_follows_each_change_of_a_verdict() -> None:
    owner = builders.project()
    made, optimization, shadow_id = differing(owner)

    judge(made, shadow_id, "better")
    row = ShadowAnswer.objects.get(project=owner)

    assert (row.verdict, row.counted_verdict, row.due) == (1, 1.0, False)
    judge(made, shadow_id, "worse")
    row.refresh_from_db()
    assert (row.verdict, row.counted_verdict) == (-1, -1.0)
    assert Optimization.objects.filter(project=owner, id=optimization).exists()


def test_people_judge_blindly_and_take_the_verdict_back() -> None:
    owner = builders.project()
    _, optimization, shadow_id = differing(owner)
    visitor: Client = browser(person("ann", superuser=True))
    page = visitor.get(f"/optimizations/{optimization}/pairs/").content.decode()

    visitor.post(f"/optimizations/{optimization}/judge/", {"shadow_id": shadow_id, "side": "same"})
    row = ShadowAnswer.objects.get(project=owner)
    judged = (row.verdict, bool(row.judged_by))
    visitor.post(f"/optimizations/{optimization}/judge/", {"shadow_id": shadow_id, "side": "undo"})

    row.refresh_from_db()
    assert "Which answer is better?" in page
    assert "small" not in page.split("Which answer is better?")[1]
    assert (judged, row.verdict) == ((0, True), None)


def test_all_pairs_are_a_file_of_lines() -> None:
    owner = builders.project()
    _, optimization, shadow_id = differing(owner)

    visitor = browser(person("ann", superuser=True))
    answer = visitor.get(f"/optimizations/{optimization}/pairs.ndjson")

    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1
    assert shadow_id.encode() in lines[0]
