"""A backup while others write."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from featurememory.models import Project
from integration.archive.archive_file import read_members
from integration.archive.backup import back_up
from tests.builders import learned


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_everything(tmp_path: Path) -> None:
    owner = Project.objects.create(name="shop")
    learned(owner, 5)
    path = tmp_path / "backup"

    back_up(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as copy:
            (count,) = copy.execute("SELECT count(*) FROM patterns_modelinteraction").fetchone()
        assert count == 5
    else:
        with tarfile.open(path) as tar:
            assert tar.getnames() == ["shop.tar.zst"]
            tar.extractall(tmp_path, filter="data")
        names = [name for name, _ in read_members(tmp_path / "shop.tar.zst")]
        assert "ModelInteraction/000001.jsonl" in names


@pytest.mark.django_db(transaction=True)
def test_a_backup_to_nowhere_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", str(tmp_path / "missing" / "backup"))
