"""The admin follows the roles of projects: rows, filters and changes."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from featurememory.models import Activity, AuditEntry, ProjectRole
from integration.models import ApiKey
from tests.builders import learned, project
from tests.web import browser, member, text_of

pytestmark = pytest.mark.django_db

LISTS = [
    "featurememory/featurememoryconfig",
    "featurememory/configversion",
    "featurememory/activity",
    "patterns/pattern",
    "patterns/operation",
    "integration/apikey",
]


@pytest.mark.parametrize("path", ["", *LISTS])
def test_an_editor_sees_rows_and_names_of_the_own_project_only(path: str) -> None:
    own, other = project("mine"), project("hidden-one")
    for owner in (own, other):
        learned(owner, 3, task_type=f"task.{owner}")
        assert owner.config
    person = browser(member("ed", mine="editor"))

    response = person.get(f"/admin/{path}/".replace("//", "/"), follow=True)

    assert response.status_code == 200
    assert "hidden-one" not in text_of(response)


def test_thresholds_of_another_project_can_neither_be_seen_nor_changed() -> None:
    project("mine")
    other = project("other")
    person = browser(member("ed", mine="editor"))
    place = f"/admin/featurememory/featurememoryconfig/{other.config.pk}/change/"

    assert person.get(place, follow=True).redirect_chain[0][0] == "/admin/"
    person.post(place, {"max_patterns": "5"})
    other.config.refresh_from_db()
    assert other.config.max_patterns == 1000


def test_a_viewer_is_not_let_in() -> None:
    project("mine")

    assert browser(member("vic", mine="viewer")).get("/admin/", follow=True).status_code == 403


def test_an_editor_revokes_no_key_of_a_stronger_kind() -> None:
    own = project("mine")
    keys = [ApiKey.create(own, kind)[0].pk for kind in ("ad", "rw")]
    person = browser(member("ed", mine="editor"))

    person.post("/admin/integration/apikey/", {"action": "revoke", "_selected_action": keys})

    revoked = ApiKey.objects.filter(revoked_at__isnull=False)
    assert list(revoked.values_list("kind", flat=True)) == ["rw"]


@pytest.mark.parametrize(
    "path", ["auth/user/", "featurememory/project/", "featurememory/projectrole/"]
)
def test_users_projects_and_roles_are_not_an_editors(path: str) -> None:
    project("mine")

    assert browser(member("ed", mine="admin")).get(f"/admin/{path}").status_code == 403


def test_a_superuser_gives_a_role_and_it_stands_in_the_activity() -> None:
    own, person = project("mine"), member("vic")
    root = browser(get_user_model().objects.create_superuser("root"))
    given = {"user": person.pk, "project": str(own.pk), "role": "viewer"}

    root.post("/admin/featurememory/projectrole/add/", given)

    assert ProjectRole.objects.get(user=person).role == "viewer"
    assert Activity.objects.get(project=own).summary == "Role of vic: none → viewer"
    told = AuditEntry.objects.get(action="right.granted")
    assert (told.project, told.actor, told.object) == (own, "root", "vic in mine")


def test_roles_taken_away_together_are_each_in_the_audit_log() -> None:
    own, other = project("mine"), project("other")
    member("vic", mine="viewer", other="editor")
    root = browser(get_user_model().objects.create_superuser("root"))
    chosen = list(ProjectRole.objects.values_list("pk", flat=True))
    action = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}

    root.post("/admin/featurememory/projectrole/", action)

    assert not ProjectRole.objects.exists()
    told = AuditEntry.objects.filter(action="right.withdrawn").order_by("before")
    assert [(one.project, one.before) for one in told] == [
        (other, '{"role":"editor"}'),
        (own, '{"role":"viewer"}'),
    ]


def test_a_role_moved_to_another_person_is_withdrawn_from_the_first() -> None:
    own, vic, tom = project("mine"), member("vic", mine="viewer"), member("tom")
    root = browser(get_user_model().objects.create_superuser("root"))
    row = ProjectRole.objects.get(user=vic)
    moved = {"user": tom.pk, "project": str(own.pk), "role": "viewer"}

    root.post(f"/admin/featurememory/projectrole/{row.pk}/change/", moved)

    told = AuditEntry.objects.filter(action__startswith="right.").order_by("number")
    assert [(one.action, one.object) for one in told] == [
        ("right.withdrawn", "vic in mine"),
        ("right.granted", "tom in mine"),
    ]


def test_who_became_superuser_or_was_deleted_is_in_the_audit_log() -> None:
    project("mine")
    vic = member("vic", mine="viewer")
    root = browser(get_user_model().objects.create_superuser("root"))
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    form = {"username": "vic", "is_active": "on", "is_superuser": "on", **joined}

    root.post(f"/admin/auth/user/{vic.pk}/change/", form)
    root.post(f"/admin/auth/user/{vic.pk}/delete/", {"post": "yes"})

    told = {one.action: one for one in AuditEntry.objects.exclude(action__startswith="login")}
    assert '"is_superuser":true' in told["user.changed"].after
    assert '"is_superuser":false' in told["user.changed"].before
    assert told["user.deleted"].object == "vic"
    assert told["right.withdrawn"].object == "vic in mine"


def test_the_admin_has_no_sign_in_of_its_own(client: Client) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/?next=")
    assert client.post("/admin/login/", {"username": "a"}).status_code == 302
