"""People added in the admin see something: they get a first role with their name."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from featurememory.models import AuditEntry, ProjectRole
from tests.builders import project
from tests.web import browser

pytestmark = pytest.mark.django_db
PLACE = "/admin/auth/user/add/"
PASSWORD = {"password1": "look-do-not-touch-42", "password2": "look-do-not-touch-42"}


@pytest.fixture
def boss() -> Client:
    return browser(get_user_model().objects.create_superuser("boss"))


def test_the_form_offers_to_look_at_the_project_one_is_in(boss: Client) -> None:
    own = project("shop")
    form = boss.get(PLACE).context["adminform"].form

    assert (form.get_initial_for_field(form.fields["role"], "role")) == "viewer"
    assert (form.get_initial_for_field(form.fields["project"], "project")) == own.pk


def test_a_new_person_has_the_role_and_the_log_says_so(boss: Client) -> None:
    own = project("shop")
    sent = {"username": "vic", "usable_password": "true", "project": str(own.pk), **PASSWORD}
    answer = boss.post(PLACE, sent | {"role": "viewer"})

    assert answer.status_code == 302, answer.context["errors"]
    assert ProjectRole.objects.get(user__username="vic", project=own).role == "viewer"
    assert AuditEntry.objects.filter(action="right.granted").count() == 1


def test_a_role_needs_a_project_and_a_person_needs_no_role(boss: Client) -> None:
    sent = {"username": "vic", "usable_password": "true", **PASSWORD}

    assert "Choose the project" in boss.post(PLACE, sent | {"role": "viewer"}).content.decode()
    assert boss.post(PLACE, sent | {"role": ""}).status_code == 302
    assert not ProjectRole.objects.exists()
