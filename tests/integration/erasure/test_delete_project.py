"""A deleted project leaves nothing; its neighbour stays."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from featurememory.models import AuditEntry, Project
from integration.doctor.examination import examine
from patterns.models import ModelInteraction, Payload
from tests.builders import caller, learned, project
from tests.integration.erasure.test_erasure import files_with, lived, places
from tests.web import browser, person, text_of


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir(mode=0o700)


def test_a_deleted_project_leaves_no_byte(transactional_db: None) -> None:
    owner, other = project("shop"), project("other")
    lived(owner)
    learned(other, 5)

    call_command("delete_project", "--project", "shop", "--yes", stdout=StringIO())

    assert places("canary") == set()
    if connection.vendor == "sqlite":
        assert files_with("canary") == []
    assert list(Project.objects.all()) == [other]
    assert ModelInteraction.objects.count() == Payload.objects.count() == 5
    assert [one for _, _, found in examine() for one in found] == []
    assert AuditEntry.objects.get(action="project.deleted").object == "shop"


@pytest.mark.django_db
def test_the_command_asks_first(owner: Project) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("delete_project", "--project", "shop")
    with pytest.raises(CommandError, match="no project"):
        call_command("delete_project", "--project", "nobody", "--yes")


@pytest.mark.django_db
def test_a_key_deletes_its_own_project_by_name(owner: Project) -> None:
    learned(owner, 3)
    api = caller(owner, "ad")

    assert api.send("DELETE", "project/", {"name": "other"}).status_code == 422
    assert caller(owner, "rw").send("DELETE", "project/", {"name": "shop"}).status_code == 403
    assert api.send("DELETE", "project/", {"name": "shop"}).json()["interactions"] == 3
    assert api.get("patterns/").status_code == 401


@pytest.mark.django_db
def test_the_page_asks_for_the_name(owner: Project) -> None:
    learned(owner, 3)
    admin = browser(person("ada", superuser=True))

    assert "shop" in text_of(admin.get("/project/delete/"))
    assert admin.post("/project/delete/", {"name": "shap"}).status_code == 422
    assert browser(person("ed", may_change=True)).post("/project/delete/").status_code == 403
    assert admin.post("/project/delete/", {"name": "shop"}).status_code == 302
    assert not Project.objects.filter(name="shop").exists()
