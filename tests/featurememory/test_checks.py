"""Start-up checks: settings that contradict each other are told with an id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

POSTGRESQL = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}


@pytest.fixture(autouse=True)
def _private_data(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def ids(**options: Any) -> set[str]:
    found = run_checks(**options)
    return {str(message.id) for message in found if str(message.id).startswith("featurememory.")}


def test_the_shipped_settings_have_nothing_to_complain_about() -> None:
    assert ids(include_deployment_checks=True) == set()


def test_redis_with_sqlite_is_an_error(settings: Any, monkeypatch: Any) -> None:
    settings.REDIS_URL = "redis://localhost"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", SQLITE["default"]["ENGINE"])
    assert ids() == {"featurememory.E001"}

    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", POSTGRESQL["default"]["ENGINE"])
    assert ids() == set()


def test_memory_with_several_processes_is_an_error(settings: Any) -> None:
    settings.STORAGE, settings.DATABASE_URL, settings.REDIS_URL = "memory", "", ""
    assert ids() == set()

    settings.EMBEDDED = False
    assert ids() == {"featurememory.E003"}


def test_a_batch_that_could_not_hold_one_interaction_is_an_error(settings: Any) -> None:
    settings.BATCH_BODY_LIMIT = settings.BODY_LIMIT - 1
    assert ids() == {"featurememory.E002"}

    settings.BATCH_BODY_LIMIT = settings.BODY_LIMIT
    assert ids() == set()


def test_answering_every_host_is_a_warning_for_deployment(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert ids() == set()
    assert ids(include_deployment_checks=True) == {"featurememory.W001"}


def test_data_that_others_can_read_is_a_warning(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    base = tmp_path / "featurememory.sqlite3"
    base.touch(0o644)
    base.chmod(0o644)
    tmp_path.chmod(0o755)
    assert ids() == {"featurememory.W002"}

    tmp_path.chmod(0o700)
    assert ids() == set()
    tmp_path.chmod(0o755)
    base.chmod(0o600)
    assert ids() == set()
