from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from optimizations.models import EvaluationTask
from tests import builders
from tests.web import browser, person, text_of

pytestmark = pytest.mark.django_db
PAGE = "/optimizations/evaluations/"
LINES = b'{"model_id":"m","input":1,"score":1}\n{"model_id":"n","input":1,"score":0.5}\n'


def upload(visitor: Client, raw: bytes = LINES, name: str = "tickets.ndjson") -> Any:
    files = {"file": SimpleUploadedFile(name, raw), "set": "", "map": ""}
    return visitor.post(f"{PAGE}upload/", files, follow=True)


def test_no_set_yet_says_how_to_send_one() -> None:
    builders.project()

    assert "No set yet" in text_of(browser(person("ann", superuser=True)).get(PAGE))


def test_a_file_becomes_a_set_named_after_it() -> None:
    owner = builders.project()

    answer = upload(browser(person("ann", superuser=True)))

    assert "2 answers to 1 new tasks stored." in text_of(answer)
    assert EvaluationTask.objects.get(project=owner).set_name == "tickets.ndjson"


def test_what_is_refused_is_said() -> None:
    builders.project()

    answer = upload(browser(person("ann", superuser=True)), LINES + b"nonsense\n")

    assert "Refused: line 3" in text_of(answer)


def test_a_set_is_deleted() -> None:
    builders.project()
    visitor = browser(person("ann", superuser=True))
    upload(visitor)

    visitor.post(f"{PAGE}delete/", {"set": "tickets.ndjson"})

    assert not EvaluationTask.objects.exists()


def test_a_viewer_sees_the_sets_and_changes_none() -> None:
    builders.project()
    upload(browser(person("ann", superuser=True)))

    visitor = browser(person("bob"))

    assert "tickets.ndjson" in text_of(visitor.get(PAGE))
    assert visitor.post(f"{PAGE}delete/", {"set": "tickets.ndjson"}).status_code == 403
    assert EvaluationTask.objects.exists()
