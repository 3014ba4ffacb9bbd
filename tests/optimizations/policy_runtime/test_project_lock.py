"""The lock on a project's policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizations.policy_runtime import project_lock
from tests import builders

pytestmark = pytest.mark.django_db


def test_in_memory_nothing_is_written_to_disk(settings: Any, tmp_path: Path) -> None:
    owner = builders.project()
    settings.STORAGE, settings.DATA_DIR = "memory", tmp_path
    project_lock.lock_file.cache_clear()
    with project_lock.lock_project(owner.pk), project_lock.lock_project(owner.pk):
        pass
    project_lock.lock_file.cache_clear()

    assert list(tmp_path.iterdir()) == []
