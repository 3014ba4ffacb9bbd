"""Jobs by the API: only what needs nothing else to begin is started there."""

from __future__ import annotations

import pytest

from integration.api.jobs import STARTED_HERE
from integration.models import Job
from tests.builders import caller, project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["demo", "import", "erase", "follow_split", "dance"])
def test_a_job_that_begins_elsewhere_is_refused_with_what_to_do(kind: str) -> None:
    answer = caller(project("shop")).post("jobs/", {"kind": kind})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/kind"
    assert not Job.objects.exists()


@pytest.mark.parametrize("kind", STARTED_HERE)
def test_the_others_are_queued(kind: str) -> None:
    answer = caller(project("shop")).post("jobs/", {"kind": kind})

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
