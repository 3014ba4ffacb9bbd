"""Overview, Get started, login, keys, activity, health: what people see and may do."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from featurememory.http.problems import name_refusal
from featurememory.models import Activity, ConfigVersion, Project
from integration.models import ApiKey
from patterns.curation import pruning, undo
from patterns.models import Pattern
from tests.builders import caller, damage, item, keep, learn_all, learned, project
from tests.web import HTMX, browser, person, text_of

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


@pytest.fixture
def admin() -> Client:
    return browser(person("ada", superuser=True))


@pytest.fixture
def viewer() -> Client:
    return browser(person("vic"))


def recent(owner: Project, count: int, tasks: int = 1) -> list[Pattern]:
    """Interactions of the last minutes, learned."""
    start = int(time.time() * 1000) - count * 1000
    keep(
        owner,
        [item(n, task_type=f"t.{n % tasks}", timestamp=start + n * 1000) for n in range(count)],
    )
    from tests.builders import learn_all

    learn_all(owner)
    return list(Pattern.objects.filter(project=owner))


# --- who may see what ----------------------------------------------------------------------------

PAGES = ["/", "/start/", "/activity/", "/keys/", "/health/", "/search/", "/live/", "/patterns/"]


@pytest.mark.parametrize("path", [*PAGES, "/interactions/", "/patterns/trash/"])
def test_a_stranger_is_led_to_the_login(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=/")


def test_a_part_asked_for_by_a_stranger_sends_the_whole_page_to_the_login(client: Client) -> None:
    response = client.get("/live/", headers=HTMX)

    assert response["HX-Redirect"].startswith("/login/?next=")


def test_the_login_form_signs_in(client: Client, owner: Project) -> None:
    person("lea")

    response = client.post("/login/", {"username": "lea", "password": "look-42-twice"}, follow=True)

    assert response.wsgi_request.user.username == "lea"


def test_every_page_carries_the_policy_and_varies_on_htmx(admin: Client, owner: Project) -> None:
    response = admin.get("/start/")

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "HX-Request" in response["Vary"]
    assert "style=" not in text_of(response)
    assert "onclick" not in text_of(response)


def test_an_unknown_page_says_so(admin: Client) -> None:
    response = admin.get("/nowhere/")

    assert response.status_code == 404
    assert "Page not found" in text_of(response)


# --- Overview ------------------------------------------------------------------------------------


def test_without_interactions_the_overview_leads_to_get_started(admin: Client) -> None:
    assert admin.get("/")["Location"] == "/start/"


def test_the_overview_says_honestly_that_nothing_is_measured_yet(
    admin: Client, owner: Project
) -> None:
    recent(owner, 40, tasks=2)

    page = text_of(admin.get("/"))

    assert "No measurable effect yet." in page
    assert page.count("data-spec=") >= 3
    assert "holdout" not in re.sub(r"held out", "", page)


def test_the_figures_of_the_overview_add_up(admin: Client, owner: Project) -> None:
    found = recent(owner, 40, tasks=2)

    response = admin.get("/?range=24h")

    stored = next(f for f in response.context["figures"] if f.name == "Stored patterns")
    assert stored.value == str(len(found))
    assert response.context["total"].count == sum(pattern.use_count for pattern in found) == 40


def test_a_chart_too_poor_to_draw_says_what_it_waits_for(admin: Client, owner: Project) -> None:
    recent(owner, 7)

    assert "Needs 20 interactions with a score or a success; 7 so far." in text_of(admin.get("/"))


@pytest.mark.parametrize("name", ["effectiveness", "patterns", "tokens", "duration", "memory"])
def test_every_chart_has_a_table_and_a_csv_with_the_same_rows(
    admin: Client, owner: Project, name: str
) -> None:
    recent(owner, 30)

    table = text_of(admin.get(f"/charts/{name}/?range=24h", headers=HTMX))
    answer: Any = admin.get(f"/charts/{name}.csv?range=24h")
    csv = b"".join(answer.streaming_content).decode()

    assert table.count("<tr>") == 25
    assert len(csv.splitlines()) == 25
    assert "none" in table


def test_a_changed_threshold_is_marked_on_the_time_axis(admin: Client, owner: Project) -> None:
    recent(owner, 40)
    ConfigVersion.objects.create(
        project=owner, number=2, changes={"confidence_threshold": [0.7, 0.8]}, actor="ada"
    )

    figure = admin.get("/").context["charts"]["effectiveness"].figure

    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert "confidence threshold changed" in texts


def test_the_overview_compares_only_with_a_range_that_holds_enough(
    admin: Client, owner: Project
) -> None:
    now, days = int(time.time() * 1000), 86_400_000
    earlier = [item(n, timestamp=now - 10 * days) for n in range(40)]
    keep(owner, [item(100 + n, timestamp=now - days) for n in range(50)] + earlier[:3])
    learn_all(owner)
    assert "compared with" not in text_of(admin.get("/?range=7d"))

    keep(owner, earlier[3:])
    learn_all(owner)
    assert "compared with the same weekdays before" in text_of(admin.get("/?range=7d"))


def test_the_overview_points_at_drifting_patterns(admin: Client, owner: Project) -> None:
    recent(owner, 30)
    Pattern.objects.filter(project=owner).update(status="drifting")

    assert '<a href="/patterns/?status=drifting">1 pattern is drifting' in text_of(admin.get("/"))


def test_a_nonsense_range_is_ignored(admin: Client, owner: Project) -> None:
    recent(owner, 3)

    assert admin.get("/?range=9y").status_code == 200


@pytest.mark.parametrize("path", ["/", "/activity/", "/keys/", "/health/", "/start/", "/patterns/"])
def test_a_page_asks_at_most_twelve_queries(
    viewer: Client, owner: Project, path: str, django_assert_max_num_queries: Any
) -> None:
    recent(owner, 30, tasks=3)
    viewer.get(path)

    with django_assert_max_num_queries(12):
        viewer.get(path)


# --- the live counter ----------------------------------------------------------------------------


def live_value(client: Client) -> tuple[str, str]:
    page = text_of(client.get("/live/"))
    return re.findall(r'data-value="(\d+)"', page)[0], re.findall(r"\?seen=([\d.]+)", page)[0]


def test_the_counter_counts_what_is_stored(admin: Client, owner: Project) -> None:
    keep(owner, [item(1), item(2)])
    assert live_value(admin)[0] == "2"

    keep(owner, [item(3)])
    assert live_value(admin)[0] == "3"


def test_the_counter_answers_204_while_nothing_changed(admin: Client, owner: Project) -> None:
    keep(owner, [item(1)])
    _, seen = live_value(admin)

    assert admin.get(f"/live/?seen={seen}").status_code == 204


# --- Get started ---------------------------------------------------------------------------------


def key_shown(response: Any) -> str:
    found = re.findall(r'id="key">([^<]*)<', text_of(response))
    return found[0] if found else ""


def test_looking_at_get_started_makes_no_key(admin: Client, owner: Project) -> None:
    assert key_shown(admin.get("/start/")) == ""
    assert not ApiKey.objects.exists()


def test_the_key_made_there_works_expires_and_is_kept_nowhere(
    admin: Client, owner: Project
) -> None:
    key = key_shown(admin.post("/start/"))
    from tests.builders import Caller

    assert Caller(key).post("interactions/", item(1)).status_code == 201
    assert key_shown(admin.get("/start/")) == ""
    assert ApiKey.objects.get().expires_at is not None
    assert key.rsplit("_", 1)[1] not in str(dict(admin.session))


def test_get_started_is_about_the_project_that_was_chosen(admin: Client, owner: Project) -> None:
    recent(owner, 3)  # the busy one, which comes first where none was chosen
    other = project("other")
    admin.get("/patterns/?project=other")

    shown = admin.post("/start/")

    assert ApiKey.objects.get().project == other
    assert "Waiting for the first interaction" in text_of(shown)


def test_of_start_keys_nobody_used_only_the_newest_stay(admin: Client, owner: Project) -> None:
    made = [key_shown(admin.post("/start/")) for _ in range(7)]

    assert ApiKey.objects.count() == 5
    assert [ApiKey.find(key) is not None for key in made] == [False] * 2 + [True] * 5


def test_once_its_key_was_used_the_page_makes_no_other_by_itself(
    admin: Client, owner: Project
) -> None:
    from tests.builders import Caller

    assert 'hx-trigger="load' in text_of(admin.get("/start/"))
    Caller(key_shown(admin.post("/start/"))).post("interactions/", item(1))

    assert 'hx-trigger="load' not in text_of(admin.get("/start/"))


def test_a_viewer_gets_no_key(viewer: Client, owner: Project) -> None:
    assert viewer.post("/start/").status_code == 403
    assert "Make a key" not in text_of(viewer.get("/start/"))
    assert not ApiKey.objects.exists()


def test_the_snippet_names_this_host_and_key(admin: Client, owner: Project) -> None:
    response = admin.post("/start/")

    assert "http://testserver/api/v1/interactions/" in text_of(response)
    assert f"Bearer {key_shown(response)}" in text_of(response)


def test_the_box_waits_until_something_arrives_and_then_ends_the_poll(
    admin: Client, owner: Project
) -> None:
    waiting = admin.get("/start/wait/")
    keep(owner, [item(1)])
    arrived = admin.get("/start/wait/")

    assert (waiting.status_code, arrived.status_code) == (200, 286)
    assert 'data-state="waiting"' in text_of(waiting)
    assert 'data-state="received"' in text_of(arrived)
    assert "1 of 3 similar until the first pattern" in text_of(arrived)


def test_the_box_leads_to_the_pattern_once_there_is_one(admin: Client, owner: Project) -> None:
    (pattern,) = learned(owner, 4)

    assert f"/patterns/{pattern.pk}/" in text_of(admin.get("/start/wait/"))


def test_a_refused_request_shows_up_with_its_reason(admin: Client, owner: Project) -> None:
    from tests.builders import Caller

    Caller("fm_in_nobody_nothing").post("interactions/", item(1))

    page = text_of(admin.get("/start/wait/"))
    assert "A request was refused: 401" in page


def test_an_old_refusal_is_forgotten(admin: Client, owner: Project) -> None:
    refusal = {"at": time.time() - 3600, "status": 401, "code": "X", "detail": "d", "path": "/"}
    cache.set(name_refusal(owner.pk), refusal)

    assert "refused" not in text_of(admin.get("/start/wait/"))


# --- project, theme, demo ------------------------------------------------------------------------


def test_the_project_with_interactions_is_shown_before_the_demo(admin: Client) -> None:
    Project.objects.create(name="demo", is_demo=True)
    project("idle")
    keep(project("busy"), [item(1)])

    assert "“busy”" in text_of(admin.get("/keys/"))


def test_the_demo_is_shown_while_there_is_nothing_else(admin: Client, owner: Project) -> None:
    Project.objects.create(name="demo", is_demo=True)

    page = text_of(admin.get("/keys/"))

    assert "“demo”" in page
    assert ">Demo</span>" in page
    assert "Remove demo data" in page


def test_a_chosen_project_stays_chosen(admin: Client, owner: Project) -> None:
    keep(owner, [item(1)])
    project("other")

    admin.post("/project/", {"project": "other"})

    assert "“other”" in text_of(admin.get("/keys/"))


def test_the_theme_is_a_cookie_the_server_renders(admin: Client, owner: Project) -> None:
    admin.post("/theme/", {"theme": "dark"})

    assert '<html lang="en" data-theme="dark">' in text_of(admin.get("/start/"))


def test_a_strange_theme_is_ignored(admin: Client, owner: Project) -> None:
    admin.cookies["theme"] = '"><script>'

    assert '<html lang="en">' in text_of(admin.get("/start/"))


def test_only_people_who_may_change_things_load_and_remove_the_demo(viewer: Client) -> None:
    Project.objects.create(name="demo", is_demo=True)

    assert viewer.post("/demo/load/").status_code == 403
    assert viewer.post("/demo/remove/").status_code == 403
    assert Project.objects.filter(is_demo=True).exists()


def test_the_demo_is_removed_in_one_click(admin: Client, owner: Project) -> None:
    Project.objects.create(name="demo", is_demo=True)

    admin.post("/demo/remove/")

    assert not Project.objects.filter(is_demo=True).exists()


# --- keys ----------------------------------------------------------------------------------------


def test_a_new_key_is_shown_once(admin: Client, owner: Project) -> None:
    form = {"name": "checkout", "kind": "ro", "expires": "30"}
    first = text_of(admin.post("/keys/", form, follow=True))
    again = text_of(admin.get("/keys/"))

    (key,) = re.findall(r'id="fresh">(fm_ro_[^<]+)<', first)
    assert ApiKey.find(key) == ApiKey.objects.get(name="checkout")
    assert key not in again


def test_a_kind_that_does_not_exist_is_refused(admin: Client, owner: Project) -> None:
    response = admin.post("/keys/", {"kind": "root"})

    assert response.status_code == 422
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_at_once(admin: Client, owner: Project) -> None:
    api = caller(owner, "ro")
    assert api.get("patterns/").status_code == 200

    admin.post(f"/keys/{ApiKey.objects.get().pk}/revoke/")

    assert api.get("patterns/").status_code == 401


def test_asking_to_revoke_changes_nothing(admin: Client, owner: Project) -> None:
    key, _ = ApiKey.create(owner, "ro", "report")

    assert "Revoke “report”?" in text_of(admin.get(f"/keys/{key.pk}/revoke/"))
    assert ApiKey.objects.get().revoked_at is None


def test_a_key_of_another_project_does_not_exist(admin: Client, owner: Project) -> None:
    keep(owner, [item(1)])
    key, _ = ApiKey.create(project("other"), "ro")

    assert admin.post(f"/keys/{key.pk}/revoke/").status_code == 404


def test_a_viewer_sees_keys_but_cannot_touch_them(viewer: Client, owner: Project) -> None:
    key, _ = ApiKey.create(owner, "ro", "report")

    page = text_of(viewer.get("/keys/"))

    assert "report" in page
    assert "Revoke…" not in page
    assert viewer.post("/keys/", {"kind": "ad"}).status_code == 403
    assert viewer.post(f"/keys/{key.pk}/revoke/").status_code == 403


# --- activity, health, search --------------------------------------------------------------------


def test_activity_offers_undo_only_while_it_can_be_undone(admin: Client, owner: Project) -> None:
    learned(owner, 8, tasks=2)
    rows = Pattern.objects.filter(project=owner)
    operation = pruning.prune_patterns(owner, rows, "ada")
    offered = text_of(admin.get("/activity/"))

    undo.undo_or_restore(owner, "ada", operation.pk)

    assert f'value="{operation.pk}"' in offered
    assert f'value="{operation.pk}"' not in text_of(admin.get("/activity/"))


def test_activity_pages_by_cursor(admin: Client, owner: Project) -> None:
    Activity.objects.bulk_create(
        Activity(project=owner, actor="ada", verb="edit", summary=f"change {n}") for n in range(60)
    )

    first = admin.get("/activity/")
    second = admin.get(f"/activity/?{first.context['listing'].next}")

    assert (len(first.context["listing"].rows), len(second.context["listing"].rows)) == (50, 10)


def test_health_tells_what_waits(admin: Client, owner: Project) -> None:
    keep(owner, [item(1)])

    page = text_of(admin.get("/health/"))

    assert "1 interactions wait" in page
    assert "SQLite" in page or "PostgreSQL" in page


def test_search_finds_pages_patterns_and_interactions(admin: Client, owner: Project) -> None:
    (pattern,) = learned(owner, 4)

    assert "/keys/" in text_of(admin.get("/search/?q=api"))
    assert f"/patterns/{pattern.pk}/" in text_of(admin.get("/search/?q=task.0"))
    assert "/interactions/i-2/" in text_of(admin.get("/search/?q=i-2"))


def test_search_text_stays_text(admin: Client, owner: Project) -> None:
    page = text_of(admin.get("/search/", {"q": '"><script>alert(1)</script>'}))

    assert "<script>alert" not in page


def test_the_htmx_configuration_is_json_without_eval(admin: Client, owner: Project) -> None:
    (config,) = re.findall(r"name=\"htmx-config\" content='([^']+)'", text_of(admin.get("/start/")))

    assert json.loads(config)["allowEval"] is False


def test_health_counts_failed_records_tells_why_and_offers_to_try_again(
    admin: Client, viewer: Client
) -> None:
    owner = project()
    keep(owner, [item(0)])
    damage(owner, "i-0")
    learn_all(owner)
    page = admin.get("/health/").content.decode()

    assert "the payload is damaged" in page
    assert 'value="retry_failed"' in page
    assert 'value="retry_failed"' not in viewer.get("/health/").content.decode()
    assert "the payload is damaged" in admin.get("/interactions/i-0/why/").content.decode()
