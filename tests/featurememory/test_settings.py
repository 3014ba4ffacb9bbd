"""Settings: the defaults users rely on, and a secret key that is made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from featurememory import settings as module


def test_the_documented_limits_are_the_defaults() -> None:
    assert (settings.BODY_LIMIT, settings.BATCH_BODY_LIMIT) == (1 << 20, 16 << 20)
    assert settings.BATCH_ITEM_LIMIT == 1000


def test_a_secret_key_is_made_once_and_readable_by_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FM_SECRET_KEY", raising=False)
    monkeypatch.setattr(module, "DATA_DIR", tmp_path / "data")
    first = module.load_secret_key()

    assert len(first) >= 50
    assert module.load_secret_key() == first
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_secret_key_that_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_SECRET_KEY", "given")

    assert module.load_secret_key() == "given"


def test_beat_and_the_embedded_runner_share_one_schedule() -> None:
    from integration.tasks import WORK

    scheduled: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    assert scheduled.keys() == settings.BACKGROUND_SCHEDULE.keys() == WORK.keys()
    assert {entry["task"] for entry in scheduled.values()} == WORK.keys()
