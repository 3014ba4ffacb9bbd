"""What surrounds every page: navigation with counts, project, live counter, theme."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from featurememory.access.preferences import preferences_of
from featurememory.config import config_of
from featurememory.models import FeatureMemoryConfig, Preferences, Project
from featurememory.page_access import (
    count_statuses,
    current_project,
    list_projects,
    may_change,
    may_change_everywhere,
    may_export,
    role_of,
)
from patterns.models import ModelInteraction

RECOUNT_S = 600


class PageSurroundings:
    """The values of navigation and header, read lazily: only what a template uses costs a query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def inside(self) -> bool:
        """Whether there is a project to show: strangers and people without a role see none."""
        user = self.request.user
        return user.is_authenticated and (user.is_superuser or bool(self.projects))

    @cached_property
    def project(self) -> Project:
        return current_project(self.request)

    @cached_property
    def projects(self) -> list[Project]:
        return list_projects(self.request)

    @cached_property
    def config(self) -> FeatureMemoryConfig:
        return config_of(self.project.pk)

    @cached_property
    def thresholds_id(self) -> int:
        """The id of the row behind the page "Thresholds"; the cached copy may have none yet."""
        return self.config.pk or self.project.config.pk

    @cached_property
    def can_change(self) -> bool:
        return may_change(self.request)

    @cached_property
    def can_export(self) -> bool:
        return may_export(self.request)

    @cached_property
    def can_change_server(self) -> bool:
        return may_change_everywhere(self.request)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Stored patterns by state, and `all` of them."""
        return count_statuses(self.request)

    @property
    def firing(self) -> int:
        """Alerts that fire now, as the last round found."""
        return int(cache.get(f"firing:{self.project.pk}") or 0)

    @cached_property
    def live(self) -> LiveCounter:
        return count_live(self.project)

    @property
    def seen(self) -> Preferences:
        return preferences_of(self.request.user)

    @property
    def role(self) -> str:
        """What the person may do in this project."""
        return role_of(self.request)

    @property
    def theme(self) -> str:
        return read_theme(self.request)


def read_theme(request: HttpRequest) -> str:
    """That of this browser, else the one the person chose in another."""
    theme = request.COOKIES.get("theme") or preferences_of(request.user).theme
    return theme if theme in ("light", "dark") else ""


class LiveCounter:
    """How many interactions are stored, and how many came in the last minute."""

    def __init__(self, count: int, per_minute: int) -> None:
        self.count, self.per_minute = count, per_minute


def count_live(project: Project) -> LiveCounter:
    """Count interactions in one query: the last full count, renewed every 10 minutes, plus newer ones."""
    rows = ModelInteraction.objects.filter(project=project).order_by()
    kept = cache.get(f"stored:{project.pk}")
    if kept is None:
        newest = rows.order_by("-number").values_list("number", flat=True).first() or 0
        kept = newest, rows.filter(number__lte=newest).count()
        cache.set(f"stored:{project.pk}", kept, RECOUNT_S)
    number, count = kept
    minute_ago = int(timezone.now().timestamp() * 1000) - 60_000
    # The newest 10,000 by number hold the last minute, unless more than 166 a second come.
    recent = rows.order_by("-number").values_list("number", "received_at")[:10_000]
    per_minute, fresh = 0, 0
    for at, received in recent.iterator():
        if at <= number and received < minute_ago:
            break
        fresh += at > number
        per_minute += received >= minute_ago
    if fresh >= 5_000:
        cache.delete(f"stored:{project.pk}")
    return LiveCounter(count + fresh, per_minute)


def add_page_surroundings(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, the same object for all templates of a request."""
    if not hasattr(request, "_shell"):
        request._shell = PageSurroundings(request)  # type: ignore[attr-defined]
    return {"shell": request._shell}  # type: ignore[attr-defined]
