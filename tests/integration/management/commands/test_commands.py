"""create_api_key, patterns, cleanup, serve: what they print and what they refuse."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from featurememory.models import Project
from integration.jobs import queue
from integration.models import ApiKey, Job
from patterns.models import Pattern
from patterns.statistics import recount
from tests.builders import KINDS, items, keep, learned, pattern_row, project

pytestmark = pytest.mark.django_db


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, **options: Any) -> str:
    call_command(*arguments, **options)
    return capsys.readouterr().out.strip()


def test_while_rollups_counts_no_worker_takes_its_job(
    capsys: Any, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 6)
    found: list[Job | None] = []
    count = recount.recount_rollups

    def look_and_count(*args: Any) -> Any:
        found.append(queue.claim_job())
        return count(*args)

    monkeypatch.setattr(recount, "recount_rollups", look_and_count)
    text = printed(capsys, "rollups", project=owner.name)

    assert text.startswith("6 interactions counted")
    assert found == [None]
    assert Job.objects.get().started_at is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_printed_once_and_works(capsys: Any, kind: str) -> None:
    text = printed(capsys, "create_api_key", project="fresh", kind=kind, name="CI")

    key = ApiKey.find(text)
    assert key is not None
    assert (key.kind, key.name, key.project.name, key.expires_at) == (kind, "CI", "fresh", None)


@pytest.mark.parametrize(
    ("expires", "length"),
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("90m", timedelta(minutes=90))],
)
def test_a_key_may_expire(capsys: Any, expires: str, length: timedelta) -> None:
    text = printed(capsys, "create_api_key", project="p", kind="ro", expires=expires)
    key = ApiKey.find(text)

    assert key is not None
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - length) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "options",
    [
        {"project": "not a slug!", "kind": "ro"},
        {"project": "p", "kind": "xx"},
        {"project": "p", "kind": "ro", "expires": "soon"},
        {"kind": "ro"},
    ],
)
def test_a_key_nobody_could_mean_is_refused(options: dict[str, str]) -> None:
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()


def test_a_project_that_exists_is_used(capsys: Any) -> None:
    owner = project("mine")
    printed(capsys, "create_api_key", project="mine", kind="ro")

    assert Project.objects.get() == owner


def test_patterns_are_printed_as_json_like_the_api_shows_them(capsys: Any) -> None:
    owner = project("mine")
    learned(owner, 6, tasks=2)
    pattern_row(owner, 9, status="archived")
    found = json.loads(printed(capsys, "patterns", project="mine", format="json"))

    assert len(found) == 2
    assert found[0].keys() >= {"id", "template", "slots", "features", "metadata"}
    assert found[0]["metadata"]["use_count"] == 3


def test_patterns_are_printed_for_people_too(capsys: Any) -> None:
    owner = project("mine")
    pattern_row(owner, 1, use_count=42, confidence=0.9, template="Two\nlines")

    assert printed(capsys, "patterns") == "42  0.90  Two lines"


@pytest.mark.parametrize("command", ["patterns", "cleanup"])
def test_a_project_that_is_not_there_is_told(command: str) -> None:
    with pytest.raises(CommandError, match="no project 'none'"):
        call_command(command, project="none")


def test_a_dry_cleanup_prints_what_would_go_and_does_nothing(capsys: Any) -> None:
    owner = project("mine")
    keep(owner, items(1))
    pattern_row(owner, 1, confidence=0.1, last_used=timezone.now() - timedelta(days=9000))
    told = printed(capsys, "cleanup", dry_run=True)
    assert told.startswith("mine: 1 weak")
    assert "would be deleted" in told
    assert Pattern.objects.stored().exists()

    assert "deleted" in printed(capsys, "cleanup", project="mine")
    assert not Pattern.objects.stored().exists()


@pytest.mark.parametrize("port", [0, 70_000])
def test_serve_refuses_a_port_that_is_none(port: int) -> None:
    with pytest.raises(CommandError, match=f"--port {port}"):
        call_command("serve", port=port)
