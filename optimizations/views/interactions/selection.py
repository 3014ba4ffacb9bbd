"""What the address of the list asks for: rows, and how they are read within a bounded time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from featurememory.http.pagination import REACH, Page, read_nearby_page
from featurememory.http.pagination import read_page as keyset_page
from featurememory.lists import periods
from featurememory.lists.pages import read_filters
from featurememory.models import Project
from featurememory.templatetags import figures
from optimizations.models import Decision
from optimizations.views.interactions import payload_search
from optimizations.views.interactions.columns import SPEC
from optimizations.views.interactions.sorted_window import read_sorted_page
from patterns.models import ModelInteraction
from patterns.storage.shared_words import words_of
from patterns.views import interactions

ARMS = {"applied": ("treatment", "explore"), "held_out": ("holdout",)}
# Of these, every match is found by an index, however rare.
INDEXED = {"pattern_id", "state"}
DECISION_REACH = 20_000
MOST_FOUND = 1_000_000


@dataclass(frozen=True)
class InteractionSelection:
    """What the address asks for: rows, and how they can be read within a bounded time."""

    project_id: UUID
    everything: Any
    rows: Any
    used: dict[str, str]
    sort: str
    indexed: bool
    accepts: list[payload_search.Accepts]

    def read(self, cursor: str | None, limit: int) -> Page[Any]:
        if self.accepts:
            return payload_search.read_matching_page(self.search, self.everything, cursor, limit)
        if self.sort != SPEC.default_sort:
            return read_sorted_page(self.rows, self.everything, self.sort, cursor, limit)
        if self.indexed:
            return keyset_page(self.rows, self.sort, cursor, limit, key="number")
        return read_nearby_page(self.rows, self.everything, cursor, limit, "number", self.reach)

    @property
    def search(self) -> payload_search.PayloadSearch:
        return payload_search.PayloadSearch(self.project_id, self.rows, self.accepts)

    @property
    def reach(self) -> int:
        return DECISION_REACH if "did" in self.used else REACH


def select_interactions(project: Project, given: Mapping[str, Any], sort: str) -> Any:
    used = read_filters(given, SPEC)
    everything = ModelInteraction.objects.filter(project=project)
    rows, _ = interactions.filter_interactions(project.pk, everything, used)
    indexed = set(used) <= INDEXED
    if search := used.get("q", "")[:128]:
        rows, indexed = interactions.search_interactions(rows, search)
    if start := periods.find_start(used.get("range", ""), timezone.now()):
        rows = rows.filter(timestamp__gte=int(start.timestamp() * 1000))
    if "decision_id" in used:
        rows = rows.filter(decision_id=used["decision_id"])
    if "did" in used:
        rows = filter_by_memory(project, rows, used["did"])
    accepts = []
    if "error" in used:
        rows = rows.filter(Q(failed=True) | Q(success=False))
        accepts.append(payload_search.accept_error(used["error"], words_of(project.pk)))
    if "tag" in used:
        accepts.append(payload_search.accept_tag(used["tag"], words_of(project.pk)))
    rows = annotate_numbers(interactions.annotate_payload(rows))
    return InteractionSelection(project.pk, everything, rows, used, sort, indexed, accepts)


def filter_by_memory(project: Project, rows: Any, did: str) -> Any:
    """What the memory did: nothing when there is no decision, or one without an arm."""
    made = Decision.objects.filter(project=project, id=OuterRef("decision_id"))
    if did in ARMS:
        return rows.filter(Exists(made.filter(arm__in=ARMS[did])), decision_id__isnull=False)
    acted = [arm for arms in ARMS.values() for arm in arms]
    return rows.filter(Q(decision_id__isnull=True) | ~Exists(made.filter(arm__in=acted)))


def annotate_numbers(rows: Any) -> Any:
    """Tokens and cost as they are shown: the total or its parts; reported, or by the price list."""
    zero = {"output_field": FloatField()}
    parts = Coalesce("input_tokens", 0.0, **zero) + Coalesce("output_tokens", 0.0, **zero)
    known = Q(input_tokens__isnull=False) | Q(output_tokens__isnull=False)
    return rows.annotate(
        tokens_known=Coalesce("token_count", when(known, parts)),
        cost_known=Coalesce("cost", F("list_cost")),
    )


def when(condition: Q, value: Any) -> Any:
    return Case(When(condition, then=value), output_field=FloatField())


def describe_reach(chosen: InteractionSelection) -> str:
    if chosen.accepts:
        return f"each page searches {payload_search.SEARCHED:,} payloads"
    if chosen.sort != SPEC.default_sort:
        return f"in order among the newest {REACH:,}"
    if not chosen.indexed:
        return f"each page searches {chosen.reach:,} interactions"
    return "watched: recognised, not changed by Feature Memory"


def count_interactions(project: Project, given: Mapping[str, Any]) -> str:
    """How many match: all of them where an index counts, else those among the newest."""
    chosen = select_interactions(project, given, SPEC.default_sort)
    newest = chosen.everything.order_by("-number").values_list("number", flat=True).first() or 0
    if chosen.accepts:
        found, last, ended = chosen.search.find(newest + 1, MOST_FOUND, backwards=False)
        further = not ended or chosen.everything.filter(number__lt=last).exists()
        return figures.number(len(found)) + ("+" if further else "")
    rows = chosen.rows.order_by()
    if not chosen.indexed or not chosen.used:
        rows = rows.filter(number__gt=newest - REACH)
    further = (not chosen.indexed or not chosen.used) and newest > REACH
    return figures.number(rows.count()) + ("+" if further else "")
