"""API keys in the admin: view and revoke; they are created on their own page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from featurememory.access import roles
from featurememory.admin_readonly import ByRole, OwnProjects
from integration.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ByRole, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["public", "name", "project", "kind", "made_by", "last_used_at", "revoked_at"]
    list_filter = [("project", OwnProjects), "kind"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        own = roles.read_roles(request.user)
        rows = [row for row in queryset.filter(revoked_at=None) if may_revoke(own, row)]
        for row in rows:
            row.revoke()
        self.message_user(request, f"Revoked {len(rows)} of {len(queryset)}.")

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)


def may_revoke(own: roles.Roles, key: ApiKey) -> bool:
    """As on the page of keys: an editor's or admin's, of a kind they may make."""
    role = roles.find_role(own, key.project_id)
    return roles.covers(role, roles.EDITOR) and key.kind in roles.list_kinds(role)
