from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from featurememory.models import Activity, Project
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.manager import OptimizationManager
from optimizations.models import Optimization
from optimizations.storage import OptimizationStorage
from optimizations.summaries import headline
from patterns.models import Pattern
from tests import builders, web
from tests.optimizations.builders import decide, register, report, routed, session_in

pytestmark = pytest.mark.django_db


def browser(owner: Project, *, viewer: bool = False) -> Client:
    made = web.browser(web.person(f"user-{owner.name}-{viewer}", may_change=not viewer))
    session = made.session
    session["project"] = owner.name
    session.save()
    return made


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content[:500]
    return str(answer.content.decode())


def test_without_optimizations_the_page_says_what_they_need() -> None:
    owner = builders.project()

    shown = text(browser(owner).get("/optimizations/"))

    assert "No optimizations yet" in shown
    assert "Memory only watches." in shown


def test_the_list_shows_each_with_its_state_and_effect() -> None:
    owner = builders.project()
    made = routed(owner)
    for number in range(12):
        report(owner, decide(owner, task={"session_id": f"s{number}"}), f"answer-{number}")

    shown = text(browser(owner).get("/optimizations/?status=active"))

    assert f'data-id="{made.id}"' in shown
    assert '<span class="badge ok">active</span>' in shown
    assert 'class="whisker' in shown or "not measured yet" in shown


def test_effectiveness_is_a_percentage_on_every_page() -> None:
    owner = builders.project()
    made = routed(owner)
    Optimization.objects.filter(project=owner, id=made.id).update(effectiveness=0.814)
    viewer = browser(owner)

    listed = text(viewer.get("/optimizations/"))
    peeked = text(
        viewer.get(f"/optimizations/?peek={made.id}", headers={**web.HTMX, "HX-Target": "peek"})
    )
    shown = text(viewer.get(f"/optimizations/{made.id}/"))

    assert "<dt>Effectiveness</dt><dd>81.4%</dd>" in peeked
    assert "<dt>Effectiveness</dt><dd>81.4%</dd>" in shown
    assert "kept from 50.0%" in shown
    assert all("0.81" not in page for page in (listed, peeked, shown))


def test_a_state_without_any_says_so() -> None:
    owner = builders.project()
    routed(owner)

    assert "No optimization matches these filters" in text(
        browser(owner).get("/optimizations/?status=retired")
    )


def test_only_the_rows_come_when_htmx_asks() -> None:
    owner = builders.project()
    routed(owner)

    shown = text(browser(owner).get("/optimizations/", headers={"HX-Request": "true"}))

    assert "<html" not in shown
    assert "data-id=" in shown


def test_the_detail_shows_arms_decisions_and_history() -> None:
    owner = builders.project()
    made = routed(owner)
    session = session_in(owner)
    report(owner, decide(owner, task={"session_id": session}), "answer")

    shown = text(browser(owner).get(f"/optimizations/{made.id}/"))

    for words in ("Held out", "pinned", "unpin", "reported", "small"):
        assert words.lower() in shown.lower()


def test_one_that_was_removed_to_make_room_still_has_its_page() -> None:
    owner = builders.project()
    made = routed(owner)
    Optimization.objects.filter(pk=made.pk).update(state=b"", status="retired", control="")

    assert "Not measured yet" in text(browser(owner).get(f"/optimizations/{made.id}/"))


def test_the_dialog_says_what_will_happen_and_the_button_does_it() -> None:
    owner = builders.project()
    made = routed(owner)
    user = browser(owner)
    asked = text(user.get(f"/optimizations/{made.id}/unpin/", headers={"HX-Request": "true"}))
    user.post(f"/optimizations/{made.id}/unpin/")
    user.post(f"/optimizations/{made.id}/block/")

    assert "The evidence decides again." in asked
    row = Optimization.objects.get(id=made.id)
    assert (row.control, row.status) == ("blocked", "suspended")


def test_a_viewer_sees_everything_and_changes_nothing() -> None:
    owner = builders.project()
    made = routed(owner)
    user = browser(owner, viewer=True)

    assert "Block…" not in text(user.get(f"/optimizations/{made.id}/"))
    assert user.post(f"/optimizations/{made.id}/block/").status_code == 403


def test_one_of_another_project_is_not_found() -> None:
    made = routed(builders.project())

    assert browser(builders.project()).get(f"/optimizations/{made.id}/").status_code == 404


def test_the_charts_twins_hold_the_same_points() -> None:
    owner = builders.project()
    made = routed(owner)
    user = browser(owner)

    assert "<table" in text(user.get(f"/optimizations/{made.id}/chart/"))
    answer: Any = user.get(f"/optimizations/{made.id}/chart.csv")
    lines = b"".join(answer.streaming_content)
    assert lines.startswith(b"Time,Effect")


def test_the_interactions_say_what_memory_did() -> None:
    owner = builders.project()
    routed(owner)
    treated, kept = session_in(owner), session_in(owner, "holdout")
    report(owner, decide(owner, task={"session_id": treated}), "treated")
    report(owner, decide(owner, task={"session_id": kept}), "kept")
    user = browser(owner)

    shown = text(user.get("/interactions/"))

    assert ">applied</span>" in shown
    assert ">held out</span>" in shown
    assert "Memory changed this call." in text(user.get("/interactions/treated/"))


def test_overview_and_pattern_tell_of_the_optimizations() -> None:
    owner = builders.project()
    made = routed(owner)
    user = browser(owner)

    assert "1 change is active" in text(user.get("/"))
    assert made.id in text(user.get(f"/patterns/{made.pattern_id}/"))


def test_models_show_prices_calls_and_routes() -> None:
    owner = builders.project()
    routed(owner)
    builders.keep(owner, [builders.item(900, model_id="stranger")])
    builders.learn_all(owner)

    shown = text(browser(owner).get("/models/"))

    assert "$2.00 / $8.00" in shown
    assert "not registered" in shown


def test_before_anything_is_registered_the_sentence_says_what_is_missing() -> None:
    found = headline.summarize_project(builders.project())

    assert (found.strong, found.link, found.proven) == ("Memory only watches.", "/models/", False)


def test_without_an_effect_the_sentence_claims_none() -> None:
    owner = builders.project()
    made = routed(owner)

    assert not headline.summarize_project(owner).proven
    assert headline.summarize_project(owner).strong == "No measurable saving yet."
    assert made.pattern_id is not None
    assert (
        headline.summarize_pattern(owner, Pattern.objects.get(pk=made.pattern_id)).strong
        == "No measurable effect yet."
    )


def test_registered_models_alone_are_no_effect() -> None:
    owner = builders.project()
    register(owner)

    assert headline.summarize_project(owner).strong == "No measurable effect yet."


def test_a_change_of_the_whole_task_type_is_told_by_each_of_its_patterns() -> None:
    owner = builders.project()
    register(owner)
    pattern, other = builders.learned(owner, 10, tasks=2, model_id="large")
    manager = OptimizationManager(owner)
    made = manager.store_optimization(
        "route_model", {"model_id": "small"}, task_type="task.0", model_id="large"
    )
    manager.act(made.id, "pin", "tester")

    assert made.id in text(browser(owner).get(f"/patterns/{pattern.pk}/"))
    assert "all of task.0" in headline.summarize_pattern(owner, pattern).text
    assert headline.summarize_pattern(owner, other).strong == "Nothing is changed here."


def test_the_page_asks_what_it_would_have_been_for_every_task() -> None:
    owner = builders.project()
    made = routed(owner)
    page = browser(owner)
    link = f"/optimizations/{made.id}/what-if/"

    for status in ("active", "suspended", "retired"):  # it has served, or it is over
        Optimization.objects.filter(id=made.id).update(status=status)
        assert f'hx-get="{link}"' not in text(page.get(f"/optimizations/{made.id}/"))
    Optimization.objects.filter(id=made.id).update(status="trial")
    assert f'hx-get="{link}"' in text(page.get(f"/optimizations/{made.id}/"))
    assert "No newer decision about these tasks has an outcome." in text(page.get(link))
    part = text(page.get(link, headers=web.HTMX))
    assert "<html" not in part
    assert "What if it had served every task?" in part


def test_one_click_forgets_every_cached_answer() -> None:
    owner = builders.project()
    register(owner)
    state = OptimizationState("c-1", "cache_response", "task.0", "", {}, status="active")
    OptimizationStorage(owner.pk).store([state])
    page = browser(owner)
    assert "Purge…" in text(page.get("/optimizations/c-1/"))
    assert "is deleted at once" in text(page.get("/optimizations/c-1/purge/"))

    assert page.post("/optimizations/c-1/purge/").status_code == 302

    assert Activity.objects.filter(project=owner, summary="Purged 0 cached answers").exists()
    made = routed(owner)
    assert page.get(f"/optimizations/{made.id}/purge/").status_code == 404
