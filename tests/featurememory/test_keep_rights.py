"""People of an installation without roles keep what they could see and change."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection

from featurememory.access.roles import role_in
from featurememory.models import ProjectRole
from tests.builders import project

pytestmark = pytest.mark.django_db


def test_those_who_could_change_become_editors_and_the_others_viewers_of_everything() -> None:
    users = get_user_model().objects
    change = Permission.objects.get(codename="change_pattern")
    thresholds = Permission.objects.get(codename="change_featurememoryconfig")
    group = Group.objects.create(name="editors")
    group.permissions.add(change)
    people = {name: users.create_user(name) for name in ("looks", "prunes", "grouped", "tunes")}
    people["prunes"].user_permissions.add(change)
    people["grouped"].groups.add(group)
    people["tunes"].user_permissions.add(thresholds)
    root = users.create_superuser("root")

    import_module("featurememory.migrations.0010_keep_rights").keep_rights(apps, connection)

    later = project("made-later")
    found = {name: role_in(person, later.pk) for name, person in people.items()}
    assert found == {"looks": "viewer", "prunes": "editor", "grouped": "editor", "tunes": "editor"}
    assert not ProjectRole.objects.filter(user=root).exists()
    assert role_in(root, later.pk) == "admin"
