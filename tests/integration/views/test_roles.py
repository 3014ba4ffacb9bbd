"""Roles on the pages: what a person sees, is offered, and may do, project by project."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from featurememory.config import forget_config, patch_config
from featurememory.models import Activity, Project, ProjectRole
from integration.models import ApiKey
from tests.builders import Caller, caller, item, learned, project
from tests.integration.api.test_authentication import filled
from tests.web import browser, member, text_of

pytestmark = pytest.mark.django_db


def page_paths(patterns: list[Any], prefix: str = "") -> list[str]:
    """Every address of the product that is no API."""
    found: list[str] = []
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += page_paths(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and not path.startswith(
            ("api/", "^", "health/", "metr")
        ):
            found.append(path)
    return found


PAGES = sorted(path for path in page_paths(get_resolver().url_patterns) if "admin/" not in path)


def neighbours() -> tuple[Project, Project, dict[str, str]]:
    """The own project, another one full of secrets, and the names of the other's things."""
    own, other = project("mine"), project("hidden-one")
    learned(own, 4)
    (pattern, *_) = learned(other, 12, tasks=2, task_type="secret.task", model_id="secret-model")
    Activity.objects.create(project=other, actor="secret person", verb="edit", summary="secret")
    return own, other, {"pattern_id": str(pattern.pk), "interaction_id": "i-11"}


@pytest.mark.parametrize("path", [path for path in PAGES if "login" not in path])
def test_no_page_shows_a_project_without_a_role(path: str) -> None:
    _, other, names = neighbours()
    person = browser(member("third", mine="viewer"))
    person.post("/project/", {"project": other.name})
    for method in ("get", "post"):
        asked = "/" + filled(path, {"pk": "1", "token": "x", **names})
        response = getattr(person, method)(asked, {"ids": [names["pattern_id"]]})
        told = b"".join(response) if response.streaming else response.content
        assert response.status_code < 500
        assert b"secret" not in told
        assert b"hidden-one" not in told
        if not person.session.get("_auth_user_id"):  # the page signed out
            person.force_login(member(f"again-{path}", mine="viewer"))


def test_people_without_any_role_are_told_whom_to_ask(client: Client) -> None:
    project("shop")
    client.force_login(member("nobody"))

    response = client.get("/")

    assert response.status_code == 403
    assert "No project yet" in text_of(response)
    assert "shop" not in text_of(client.get("/nowhere/"))


def test_strangers_do_not_learn_names_of_projects_from_a_missing_page(client: Client) -> None:
    project("shop")

    assert "shop" not in text_of(client.get("/nowhere/"))


NO_JOB = "01890a5d-ac96-774b-bcce-b302099a8057"
CHANGES = [
    *("/patterns/prune/", "/patterns/pin/", "/patterns/merge/", "/jobs/", "/keys/"),
    *("/models/save/", "/models/load-prices/", f"/jobs/{NO_JOB}/start/"),
]


@pytest.mark.parametrize("path", CHANGES)
def test_an_editor_of_one_project_changes_nothing_in_another(path: str) -> None:
    project("mine")
    project("other")
    person = browser(member("ed", mine="editor", other="viewer"))
    person.post("/project/", {"project": "other"})

    assert person.post(path, {}).status_code == 403
    person.post("/project/", {"project": "mine"})
    assert person.post(path, {"kind": "none"}).status_code != 403


@pytest.mark.parametrize(
    ("role", "kinds"), [("viewer", []), ("editor", ["in", "ro", "rw"]), ("admin", ["ad", "in"])]
)
def test_a_key_is_never_stronger_than_its_maker(role: str, kinds: list[str]) -> None:
    project("mine")
    person = browser(member("ed", mine=role))
    offered = text_of(person.get("/keys/"))

    for kind in ("in", "ro", "rw", "ad", "AD", "ad "):
        person.post("/keys/", {"kind": kind, "name": kind})
    made = set(ApiKey.objects.values_list("kind", flat=True))
    assert made >= set(kinds)
    assert ("ad" in made) == (role == "admin") == ('value="ad"' in offered)


def test_a_key_loses_what_its_maker_loses() -> None:
    owner = project("mine")
    person = member("ed", mine="editor")
    _, text = ApiKey.create(owner, "rw", "service", maker=person)
    _, other = ApiKey.create(owner, "in", "by a command")

    def answers() -> list[int]:
        from integration.api.authentication import known_keys

        known_keys.clear()  # as after the seconds that keys are remembered
        return [
            Caller(text).get("patterns/").status_code,
            Caller(text).post("interactions/", item(1)).status_code // 100 * 100,
            Caller(other).post("interactions/", item(1)).status_code // 100 * 100,
        ]

    assert answers() == [200, 200, 200]
    call_command("grant", user="ed", project="mine", role="viewer")
    assert answers() == [200, 400, 200]
    call_command("grant", user="ed", project="mine", role="none")
    assert answers() == [403, 400, 200]
    call_command("grant", user="ed", project="mine", role="editor")
    assert answers() == [200, 200, 200]
    person.delete()
    assert answers() == [403, 400, 200]
    told = Caller(text).get("patterns/").json()["detail"]
    assert "Whoever made this key may no longer do this" in told


def test_people_revoke_their_own_keys_and_those_they_could_make() -> None:
    owner = project("mine")
    strong, _ = ApiKey.create(owner, "ad", "strong")
    weak, _ = ApiKey.create(owner, "rw", "weak")
    person = member("ed", mine="editor")
    page = browser(person)
    own, _ = ApiKey.create(owner, "ad", "own", maker=person)

    offered = text_of(page.get("/keys/"))
    for key, allowed in ((strong, False), (weak, True), (own, True)):
        assert (f"/keys/{key.pk}/revoke/" in offered) == allowed
        assert page.post(f"/keys/{key.pk}/revoke/").status_code == (302 if allowed else 403)


def test_grant_gives_changes_and_takes_a_role_and_it_stands_in_the_activity(
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = project("mine")
    person = member("lea")
    for role in ("viewer", "admin", "none"):
        call_command("grant", user="lea", project="mine", role=role)
    call_command("grant", user="lea", project="*", role="viewer")

    assert ProjectRole.objects.get(user=person).project is None
    told = list(Activity.objects.filter(project=owner).order_by("pk").values_list("summary"))
    assert told[1] == ("Role of lea: viewer → admin",)
    assert browser(person).get("/patterns/").status_code == 200


@pytest.mark.parametrize("wrong", [{"user": "nobody"}, {"project": "nothing"}])
def test_grant_names_what_does_not_exist(wrong: dict[str, str]) -> None:
    project("mine")
    member("lea")
    given = {"user": "lea", "project": "mine", "role": "viewer"} | wrong

    with pytest.raises(Exception, match="There is no"):
        call_command("grant", **given)


def test_only_who_may_change_every_project_loads_the_demo() -> None:
    owner = project("mine")
    person = browser(member("ed", mine="admin"))

    assert person.post("/demo/load/").status_code == 403
    assert "Load demo data" not in text_of(person.get("/start/"))
    assert caller(owner, "ad").get("patterns/").status_code == 200


EXPORTS = ["/patterns/patterns.csv", "/patterns/patterns.jsonl", "/interactions/i-1/payload.json"]


@pytest.mark.parametrize("path", EXPORTS)
def test_viewers_export_unless_the_project_keeps_it_from_them(path: str) -> None:
    owner = project("mine")
    learned(owner, 4)
    viewer, editor = (browser(member(role, mine=role)) for role in ("viewer", "editor"))
    assert viewer.get(path).status_code == 200

    patch_config(owner.pk, {"privacy": {"export_by_viewers": False}}, "test")
    forget_config()  # which the commit does, and there is none in a test
    assert viewer.get(path).status_code == 403
    assert editor.get(path).status_code == 200
    for page in ("/patterns/", "/interactions/i-1/"):
        shown = text_of(viewer.get(page))
        assert path.rpartition("/")[2] not in shown
