"""A backup of everything while the server runs.

SQLite: a copy of the database, checked. PostgreSQL: a tar with the archive of every project, all as
of one moment.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.archive.archive_file import write_file
from integration.archive.consistent_read import read_consistently
from integration.archive.export import write_project
from optimizations.decision_log.log import catch_up


def back_up(path: Path) -> str:
    """Write the backup; one line about it. `path` appears when it is complete, for its owner only."""
    if connection.vendor == "sqlite":
        return copy_database(path)
    with write_file(path) as stream, read_consistently():
        return write_all_projects(stream, path.parent)


def copy_database(path: Path) -> str:
    """SQLite's online backup, in one step: with several it would begin again at every write."""
    catch_up()  # decisions that are still in the journal
    connection.ensure_connection()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(temporary)) as copy:
            connection.connection.backup(copy)
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise FeatureMemoryError(
                f"The copy is damaged ({found}): see `manage.py doctor`.", ErrorCode.STORAGE_FAILED
            )
        temporary.replace(path)
    finally:
        for name in (temporary, f"{temporary}-wal", f"{temporary}-shm"):
            Path(name).unlink(missing_ok=True)
    return "the whole database"


def write_all_projects(stream: Any, folder: Path) -> str:
    projects = list(Project.objects.order_by("name"))
    with tarfile.open(fileobj=stream, mode="w|") as tar:
        for project in projects:
            with tempfile.TemporaryFile(dir=folder) as scratch:
                write_project(project.pk, scratch)
                member = tarfile.TarInfo(f"{project.name}.tar.zst")
                member.size, member.mode = scratch.tell(), 0o600
                scratch.seek(0)
                tar.addfile(member, scratch)
    return f"{len(projects):,} projects"
