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
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"


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


def run_alone(name: str, *options: str) -> str:
    """With a database of its own, whatever the tests run on."""
    return run(
        sys.executable, str(EXAMPLES / name), *options, PYTHONPATH=str(ROOT),
        FM_DATABASE_URL="", FM_REDIS_URL="",
    )  # fmt: skip


def test_pipelines_of_scikit_learn_are_run_learned_and_drawn(tmp_path: Path) -> None:
    plot = tmp_path / "savings.html"
    said = run_alone(
        "routing_pipelines.py", "--tasks", "200", "--kinds", "iris.species", "--plot", str(plot)
    )

    handled = [line.split() for line in said.splitlines() if line.startswith("iris.species")]
    assert sum(int(words[2]) for words in handled) == 200
    assert "route_model" in said  # proposed
    assert "saved " in said
    assert "Routing between three pipelines" in plot.read_text()


def test_a_generator_of_sounds_is_run_with_its_time_and_memory_forecast() -> None:
    said = run_alone("audio_pipeline.py", "--tasks", "200")

    assert "sound.jingle: " in said
    assert "a call takes" in said
    shares = {
        line.split()[0]: int(line.split()[4]) for line in said.splitlines() if "as forecast" in line
    }
    assert set(shares) == {"duration", "memory_usage"}


def test_every_example_is_listed() -> None:
    listed = (EXAMPLES / "README.md").read_text()

    assert [path.name for path in EXAMPLES.glob("*.py") if f"({path.name})" not in listed] == []
