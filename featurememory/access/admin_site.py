"""The admin site: open to editors of any project; sign-in is the product's own, with its limits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from featurememory.access import roles


class RoleAdminSite(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, and editors: what each of them sees and changes inside follows their roles."""
        own = roles.read_roles(request.user)
        is_editor = any(roles.covers(role, roles.EDITOR) for role in own.values())
        return is_editor or super().has_permission(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No second form: wrong passwords must count in one place."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or resolve_url("admin:index"))
