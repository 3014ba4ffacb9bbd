"""The audit log over the API and as a page: every change, with who, how and from where."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from featurememory.audit import sign_ins
from featurememory.audit.chain import find_break
from featurememory.database.redis_cache import OptionalRedisCache
from featurememory.models import AuditEntry, Project
from integration.models import ApiKey
from patterns.models import Pattern
from tests.builders import caller, learned, project
from tests.web import browser, person, text_of

pytestmark = pytest.mark.django_db


def entries(owner: Project, **query: Any) -> list[dict[str, Any]]:
    answer = caller(owner, "ad").get("audit/", **query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def entry(owner: Project, action: str) -> dict[str, Any]:
    return entries(owner, action=action)[0]


def test_a_change_by_a_key_is_told(owner: Project) -> None:
    caller(owner, "ad").patch("config/", {"patterns": {"confidence_threshold": 0.71}})

    told = entry(owner, "threshold.changed")
    assert (told["actor"], told["via"], told["address"]) == ("key ad key", "key", "127.0.0.1")
    assert told["before"] == {"confidence_threshold": 0.7}
    assert told["after"] == {"confidence_threshold": 0.71}
    assert len(told["hash"]) == 64


def test_what_people_do_to_patterns_is_told(owner: Project) -> None:
    first, second, third = (str(row.pk) for row in learned(owner, 12, tasks=3))
    api = caller(owner, "rw")
    api.post("patterns/prune/", {"ids": [third]})
    api.post("patterns/restore/", {"ids": [third]})
    api.post("patterns/merge/", {"ids": [first, second]})
    api.patch(f"patterns/{third}/", {"label": "Orders"})
    (slot, *_) = api.get(f"patterns/{third}/").json()["slots"]
    assert api.post(f"patterns/{third}/split/", {"by": slot["name"]}).status_code == 200

    actions = [one["action"] for one in entries(owner, action="pattern")]
    told = "split", "edited", "merged", "restored", "pruned"
    assert actions == [f"pattern.{one}" for one in told]
    assert entry(owner, "pattern.edited")["after"] == {"label": "Orders"}
    assert entry(owner, "pattern.pruned")["object"] == third


def test_models_and_prices_are_told(owner: Project) -> None:
    api = caller(owner, "ad")
    api.post("models/", {"model_id": "large", "prices": {"input_per_1m": 3}})
    api.post("models/", {"model_id": "large", "prices": {"input_per_1m": 4}})

    assert [one["action"] for one in entries(owner, action="model")] == ["model.changed"]
    prices = entries(owner, action="price.changed")
    assert [one["after"]["input_per_1m"] for one in prices] == [4, 3]
    assert prices[0]["before"]["input_per_1m"] == 3
    assert prices[0]["actor"] == "key ad key"


def test_keys_made_and_revoked_are_told_without_their_secret(owner: Project) -> None:
    client = browser(person("ada", superuser=True))
    client.post("/keys/", {"kind": "ro", "name": "by page", "expires": ""})
    key = ApiKey.objects.get(name="by page")
    client.post(f"/keys/{key.pk}/revoke/")
    call_command("create_api_key", project="shop", kind="ro", name="by command")

    made = {one["after"]["name"]: one for one in entries(owner, action="key.created")}
    assert (made["by page"]["actor"], made["by page"]["via"]) == ("ada", "page")
    assert made["by command"]["via"] == "command"
    assert entry(owner, "key.revoked")["actor"] == "ada"
    assert key.digest not in str(entries(owner))


def test_transitions_of_the_engine_are_told(owner: Project) -> None:
    learned(owner, 12)
    api = caller(owner, "rw")
    order = {
        "type": "route_model",
        "task_type": "task.0",
        "model_id": "a",
        "params": {"model_id": "b"},
    }
    made = api.post("optimizations/", order).json()
    api.post(f"optimizations/{made['id']}/block/", {})

    told = entries(owner, action="optimization")
    assert {"optimization.block", "optimization.stored"} <= {one["action"] for one in told}
    assert {one["object"] for one in told} == {made["id"]}


def test_sign_ins_are_told(owner: Project, client: Client) -> None:
    person("vic")
    client.post("/login/", {"username": "vic", "password": "wrong"})
    client.post("/login/", {"username": "vic", "password": "look-42-twice"})

    assert [one["action"] for one in entries(owner, action="login")] == ["login.ok", "login.failed"]
    assert {one["actor"] for one in entries(owner, actor="vic")} == {"vic"}


def test_strangers_cannot_fill_it(
    owner: Project, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MOST_A_MINUTE", 3)
    for _ in range(6):
        sign_ins.note_failure({"username": "x" * 999})

    assert AuditEntry.objects.filter(action="login.failed").count() <= 6
    assert "not recorded" in AuditEntry.objects.filter(reason__gt="").latest("number").reason


def test_a_wrong_password_is_told_while_redis_is_down(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = OptionalRedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(sign_ins, "cache", down)

    answer = Client().post("/login/", {"username": "lea", "password": "wrong"})

    assert answer.status_code == 200
    assert entry(owner, "login.failed")["actor"] == "lea"


def test_roles_given_and_taken_by_command_are_told(owner: Project) -> None:
    person("vic")
    for role in ("editor", "none"):
        call_command("grant", user="vic", project="shop", role=role, stdout=StringIO())

    given, taken = entry(owner, "right.granted"), entry(owner, "right.withdrawn")
    assert (given["via"], given["object"]) == ("command", "vic in shop")
    assert (given["before"], given["after"]) == ({"role": "none"}, {"role": "editor"})
    assert taken["before"] == {"role": "editor"}


def test_a_role_in_every_project_is_told_in_each_of_them(owner: Project) -> None:
    person("vic")
    call_command("grant", user="vic", project="*", role="editor", stdout=StringIO())

    assert entry(owner, "right.granted")["object"] == "vic in every project"


def test_exports_are_told(owner: Project) -> None:
    learned(owner, 3)
    browser(person("vic")).get("/patterns/patterns.csv")

    assert entry(owner, "export.made")["object"] == "patterns.csv"


def test_it_can_be_narrowed_by_time(owner: Project) -> None:
    caller(owner, "ad")

    assert entries(owner, **{"from": "2020-01-01T00:00:00Z"})
    assert entries(owner, to="2020-01-01T00:00:00Z") == []
    assert caller(owner, "ad").get("audit/", to="soon").status_code == 422


def test_it_is_paged_like_every_list(owner: Project) -> None:
    for number in range(3):
        ApiKey.create(owner, "ro", str(number))
    page = caller(owner, "ad").get("audit/", limit=2).json()
    after = caller(owner, "ad").get("audit/", limit=2, cursor=page["meta"]["next_cursor"]).json()

    numbers = [one["number"] for one in page["data"] + after["data"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def test_other_keys_and_other_projects_see_nothing_of_it(owner: Project) -> None:
    other = project("other")
    learned(owner, 3)
    Pattern.objects.all()
    caller(owner, "ad").patch("config/", {"patterns": {"confidence_threshold": 0.71}})

    assert entries(other, action="threshold.changed") == []
    for kind in ("in", "ro", "rw"):
        assert caller(owner, kind).get("audit/").status_code == 403


def test_the_page_shows_it_to_people_who_may_change(owner: Project) -> None:
    caller(owner, "ad").patch("config/", {"patterns": {"confidence_threshold": 0.71}})
    admin = browser(person("ada", superuser=True))

    assert "threshold.changed" in text_of(admin.get("/activity/audit/"))
    assert "/activity/audit/" in text_of(admin.get("/activity/"))
    assert browser(person("vic")).get("/activity/audit/").status_code == 403


def test_the_whole_chain_holds_after_all_that(owner: Project) -> None:
    test_what_people_do_to_patterns_is_told(owner)

    assert find_break(owner.pk) == ""
