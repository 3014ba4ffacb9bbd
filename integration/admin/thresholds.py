"""Thresholds in the Django admin: one row per project, without adding or deleting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from featurememory.access import roles
from featurememory.admin_readonly import ByRole, OwnProjects, ReadOnly
from featurememory.config import save_config
from featurememory.models import (
    Activity,
    ConfigVersion,
    FeatureMemoryConfig,
    Project,
)
from featurememory.page_access import current_project
from integration.admin.threshold_effects import (
    describe_changes,
    describe_effects,
    write_threshold,
)
from integration.admin.threshold_form import AT_START, ThresholdsForm

admin.site.site_header = admin.site.site_title = "Feature Memory"
admin.site.index_title = "Thresholds and users"
admin.site.enable_nav_sidebar = False


# Every process reads its thresholds anew within that time.
IN_FORCE_AFTER = timedelta(seconds=5)
# A section of the API is a fieldset, except that the cleanup interval stands with storage.
TITLES = {
    "patterns": "Recognition",
    "storage": "Storage and pruning",
    "limits": "Limits of each key",
    "optimizations": "Optimizations",
    "audit": "Audit log",
    "privacy": "Privacy",
}
SHOWN_UNDER = {"cleanup_interval": "storage"}


def threshold_fieldsets() -> list[Any]:
    """Every threshold once, under the title of its section."""
    places = [
        (SHOWN_UNDER.get(name, section), name)
        for section, names in FeatureMemoryConfig.SECTIONS.items()
        for name in names
    ]
    return [
        (title, {"fields": [name for place, name in places if place == section]})
        for section, title in TITLES.items()
    ]


@admin.register(FeatureMemoryConfig)
class ThresholdsAdmin(ByRole, admin.ModelAdmin):  # type: ignore[type-arg]
    form = ThresholdsForm
    fieldsets = [*threshold_fieldsets(), ("This change", {"fields": ["reason", "tried"]})]
    save_on_top = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the form of the project in the navigation; `?all=1` lists those of all."""
        if "all" in request.GET:
            request.GET = QueryDict()
            return super().changelist_view(request, extra_context)
        own = self.get_queryset(request).filter(project=current_project(request)).first()
        if own is None:
            return super().changelist_view(request, extra_context)
        return redirect("admin:featurememory_featurememoryconfig_change", own.pk)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Redirect to the versions, which know every change and the way back."""
        own = self.get_queryset(request).filter(pk=object_id).first()
        if own is None:
            raise PermissionDenied
        return redirect(f"{reverse('threshold_versions')}?project={own.project.name}")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is stored of people is decided by admins of the project."""
        admins = obj is None or self.has_role(request, obj, roles.ADMIN)
        return AT_START if admins else (*AT_START, *FeatureMemoryConfig.SECTIONS["privacy"])

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        for name, effect in describe_effects(obj).items() if obj else ():
            if name in form.base_fields:
                known = form.base_fields[name].help_text
                form.base_fields[name].help_text = format_html("{} {}", known, effect)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_config(obj, request.user.get_username(), form.cleaned_data.get("reason", ""))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """The history names values, not only fields: "Confidence threshold: 0.7 → 0.72"."""
        changed = [name for name in form.changed_data if name not in ("reason", "tried")]
        parts = [
            f"{form.fields[name].label}: {write_threshold(name, form.initial.get(name))} → "
            f"{write_threshold(name, form.cleaned_data.get(name))}"
            for name in changed
        ]
        reason = form.cleaned_data.get("reason")
        return "; ".join(parts) + (f" ({reason})" if reason else "") or "Nothing changed."

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        """A preview is no error: the form comes back as it was filled in, with what it would change."""
        form = context["adminform"].form
        if getattr(form, "preview", None) is not None:
            context |= {"errors": None, "preview": form.preview}
            form._errors = ErrorDict()
        obj = context.get("original")
        context["title"] = "Thresholds"
        context["in_force"] = obj and timezone.now() - obj.updated_at - IN_FORCE_AFTER
        return super().render_change_form(request, context, *args, **more)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, "Saved. Every process follows within 5 seconds.")
        return redirect(reverse("admin:featurememory_featurememoryconfig_change", args=[obj.pk]))


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "project", "number", "what", "actor", "reason"]
    list_filter = [("project", OwnProjects)]

    @admin.display(description="Change")
    def what(self, row: ConfigVersion) -> str:
        changes = describe_changes(row.changes)
        return "; ".join(f"{name}: {old} → {new}" for name, old, new in changes)


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For people with Django's permissions on projects, so in practice superusers."""

    list_display = ["name", "is_demo", "created_at"]
    readonly_fields = ["is_demo"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        visible = roles.select_projects(roles.read_roles(request.user))
        return super().get_queryset(request).filter(pk__in=visible)


@admin.register(Activity)
class ActivityAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "project", "actor", "summary"]
    list_filter = [("project", OwnProjects), "verb"]
