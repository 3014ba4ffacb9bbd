"""Views that a project has saved: a list's query string under a name, with its count."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.lists.columns import ListSpec, Tab
from featurememory.models import Activity, Project
from featurememory.rows.seen_rows import SavedView

MOST_VIEWS = 30
# What is about the moment, not the view.
MOMENTARY = ("cursor", "peek", "limit")


def list_saved(project: Project, spec: ListSpec) -> list[SavedView]:
    return list(select_views(project, spec).filter(deleted_at=None)[:MOST_VIEWS])


def select_views(project: Project, spec: ListSpec) -> Any:
    """Also those that were deleted, which Undo brings back."""
    return SavedView.objects.filter(project=project, list_name=spec.name)


def build_saved_tabs(project: Project, spec: ListSpec, query: str) -> list[Tab]:
    """Tabs of saved views; their counts are asked for after the page."""
    now = normalize(query)
    views = list_saved(project, spec)
    return [
        Tab(view.name, view.query, None, normalize(view.query) == now, saved=True) for view in views
    ]


def normalize(query: str) -> str:
    pairs = [(k, v) for k, v in parse_qsl(query) if k not in MOMENTARY]
    return urlencode(sorted(pairs))


def save_view(project: Project, spec: ListSpec, name: str, query: str, actor: str) -> SavedView:
    """Save or replace the view of this name. 422 without a name, 409 when there are too many."""
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= 60:
        raise invalid("must be a name of 1 to 60 characters", "/name")
    query = normalize(query.replace("\x00", ""))
    if len(query) > 1000:
        raise invalid("is too long to be saved: use fewer filters", "/query")
    known = select_views(project, spec).filter(deleted_at=None)
    if not known.filter(name=name).exists():
        check_room(known)
    view, _ = SavedView.objects.update_or_create(
        project=project,
        list_name=spec.name,
        name=name,
        defaults={"query": query, "made_by": actor, "deleted_at": None},
    )
    note(project, actor, f"Saved the view {name} of {spec.title}", f"{spec.path}?{query}")
    return view


def delete_view(project: Project, spec: ListSpec, pk: int, actor: str) -> SavedView | None:
    """The view, or None when it was gone; `restore_view` brings it back."""
    views = select_views(project, spec)
    view: SavedView | None = views.filter(pk=pk, deleted_at=None).first()
    if view is not None:
        view.deleted_at = timezone.now()
        view.save(update_fields=["deleted_at"])
        deleted = views.exclude(deleted_at=None).order_by("-deleted_at")
        deleted.exclude(pk__in=list(deleted.values_list("pk", flat=True)[:MOST_VIEWS])).delete()
        note(project, actor, f"Deleted the view {view.name} of {spec.title}", "")
    return view


def restore_view(project: Project, spec: ListSpec, pk: int, actor: str) -> SavedView | None:
    """Bring a deleted view back; None when there is none. 409 when there are too many."""
    views = select_views(project, spec)
    view: SavedView | None = views.filter(pk=pk).exclude(deleted_at=None).first()
    if view is None:
        return None
    check_room(views)
    view.deleted_at = None
    view.save(update_fields=["deleted_at"])
    note(
        project,
        actor,
        f"Restored the view {view.name} of {spec.title}",
        f"{spec.path}?{view.query}",
    )
    return view


def check_room(views: Any) -> None:
    if views.filter(deleted_at=None).count() >= MOST_VIEWS:
        raise FeatureMemoryError(
            f"A list keeps at most {MOST_VIEWS} views. Delete one first.", ErrorCode.CONFLICT
        )


def note(project: Project, actor: str, summary: str, link: str) -> None:
    Activity.objects.create(
        project=project, actor=actor, verb="view", summary=summary[:300], link=link[:200]
    )
