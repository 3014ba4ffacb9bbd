"""The jobs pages: start, follow, cancel; viewers only look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integration.jobs import queue
from integration.models import Job
from tests.builders import project

pytestmark = pytest.mark.django_db


def signed_in(*, superuser: bool = True) -> Client:
    client = Client()
    users = get_user_model().objects
    user = users.create_superuser("ed") if superuser else users.create_user("vi")
    client.force_login(user)
    return client


def test_a_started_job_leads_to_its_page_and_polls_itself() -> None:
    project()
    client = signed_in()
    answer = client.post("/jobs/", {"kind": "reprocess"}, follow=True)

    assert answer.status_code == 200
    assert 'hx-trigger="every 1s"' in answer.content.decode()


def test_a_job_that_is_over_ends_the_polling() -> None:
    job = queue.start_job(project(), "reprocess", "ed")
    queue.run_queued_jobs()
    answer = signed_in().get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})

    assert answer.status_code == 286
    assert "done" in answer.content.decode()


def test_an_import_without_a_file_says_so() -> None:
    project()
    answer = signed_in().post("/jobs/", {"kind": "import"})

    assert (answer.status_code, Job.objects.count()) == (422, 0)
    assert "Choose a file" in answer.content.decode()


def test_a_file_of_another_kind_is_refused() -> None:
    project()
    file = SimpleUploadedFile("history.exe", b"MZ")
    answer = signed_in().post("/jobs/", {"kind": "import", "file": file})

    assert (answer.status_code, Job.objects.count()) == (422, 0)


def test_a_viewer_sees_the_list_and_may_start_nothing() -> None:
    project()
    client = signed_in(superuser=False)

    assert "New job" not in client.get("/jobs/").content.decode()
    assert client.post("/jobs/", {"kind": "reprocess"}).status_code == 403


def test_another_projects_job_is_not_there() -> None:
    project("aaa")
    job = queue.start_job(project("zzz"), "reprocess", "ed")

    assert signed_in().get(f"/jobs/{job.pk}/").status_code == 404


@pytest.mark.parametrize("name", ["x" * 300 + ".jsonl", "\u00e9" * 200 + ".csv"])
def test_a_file_may_have_a_name_longer_than_the_disk_allows(
    name: str, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    project()
    file = SimpleUploadedFile("any", b"{}")
    file._name = name  # type: ignore[attr-defined]  # Django would cut it here
    answer = signed_in().post("/jobs/", {"kind": "import", "file": file})

    assert answer.status_code == 302
    assert Job.objects.get().params["name"].endswith(name[-5:])
