"""Patterns in the admin: read-only; they are edited on their own pages, which offer Undo."""

from __future__ import annotations

from django.contrib import admin

from featurememory.admin_readonly import OwnProjects, ReadOnly
from patterns.models import Operation, Pattern


@admin.register(Pattern)
class PatternAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["template", "project", "status", "confidence", "use_count"]
    list_filter = [("project", OwnProjects), "status", "pinned"]
    search_fields = ["template", "label", "task_type"]
    exclude = ["state"]
    show_full_result_count = False


@admin.register(Operation)
class OperationAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "project", "kind", "affected", "actor", "undone_at"]
    list_filter = [("project", OwnProjects), "kind"]
