"""The jobs pages: start, follow, cancel; viewers only look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integration.jobs import queue
from integration.jobs.uploads import folder
from integration.models import Job
from patterns.models import ModelInteraction
from tests.builders import project
from tests.web import person

pytestmark = pytest.mark.django_db


def signed_in(*, superuser: bool = True) -> Client:
    client = Client()
    users = get_user_model().objects
    user = users.create_superuser("ed") if superuser else person("vi")
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
    assert "New job" in signed_in().get("/jobs/").content.decode()
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


TABLE = b"engine,prompt,when\ngpt-5-mini,Where is <b>it</b>?,5\n,Who?,6\n"
CHOSEN = {
    "format": "columns",
    "column": ["engine", "prompt", "when"],
    "field": ["model_id", "input", "timestamp"],
}


@pytest.fixture
def draft(settings: Any, tmp_path: Path) -> Job:
    """A table that was uploaded and waits for its person."""
    project()
    settings.DATA_DIR = tmp_path
    file = SimpleUploadedFile("table.csv", TABLE)
    answer = signed_in().post("/jobs/", {"kind": "import", "file": file}, follow=True)
    assert answer.status_code == 200
    return Job.objects.get()


def test_an_upload_shows_its_first_rows_before_anything_is_stored(draft: Job) -> None:
    page = maria().get(f"/jobs/{draft.pk}/").content.decode()

    assert draft.state == "preview"
    assert "Where is &lt;b&gt;it&lt;/b&gt;?" in page
    assert "needs model_id and timestamp" in page
    assert queue.run_queued_jobs() == 0
    assert not ModelInteraction.objects.exists()


def test_columns_can_be_chosen_and_looked_at_again(draft: Job) -> None:
    page = maria().get(f"/jobs/{draft.pk}/", CHOSEN).content.decode()

    assert "<td>gpt-5-mini</td>" in page
    assert "<option selected>timestamp</option>" in page


def test_a_started_import_tells_what_was_refused_and_leaves_no_upload(draft: Job) -> None:
    client = maria()
    client.post(f"/jobs/{draft.pk}/start/", CHOSEN)
    queue.run_queued_jobs()
    page = client.get(f"/jobs/{draft.pk}/").content.decode()
    errors = client.get(f"/jobs/{draft.pk}/errors.csv")

    assert ModelInteraction.objects.get().model_id == "gpt-5-mini"
    assert "1 stored, 0 duplicates, 1 rejected" in page
    assert b"2,a row needs model_id" in b"".join(errors)
    assert [path.suffix for path in folder().iterdir()] == [".csv"]
    assert client.post(f"/jobs/{draft.pk}/start/", CHOSEN).status_code == 409


def test_a_column_that_is_no_field_is_refused_and_the_upload_stays(draft: Job) -> None:
    wrong = {**CHOSEN, "field": ["model_id", "nonsense", "timestamp"]}
    answer = maria().post(f"/jobs/{draft.pk}/start/", wrong)
    draft.refresh_from_db()

    assert answer.status_code == 422
    assert "there is no field" in answer.content.decode()
    assert draft.state == "preview"


def test_a_cancelled_upload_is_removed_at_once(draft: Job) -> None:
    maria().post(f"/jobs/{draft.pk}/cancel/")

    assert list(folder().iterdir()) == []
    assert maria().get(f"/jobs/{draft.pk}/errors.csv").status_code == 404


def test_a_viewer_starts_no_upload(draft: Job) -> None:
    client = signed_in(superuser=False)

    assert client.post(f"/jobs/{draft.pk}/start/", CHOSEN).status_code == 403
    assert "Start import" not in client.get(f"/jobs/{draft.pk}/").content.decode()


def maria() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username="ed"))
    return client


def test_a_broken_archive_is_refused_at_once_and_leaves_no_file(
    settings: Any, tmp_path: Path
) -> None:
    project()
    settings.DATA_DIR = tmp_path
    file = SimpleUploadedFile("calls.jsonl.gz", b"\x1f\x8b\x08broken")
    answer = signed_in().post("/jobs/", {"kind": "import", "file": file})

    assert answer.status_code == 422
    assert "cannot be read" in answer.content.decode()
    assert not Job.objects.exists()
    assert list(folder().iterdir()) == []


def test_a_file_for_another_job_starts_nothing() -> None:
    """Who chose a file does not want all interactions to be matched again."""
    file = SimpleUploadedFile("calls.jsonl", b"{}")
    answer = signed_in().post("/jobs/", {"kind": "reprocess", "file": file})

    assert answer.status_code == 422
    assert "takes no file" in answer.content.decode()
    assert not Job.objects.exists()
