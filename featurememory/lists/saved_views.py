"""Views that a project has saved: a list's query string under a name, with its count."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.lists.columns import ListSpec, Tab
from featurememory.models import Activity, Project
from featurememory.rows.seen_rows import SavedView

MOST_VIEWS = 30
# What is about the moment, not the view.
MOMENTARY = ("cursor", "peek", "limit")


def list_saved(project: Project, spec: ListSpec) -> list[SavedView]:
    return list(SavedView.objects.filter(project=project, list_name=spec.name)[:MOST_VIEWS])


def build_saved_tabs(project: Project, spec: ListSpec, query: str) -> list[Tab]:
    """Tabs of saved views; their counts are asked for after the page."""
    now = normalize(query)
    views = list_saved(project, spec)
    return [Tab(view.name, view.query, None, normalize(view.query) == now) for view in views]


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
    known = SavedView.objects.filter(project=project, list_name=spec.name)
    if known.count() >= MOST_VIEWS and not known.filter(name=name).exists():
        raise FeatureMemoryError(
            f"A list keeps at most {MOST_VIEWS} views. Delete one first.", ErrorCode.CONFLICT
        )
    view, _ = SavedView.objects.update_or_create(
        project=project, list_name=spec.name, name=name, defaults={"query": query, "made_by": actor}
    )
    note(project, actor, f"Saved the view {name} of {spec.title}", f"{spec.path}?{query}")
    return view


def delete_view(project: Project, spec: ListSpec, pk: int, actor: str) -> SavedView | None:
    view = SavedView.objects.filter(project=project, list_name=spec.name, pk=pk).first()
    if view is not None:
        view.delete()
        note(project, actor, f"Deleted the view {view.name} of {spec.title}", "")
    return view


def note(project: Project, actor: str, summary: str, link: str) -> None:
    Activity.objects.create(
        project=project, actor=actor, verb="view", summary=summary[:300], link=link[:200]
    )
