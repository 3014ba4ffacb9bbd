"""The programs of docs/examples run as they are, against a server that really runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from featurememory.models import Project
from patterns.models import ModelInteraction
from tests.builders import key_of, project
from tests.integration.client.programs import FOLDER
from tests.integration.views.test_get_started import openai_url, run

__all__ = ["openai_url"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def owner() -> Project:
    return project()


def tokens(owner: Project) -> list[tuple[str, float | None]]:
    rows = ModelInteraction.objects.filter(project=owner)
    return [(row.model_id, row.input_tokens) for row in rows]


def test_an_application_of_openai_is_remembered_by_one_line(
    live_server: Any, owner: Project, openai_url: str
) -> None:
    environment = {"OPENAI_BASE_URL": openai_url, "OPENAI_API_KEY": "k", "PYTHONPATH": str(FOLDER)}
    environment |= {
        "FEATURE_MEMORY_URL": live_server.url,
        "FEATURE_MEMORY_KEY": key_of(owner, "in"),
    }
    run(sys.executable, str(EXAMPLES / "openai_app.py"), **environment)

    assert tokens(owner) == [("gpt-5-mini", 41)] * 4


def test_an_application_that_sends_traces_needs_no_change(live_server: Any, owner: Project) -> None:
    headers = f"Authorization=Bearer%20{key_of(owner, 'in')}"
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": live_server.url,
        "OTEL_EXPORTER_OTLP_HEADERS": headers,
    }
    run(sys.executable, str(EXAMPLES / "opentelemetry_app.py"), **environment)

    assert tokens(owner) == [("gpt-5-mini", 12)] * 4


def test_every_example_is_listed() -> None:
    listed = (EXAMPLES / "README.md").read_text()

    assert [path.name for path in EXAMPLES.glob("*.py") if f"({path.name})" not in listed] == []
