"""Rows of projects in the admin: shown to people with a role there; read-only ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from featurememory.access import roles


class OwnProjects(admin.RelatedFieldListFilter):
    """The filter by project, without the names of projects the person has no role in."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        visible = roles.select_projects(roles.read_roles(request.user))
        return [(project.pk, project.name) for project in visible]


class ByRole:
    """A mixin for ModelAdmin: what the person's roles cover, instead of Django's permissions."""

    changing = roles.EDITOR

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(project__in=roles.select_projects(roles.read_roles(request.user)))

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """The project would be a link, which is refused to whoever may not change projects."""
        known = super().get_exclude(request, obj) or ()  # type: ignore[misc]
        may = request.user.has_perm("featurememory.view_project")
        return known if may else (*known, "project")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(roles.read_roles(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, obj, roles.VIEWER)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, obj, self.changing)

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False

    def has_role(self, request: HttpRequest, obj: Any, needed: str) -> bool:
        """In the project of the row; without a row, in any project."""
        own = roles.read_roles(request.user)
        if obj is None:
            return any(roles.covers(role, needed) for role in own.values())
        return roles.covers(roles.find_role(own, obj.project_id), needed)


class ReadOnly(ByRole):
    """The same without changing anything."""

    def has_change_permission(self, *_: Any) -> bool:
        return False
