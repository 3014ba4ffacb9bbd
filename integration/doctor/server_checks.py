"""Is what all projects share in order: the database, its files, the data directory?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Exists, OuterRef

from featurememory.audit.chain import find_break, list_chains
from featurememory.models import Project
from integration.doctor.broken_invariant import RESTORE, BrokenInvariant
from integration.jobs import uploads
from integration.models import Job
from patterns.models import ModelInteraction, Payload


def check_database() -> Iterator[BrokenInvariant]:
    """SQLite's pages are whole."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(3)")
        found = [row[0] for row in cursor.fetchall()]
    if found != ["ok"]:
        yield BrokenInvariant("database", "", f"the database file is damaged: {found[0]}", RESTORE)


def check_migrations() -> Iterator[BrokenInvariant]:
    """The tables are those of this release."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        what = f"{len(waiting)} migrations were not run"
        yield BrokenInvariant("migrations", "", what, "Run: manage.py migrate (serve does it, too)")


def check_orphans() -> Iterator[BrokenInvariant]:
    """Every content belongs to an interaction."""
    owner = ModelInteraction.objects.filter(pk=OuterRef("pk"))
    lost = Payload.objects.exclude(Exists(owner)).count()
    if lost:
        what = f"{lost:,} contents belong to no interaction"
        advice = "Run: manage.py doctor --repair. It deletes them."
        yield BrokenInvariant("orphans", "", what, advice)


def delete_orphans() -> int:
    owner = ModelInteraction.objects.filter(pk=OuterRef("pk"))
    return int(Payload.objects.exclude(Exists(owner)).delete()[0])


def check_files() -> Iterator[BrokenInvariant]:
    """Nobody but the owner may read what lies in the data directory."""
    folder = Path(settings.DATA_DIR)
    loose = [path for path in (folder, *list_data_files(folder)) if path.stat().st_mode & 0o077]
    if loose:
        what = f"{len(loose):,} files are open to other users: {loose[0]}"
        yield BrokenInvariant("files", "", what, f"Run: chmod -R go-rwx {folder}")


def list_data_files(folder: Path) -> list[Path]:
    names = ("featurememory.sqlite3*", "secret_key", "policy.lock", "decisions", "uploads")
    found = [path for name in names for path in folder.glob(name)]
    return [*found, *(path for one in found if one.is_dir() for path in one.iterdir())]


def check_uploads() -> Iterator[BrokenInvariant]:
    """Every upload has a job that needs it."""
    imports = Job.objects.filter(kind="import")
    needed = {str(job.params.get("path")) for job in imports.exclude(state=Job.JobState.DONE)}
    # What an import refused is kept for people to fetch, after it has ended too.
    needed |= {str(job.cursor.get("errors")) for job in imports}
    needed |= {name + uploads.ERRORS for name in needed}
    lost = [path for path in uploads.folder().glob("*") if str(path) not in needed]
    if lost:
        what = f"{len(lost):,} uploads belong to no job: {lost[0]}"
        yield BrokenInvariant("uploads", "", what, "Delete them.")


def check_audit() -> Iterator[BrokenInvariant]:
    """Every row of the audit log fits the one before."""
    names = dict(Project.objects.values_list("pk", "name"))
    for owner in list_chains():
        if found := find_break(owner):
            where = names.get(owner, str(owner)) if owner else "the server"
            yield BrokenInvariant(
                "audit", where, found, "Compare with a backup: somebody wrote past the server."
            )


def check_room() -> Iterator[BrokenInvariant]:
    """The disk has room: below FM_DISK_RESERVE ingest is refused."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < settings.DISK_RESERVE:
        what = f"{free:,} bytes are free on the disk of {settings.DATA_DIR}"
        yield BrokenInvariant(
            "room", "", what, "Free some space: ingest answers 507 until there is."
        )
