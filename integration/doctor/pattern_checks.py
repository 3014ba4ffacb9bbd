"""Do patterns, interactions and sums of a project agree?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from integration.doctor.broken_invariant import COUNT_AGAIN, RESTORE, BrokenInvariant
from patterns.models import Learner, ModelInteraction, Pattern, PatternHour, Payload
from patterns.statistics import recount
from patterns.statistics.rollups import ALL_PATTERNS, ALL_TIME, HOUR_MS, SUMS
from patterns.storage.payloads import Stored, unpack_payload
from patterns.storage.rows import state_of

REBUILD = "Start the job reprocess of this project (page Jobs): it builds the patterns again."
TOLERANCE = 1e-6  # sums of floats depend on their order


def check_uses(project: Project) -> Iterator[BrokenInvariant]:
    """Uses of every pattern are its recognised interactions, also those it took over by a merge."""
    if read_forgotten_until(project):  # what was forgotten still counts as use
        return
    stated, counted = count_uses(project)
    wrong = [name for name, uses in stated.items() if uses != counted.get(name, 0)]
    if wrong:
        first = wrong[0]
        yield BrokenInvariant(
            "uses",
            project.name,
            f"{len(wrong):,} patterns have another number of uses than interactions: "
            f"{first} {stated[first]:,} instead of {counted.get(first, 0):,}",
            REBUILD,
        )


def count_uses(project: Project) -> tuple[dict[UUID, int], Counter[UUID]]:
    rows = dict(Pattern.objects.filter(project=project).values_list("pk", "redirect_to"))
    recognised = ModelInteraction.objects.filter(project=project, state=1).order_by()
    counted: Counter[UUID] = Counter()
    for pattern_id, uses in recognised.values_list("pattern_id").annotate(n=Count("pk")):
        counted[follow(rows, pattern_id)] += uses
    stated = Pattern.objects.stored().filter(project=project)
    return dict(stated.values_list("pk", "use_count")), counted


def follow(redirects: dict[UUID, UUID | None], name: UUID) -> UUID:
    """Where a redirect ends; the last one before it would go in a circle."""
    seen = set[UUID]()
    while (target := redirects.get(name)) is not None and name not in seen:
        seen.add(name)
        name = target
    return name


def check_redirects(project: Project) -> Iterator[BrokenInvariant]:
    """Every redirect of a merged pattern ends at a pattern that is there."""
    redirects = dict(Pattern.objects.filter(project=project).values_list("pk", "redirect_to"))
    for name, target in redirects.items():
        if target is None:
            continue
        end = follow(redirects, name)
        if end not in redirects or redirects[end] is not None:
            why = "in a circle" if end in redirects else f"to {end}, which is not there"
            yield BrokenInvariant("redirects", project.name, f"{name} leads {why}", REBUILD)


def check_owners(project: Project) -> Iterator[BrokenInvariant]:
    """Every recognised interaction belongs to a pattern that is there."""
    owner = Pattern.objects.filter(project=project, pk=OuterRef("pattern_id"))
    rows = ModelInteraction.objects.filter(project=project, state=1)
    lost = rows.exclude(Exists(owner)).count()
    if lost:
        what = f"{lost:,} recognised interactions belong to no pattern"
        yield BrokenInvariant("owners", project.name, what, REBUILD)


def check_states(project: Project) -> Iterator[BrokenInvariant]:
    """What the recogniser knows of each pattern can be read."""
    rows = Pattern.objects.stored().filter(project=project, state__isnull=False)
    bad = [str(row.pk) for row in rows.iterator(200) if not can_be_read(row)]
    if bad:
        what = f"{len(bad):,} patterns cannot be read and match nothing: {bad[0]}"
        yield BrokenInvariant("states", project.name, what, REBUILD)


def can_be_read(row: Pattern) -> bool:
    try:
        state_of(row)
    except FeatureMemoryError:
        return False
    return True


def check_rollups(project: Project) -> Iterator[BrokenInvariant]:
    """The hourly sums are those of the interactions, since the last that was forgotten."""
    since = read_forgotten_until(project) // HOUR_MS + 1
    since = 0 if since == 1 else since
    told = {key_of_row(row): row for row in hours_since(project, since)}
    counted = {key_of_row(row): row for row in recount.recount_rollups(project.pk, since)}
    wrong = [key for key in told.keys() | counted.keys() if differ(told.get(key), counted.get(key))]
    if wrong:
        hour, pattern_id, model_id = min(wrong)
        what = (
            f"{len(wrong):,} hourly sums are not those of the interactions: hour {hour}, {model_id}"
        )
        where = "all patterns" if pattern_id == str(ALL_PATTERNS) else f"pattern {pattern_id}"
        advice = COUNT_AGAIN.format(name=project.name)
        yield BrokenInvariant("rollups", project.name, f"{what}, {where}", advice)


def hours_since(project: Project, since: int) -> QuerySet[PatternHour]:
    rows = PatternHour.objects.filter(project=project, hour__gte=since)
    return rows.exclude(hour=ALL_TIME)


def key_of_row(row: PatternHour) -> tuple[int, str, str]:
    return row.hour, str(row.pattern_id), row.model_id


def differ(one: PatternHour | None, other: PatternHour | None) -> bool:
    empty = PatternHour()
    pairs = ((getattr(one or empty, n), getattr(other or empty, n)) for n in SUMS)
    return any(abs(a - b) > TOLERANCE * max(1.0, abs(a), abs(b)) for a, b in pairs)


def check_contents(project: Project) -> Iterator[BrokenInvariant]:
    """What waits to be recognised has its content; what has content can be unpacked."""
    content = Payload.objects.filter(pk=OuterRef("pk"))
    waiting = ModelInteraction.objects.filter(project=project).pending()
    empty = waiting.exclude(Exists(content)).count()
    if empty:
        what = f"{empty:,} interactions wait to be recognised but have no content"
        yield BrokenInvariant("contents", project.name, what, RESTORE)
    damaged = count_damaged(project)
    if damaged:
        what = f"{damaged:,} contents are damaged"
        yield BrokenInvariant("contents", project.name, what, RESTORE)


def count_damaged(project: Project) -> int:
    numbers = ModelInteraction.objects.filter(project=project).values("number")
    rows = Payload.objects.filter(pk__in=numbers).values_list("data", flat=True)
    return sum(not can_be_unpacked(data) for data in rows.iterator(500))


def can_be_unpacked(data: Stored) -> bool:
    try:
        unpack_payload(data)
    except ValueError:
        return False
    return True


def read_forgotten_until(project: Project) -> int:
    found = Learner.objects.filter(pk=project.pk).values_list("forgotten_until", flat=True)
    return found.first() or 0
