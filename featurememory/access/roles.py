"""Who may do what in which project: viewer, editor, admin. A superuser is admin everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from featurememory.audit.record import record
from featurememory.models import Activity, Project, ProjectRole

VIEWER, EDITOR, ADMIN = ROLES = ("viewer", "editor", "admin")
RANK = {name: rank for rank, name in enumerate(("", *ROLES))}
# What each kind of key may do. "ingest" covers interactions, prepare; "edit" patterns.
SCOPES = {
    "in": frozenset({"ingest"}),
    "ro": frozenset({"read"}),
    "rw": frozenset({"ingest", "read", "edit"}),
    "ad": frozenset({"ingest", "read", "edit", "admin"}),
}
# The same for roles: a key made by a person may do at most what its maker may.
ROLE_SCOPES = {
    "": frozenset[str](),
    VIEWER: frozenset({"read"}),
    EDITOR: frozenset({"ingest", "read", "edit"}),
    ADMIN: frozenset({"ingest", "read", "edit", "admin"}),
}

Roles = Mapping[UUID | None, str]


def read_roles(user: Any) -> Roles:
    """The roles of a person by project; under None the one in every project. One query."""
    if user is None or not user.is_active or not user.pk:
        return {}
    if user.is_superuser:
        return {None: ADMIN}
    rows = ProjectRole.objects.filter(user_id=user.pk)
    return dict(rows.values_list("project_id", "role"))


def find_role(roles: Roles, project_id: UUID) -> str:
    """The stronger of the role in this project and the one in every project; "" for none."""
    return max(roles.get(project_id, ""), roles.get(None, ""), key=lambda name: RANK[name])


def role_in(user: Any, project_id: UUID) -> str:
    return find_role(read_roles(user), project_id)


def covers(role: str, needed: str) -> bool:
    return RANK[role] >= RANK[needed]


def list_kinds(role: str) -> list[str]:
    """The kinds of key that are no stronger than this role."""
    return [kind for kind, scopes in SCOPES.items() if scopes <= ROLE_SCOPES[role]]


def select_projects(roles: Roles, needed: str = VIEWER) -> QuerySet[Project]:
    """The projects in which these roles cover the needed one."""
    if covers(roles.get(None, ""), needed):
        return Project.objects.all()
    names = [project_id for project_id, role in roles.items() if covers(role, needed)]
    return Project.objects.filter(pk__in=[name for name in names if name is not None])


def grant_role(user: Any, project: Project | None, role: str, actor: str) -> None:
    """Give a person this role, in every project without one; "" takes it away. Recorded."""
    rows = ProjectRole.objects.filter(user=user, project=project)
    with transaction.atomic():
        before = rows.values_list("role", flat=True).first() or ""
        if role:
            values = {"role": role}
            ProjectRole.objects.update_or_create(user=user, project=project, defaults=values)
        else:
            rows.delete()
        record_role(user, project, role, actor, before)


def record_role(
    user: Any, project: Project | None, role: str, actor: str = "", before: str = ""
) -> None:
    """An entry of the audit log, and a line of activity in the project, or in every one."""
    name, where = user.get_username(), project.name if project else "every project"
    record(
        project.pk if project else None,
        "right.granted" if role else "right.withdrawn",
        f"{name} in {where}",
        actor=actor,
        before={"role": before or "none"},
        after={"role": role or "none"},
    )
    summary = f"Role of {name}: {before or 'none'} → {role or 'none'}"
    Activity.objects.bulk_create(
        Activity(project=one, actor=actor, verb="grant", summary=summary[:300])
        for one in ([project] if project else Project.objects.all())
    )
