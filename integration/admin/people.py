"""People and their roles in the admin: for superusers, and every change in the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import ChoiceField, ModelChoiceField
from django.http import HttpRequest

from featurememory.access.roles import ROLES, VIEWER, grant_role, record_role
from featurememory.access.second_factor import remove_factor
from featurememory.audit.record import record
from featurememory.models import Project, ProjectRole
from featurememory.page_access import current_project

SHOWN = ("username", "is_active", "is_staff", "is_superuser")


@admin.register(ProjectRole)
class ProjectRoleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who may do what: changed by superusers here, or with `manage.py grant`."""

    list_display = ["user", "project", "role"]
    list_filter = ["role", "project"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def save_model(self, request: HttpRequest, obj: ProjectRole, form: Any, change: bool) -> None:
        """A row that is given to another person, or moved to another project, ends the old right."""
        before = ProjectRole.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        actor, same = request.user.get_username(), before and is_same_right(before, obj)
        if before and not same:
            record_role(before.user, before.project, "", actor, before.role)
        record_role(obj.user, obj.project, obj.role, actor, before.role if before and same else "")

    def delete_model(self, request: HttpRequest, obj: ProjectRole) -> None:
        record_role(obj.user, obj.project, "", request.user.get_username(), obj.role)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProjectRole]) -> None:
        """The action on many rows, which Django deletes without `delete_model`."""
        for row in queryset.select_related("user", "project"):
            self.delete_model(request, row)


def is_same_right(one: ProjectRole, other: ProjectRole) -> bool:
    return (one.user_id, one.project_id) == (other.user_id, other.project_id)


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """Without a role a person signs in and sees nothing: the first one is asked for at once."""

    project = ModelChoiceField(Project.objects.order_by("name"), required=False)
    role = ChoiceField(
        choices=[("", "None yet"), *((name, name.capitalize()) for name in ROLES)],
        required=False,
        help_text="In this project. More roles, also for every project: under Project roles.",
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("role") and not found.get("project"):
            self.add_error("project", "Choose the project the role is for.")
        return found


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Django's, and who became what is in the server's audit log."""

    actions = ["reset_second_factor"]
    add_form = NewPersonForm
    add_fieldsets = (
        *(UserAdmin.add_fieldsets or ()),
        ("First role", {"fields": ("project", "role")}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"project": current_project(request).pk, "role": VIEWER}
        return super().get_changeform_initial_data(request) | initial

    @admin.action(description="Take the second factor away", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        gone = [person.username for person in queryset if remove_factor(person)]
        self.message_user(request, f"Taken away: {', '.join(gone) or 'none had one'}.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        before = User.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        action = "user.changed" if change else "user.created"
        old = describe_person(before) if before else None
        record(None, action, obj.username, before=old, after=describe_person(obj))
        if not change and form.cleaned_data.get("project") and form.cleaned_data.get("role"):
            project, role = form.cleaned_data["project"], form.cleaned_data["role"]
            grant_role(obj, project, role, request.user.get_username())

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Also what the form for a new password tells; which fields, never their values."""
        fields = [name for one in message for name in one.get("changed", {}).get("fields", ())]
        if "password" in map(str.lower, fields):
            record(None, "user.changed", obj.username, reason="A superuser set the password.")
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """Django calls it before it deletes."""
        actor = request.user.get_username()
        for person in queryset:
            for row in person.project_roles.select_related("project"):
                record_role(person, row.project, "", actor, row.role)
            record(None, "user.deleted", person.username, before=describe_person(person))
        return super().log_deletions(request, queryset)


def describe_person(person: User) -> dict[str, Any]:
    """Without roles: the log of a project shows this, and must not name other projects."""
    return {name: getattr(person, name) for name in SHOWN}


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
