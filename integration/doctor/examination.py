"""Every check, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from featurememory.models import Project
from integration.archive.consistent_read import read_consistently
from integration.doctor import optimization_checks, pattern_checks, server_checks
from integration.doctor.broken_invariant import BrokenInvariant

ServerCheck = Callable[[], Iterator[BrokenInvariant]]
ProjectCheck = Callable[[Project], Iterator[BrokenInvariant]]
OF_SERVER: tuple[ServerCheck, ...] = (
    server_checks.check_database,
    server_checks.check_orphans,
    server_checks.check_files,
    server_checks.check_uploads,
    server_checks.check_room,
    server_checks.check_audit,
)
OF_PROJECT: tuple[ProjectCheck, ...] = (
    pattern_checks.check_uses,
    pattern_checks.check_redirects,
    pattern_checks.check_owners,
    pattern_checks.check_states,
    pattern_checks.check_rollups,
    pattern_checks.check_contents,
    optimization_checks.check_decisions,
    optimization_checks.check_applied,
    optimization_checks.check_policy,
)


def examine(name: str = "") -> Iterator[tuple[str, str, list[BrokenInvariant]]]:
    """(check, project or empty, what it found) one after the other; all projects without a name.

    Everything is read as of one moment, so that a running server raises no false alarm.
    """
    waiting = list(server_checks.check_migrations())
    yield "migrations", "", waiting
    if waiting:  # the tables are of another release
        return
    with read_consistently():
        for check in OF_SERVER:
            yield name_check(check), "", list(check())
        projects = Project.objects.filter(name=name) if name else Project.objects.all()
        for project in projects:
            for look in OF_PROJECT:
                yield name_check(look), project.name, list(look(project))


def name_check(check: Callable[..., object]) -> str:
    return check.__name__.removeprefix("check_")
