"""Forecasts what the next cleanup removes, by rule, in rows and bytes; cleanup itself uses it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Sum
from django.db.models.functions import Least, Length
from django.utils import timezone

from featurememory.config import config_of
from featurememory.models import FeatureMemoryConfig, Project
from patterns.models import ModelInteraction, Operation, Pattern, Payload
from patterns.models.interactions import LATEST_MS
from patterns.retention import disk_usage, project_use
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.protocol import compute_unused_since

# Cleanup starts when the share FULL of the room for rows is used, so that it does not fill up between
# two checks, and frees SLACK more than needed, so that it is not due again at once.
FULL, SLACK = 0.9, 0.1
# Newest interactions of each stored pattern that are kept as examples, however old.
EXAMPLES = 5
# Counting takes 0.2 s at a million interactions: background work counts, pages read the result.
# Seconds between two counts; COUNT_LARGE_S from LARGE interactions on.
COUNT_S, COUNT_LARGE_S, LARGE = 50.0, 300.0, 50_000


@dataclass(frozen=True)
class Rule:
    """One reason to remove rows: how many, and the bytes that frees."""

    name: str
    why: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """Ids of patterns and numbers of interactions by rule. `interactions` is the number to delete: the
    rules overlap, and examples of patterns stay."""

    weak: list[str]
    surplus: list[str]
    trash: list[str]
    too_large: int
    too_many: int
    too_old: int
    interactions: int
    bytes_used: int


def forecast_cleanup(project: Project) -> Forecast:
    """What a cleanup would remove now."""
    config, used = config_of(project.pk), disk_usage.measure_bytes_used()
    since = compute_unused_since(config.cleanup_interval, find_newest_use(project))
    weak = DatabasePatternStorage(project).find_weak(config.confidence_threshold, since)
    rows = ModelInteraction.objects.filter(project=project).exclude(state=0)
    total = count_recognized(project)
    large, many = (
        min(total, count_needed_for_room(project, measure_claim(project), total)),
        count_beyond_limit(config, total),
    )
    old = count_beyond_age(project, config, rows)
    most = max(large, many, old)
    going = min(most, max(0, total - count_examples(project))) if most else 0
    surplus = find_surplus_patterns(project, config.max_patterns, weak)
    return Forecast(weak, surplus, find_old_trash(project), large, many, old, going, used)


def find_newest_use(project: Project) -> datetime:
    """The newest timestamp seen: replayed history is judged by its own time, not the clock."""
    newest = ModelInteraction.objects.filter(project=project).order_by("-number")
    moment = newest.values_list("timestamp", flat=True).first()
    return datetime.fromtimestamp(moment / 1000, UTC) if moment else timezone.now()


def find_present(project: Project) -> datetime:
    """The present by which the age of interactions is judged: the newest timestamp, plus the time that has
    passed by our clock since that interaction arrived.

    Live traffic has our present, also when it stops. Imported history keeps its own: nothing is too old
    on arrival because it happened long ago, and it ages from then on.
    """
    newest = ModelInteraction.objects.filter(project=project).order_by("-number")
    found = newest.values_list("timestamp", "received_at").first()
    if found is None:
        return timezone.now()
    timestamp, received = found
    passed = max(0, time.time_ns() // 1_000_000 - received)  # negative: our clock was set back
    return datetime.fromtimestamp(min(timestamp + passed, LATEST_MS) / 1000, UTC)


def find_surplus_patterns(project: Project, limit: int, going: list[str]) -> list[str]:
    """Ids beyond `max_patterns`, least used first, longest unused among equals; pinned ones stay."""
    staying = Pattern.objects.stored().filter(project=project).exclude(pk__in=going)
    surplus = max(0, staying.count() - limit)
    rows = staying.filter(pinned=False).order_by("use_count", "last_used")
    return [str(pk) for pk in rows.values_list("pk", flat=True)[:surplus]]


def find_old_trash(project: Project) -> list[str]:
    """Ids archived longer ago than Undo reaches; redirects of merges stay."""
    limit = timezone.now() - timedelta(days=Operation.LIFETIME_DAYS)
    rows = Pattern.objects.filter(project=project, status="archived", archived_at__lt=limit)
    full = rows.filter(redirect_to__isnull=True, state__isnull=False)
    return [str(pk) for pk in full.values_list("pk", flat=True)]


def count_examples(project: Project | None = None) -> int:
    """Interactions kept as examples of the stored patterns of a project, or of all."""
    rows = Pattern.objects.stored()
    if project:
        rows = rows.filter(project=project)
    return int(rows.aggregate(n=Sum(Least("use_count", EXAMPLES)))["n"] or 0)


def count_recognized(project: Project | None = None) -> int:
    """Recognised interactions of one project or of all: all minus the pending ones, since both counts
    read only an index."""
    rows = ModelInteraction.objects.order_by()
    waits = ModelInteraction.objects.pending().order_by()
    if project:
        rows, waits = rows.filter(project=project), waits.filter(project=project)
    return max(0, int(rows.count()) - int(waits.count()))


def measure_claimed_bytes() -> int:
    """Bytes in use, plus those that learning the pending interactions will add."""
    waits = int(ModelInteraction.objects.pending().order_by().count())
    return disk_usage.measure_bytes_used() + disk_usage.estimate_learning_bytes(waits)


@dataclass(frozen=True)
class Claim:
    """A project's part of the bytes in use; from `start` on cleanup brings it back to `goal`."""

    bytes: float
    start: float
    goal: float
    decision_share: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.bytes > self.start


def measure_claim(project: Project) -> Claim:
    """What a project claims, and how much that may be: by its own limit and, once the server is full, by
    its fair share of it. A project that claims less than others is not touched for them."""
    everything, uses = measure_claimed_bytes(), project_use.read_uses()
    claims = project_use.divide_claim(uses, everything) or {project.pk: float(everything)}
    server = disk_usage.compute_room(project_use.read_server_limit())
    own = disk_usage.compute_room(config_of(project.pk).max_size)
    start = project_use.find_level(claims.values(), server * FULL)
    goal = project_use.find_level(claims.values(), server * (FULL - SLACK))
    if start == math.inf:  # only its own limit counts
        goal = math.inf
    share = uses.get(project.pk, project_use.BytesUsed()).decision_share
    return Claim(
        claims.get(project.pk, 0.0),
        min(start, own * FULL),
        min(goal, own * (FULL - SLACK)),
        share,
    )


def count_needed_for_room(project: Project, claim: Claim, total: int) -> int:
    """How many interactions must be deleted for room, at the bytes each takes itself: the mean over all
    bytes would be several times too high while most of a burst is still pending."""
    if not claim.is_over or not total:
        return 0
    each = min(estimate_interaction_bytes(project), max(1, int(claim.bytes) // total))
    return int((claim.bytes - claim.goal) * (1 - claim.decision_share) / each) + 1


def count_beyond_limit(config: FeatureMemoryConfig, total: int) -> int:
    return max(0, total - config.max_interactions) if config.max_interactions else 0


def count_beyond_age(project: Project, config: FeatureMemoryConfig, rows: Any) -> int:
    if not config.max_age:
        return 0
    oldest = find_present(project) - timedelta(days=config.max_age)
    return int(rows.filter(timestamp__lt=int(oldest.timestamp() * 1000)).count())


def list_rules(project: Project, found: Forecast) -> list[Rule]:
    """Every rule that would remove something, and the total, for pages and commands."""
    config, each = config_of(project.pk), estimate_interaction_bytes(project)
    threshold = f"below {config.confidence_threshold:.2f} and unused; to the trash"
    trash = Pattern.objects.filter(pk__in=found.trash).aggregate(n=Sum("size_bytes"))["n"] or 0
    all_rules = [
        Rule("Weak patterns", threshold, len(found.weak), 0),
        Rule(
            "Surplus patterns",
            f"beyond {config.max_patterns:,}, the least used; to the trash",
            len(found.surplus),
            0,
        ),
        Rule("Old trash", f"archived {Operation.LIFETIME_DAYS} days ago", len(found.trash), trash),
        Rule("Size", "the oldest interactions", found.too_large, found.too_large * each),
        Rule("Count", "the oldest interactions", found.too_many, found.too_many * each),
        Rule("Age", "interactions that are too old", found.too_old, found.too_old * each),
        Rule(
            "Interactions in total",
            "the rules overlap; each pattern's newest examples stay",
            found.interactions,
            found.interactions * each,
        ),
    ]
    return [rule for rule in all_rules if rule.rows]


def estimate_interaction_bytes(project: Project) -> int:
    """Bytes an interaction takes, estimated from the newest payloads."""
    numbers = ModelInteraction.objects.filter(project=project).order_by("-number")
    newest = list(numbers.values_list("number", flat=True)[:200])
    mean = Payload.objects.filter(pk__in=newest).aggregate(n=Avg(Length("data")))["n"]
    return disk_usage.ROW_BYTES + int(mean or 0)


def read_counted_rules(project: Project) -> list[Rule] | None:
    """The last counted rules; None before the first count."""
    kept: tuple[float, list[Rule]] | None = cache.get(f"forecast:{project.pk}")
    return kept[1] if kept else None


def count_rules(project: Project) -> list[Rule]:
    """Count the rules for `read_counted_rules`: every minute, for a large project every five."""
    name, now = f"forecast:{project.pk}", time.time()
    kept: tuple[float, list[Rule]] | None = cache.get(name)
    newest = ModelInteraction.objects.order_by("-number").values_list("number", flat=True).first()
    wait = COUNT_LARGE_S if (newest or 0) > LARGE else COUNT_S
    if kept and now - kept[0] < wait:
        return kept[1]
    made = list_rules(project, forecast_cleanup(project))
    cache.set(name, (now, made), None)
    return made
