"""Switches between recogniser versions: the one in use answers while its successor is built.

A version is the rules (`DefaultPatternRecognizer.VERSION`) and the embedder. When the settings need another
version, a `reprocess` job plans all partitions in a separate process, reports what would change, and
switches in one transaction; ids, labels, counts and decisions survive as in any repair. The previous
recogniser is kept, and a `revert` job switches back to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import F
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Activity, Project
from integration.models import Job, PreviousRecognizer
from integration.repair.background_repair import make_plans, put_plans_in_place
from integration.repair.move_interactions import follow_redirects
from integration.repair.planner_client import PlannedPartition
from integration.repair.reprocessing import run_reprocess_steps
from integration.repair.save_repair import MORE_FOLLOWS
from patterns.engine.domain.results import Consolidation
from patterns.engine.recognizer import DefaultPatternRecognizer, version_of
from patterns.engine.repair.consolidate import apply_plans
from patterns.engine.repair.drafts import plan_present
from patterns.engine.repair.plan import Draft, RepairPlan
from patterns.engine.settings import RecognizerSettings
from patterns.models import Learner, ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import (
    find_settings_in_use,
    load_recognizer,
    read_settings,
    recognizers,
    refuse_endpoint,
)
from patterns.storage.rows import state_of

BEAT_S = 10.0


def find_wanted_version(project_id: UUID) -> str | None:
    """The version the settings need, when another one is in use and has learned something; else None."""
    learner = Learner.objects.filter(pk=project_id).only("recognizer", "version").first()
    if learner is None or not learner.version:
        return None
    asked = version_of(read_settings(project_id))
    return asked if asked != learner.recognizer.get("version", "1") else None


def is_upgrade_due(project_id: UUID) -> bool:
    """Whether to switch automatically: not again for a version that was tried or reverted before."""
    asked = find_wanted_version(project_id)
    return (
        asked is not None
        and not Job.objects.filter(
            project_id=project_id, kind="reprocess", params__version=asked
        ).exists()
    )


def upgrade_and_reprocess(job: Job) -> Iterator[str]:
    """Switch to the version the settings need, if another is in use; then re-match all interactions."""
    asked = find_wanted_version(job.project_id)
    if asked is not None and "after" not in job.cursor:
        job.params = {**job.params, "version": asked}
        job.save(update_fields=["params"])  # so that it does not start again automatically
        yield from switch_recognizer(job, asked)
    yield from run_reprocess_steps(job)


def switch_recognizer(job: Job, asked: str) -> Iterator[str]:
    project, settings = job.project, read_settings(job.project_id)
    old = recognizers.for_reading(project.pk).recognizer.version
    yield f"Building recogniser {asked}; {old} keeps answering"
    planned, passages = make_plans(project.pk, settings, make_cancel_check(job))
    yield compare_recognizers(project, planned, settings)
    put_plans_in_place(
        project.pk, planned, passages, MORE_FOLLOWS, SwitchForward(project, settings)
    )
    yield record_switch(project, job.actor, f"Switched from recogniser {old} to {asked}")


def revert_recognizer(job: Job) -> Iterator[str]:
    """Revert to the recogniser before the last switch; patterns created since stay. 409 without one."""
    project = job.project
    previous = PreviousRecognizer.objects.filter(pk=project.pk).first()
    used = recognizers.for_reading(project.pk).recognizer.version
    if previous is None or used != previous.replaced_by:
        raise FeatureMemoryError(
            "There is no previous recogniser to revert to.", ErrorCode.CONFLICT
        )
    plans = msgspec.msgpack.decode(bytes(previous.plans), type=dict[str, RepairPlan])
    planned = [
        PlannedPartition(
            Draft(name, plan.method, 0, 0.0, [], {}), msgspec.msgpack.encode(plan), None
        )
        for name, plan in plans.items()
    ]
    put_plans_in_place(project.pk, planned, b"", MORE_FOLLOWS, SwitchBack(project, previous))
    old = previous.settings["version"]
    yield record_switch(project, job.actor, f"Reverted from recogniser {used} to {old}")


def record_switch(project: Project, actor: str, summary: str) -> str:
    Activity.objects.create(project=project, actor=actor, verb="switch", summary=summary)
    record(project.pk, "recognizer.switched", actor=actor, reason=summary)
    return summary


def make_cancel_check(job: Job) -> Callable[[], bool]:
    """A function that returns whether the job was cancelled, and renews its heartbeat."""
    last = [time.monotonic()]

    def cancelled() -> bool:
        if time.monotonic() - last[0] < BEAT_S:
            return False
        last[0] = time.monotonic()
        running = Job.objects.filter(pk=job.pk, state="running")
        return not running.update(beat_at=timezone.now())

    return cancelled


def compare_recognizers(
    project: Project, planned: Sequence[PlannedPartition], settings: RecognizerSettings
) -> str:
    """A sentence on what the switch would change, tried on a copy of the recogniser."""
    copy = load_recognizer(project.pk).recognizer
    before, count = {state.id for state in copy}, len(copy.memory.reservoir)
    copy.change_to(settings)
    plans = {one.draft.name: msgspec.msgpack.decode(one.plan, type=RepairPlan) for one in planned}
    done = apply_plans(copy.memory, plans)
    after = {state.id for state in copy}
    return (
        f"{len(done.moved):,} of {count:,} sampled interactions would move. Patterns: "
        f"{len(before & after):,} kept, {len(done.redirects):,} merged into another, "
        f"{len(after - before):,} new"
    )


class SwitchForward:
    """A switch to the recogniser the settings need; saves what a revert needs."""

    def __init__(self, project: Project, settings: RecognizerSettings) -> None:
        self.project, self.settings = project, settings

    def prepare(self, recognizer: DefaultPatternRecognizer) -> None:
        used = recognizer.settings
        self.previous = PreviousRecognizer(
            project=self.project,
            settings={
                "version": recognizer.version,
                "embedder": used.embedder,
                "embedder_url": used.embedder_url,
                "embedder_model": used.embedder_model,
            },
            plans=msgspec.msgpack.encode(plan_present(recognizer.memory)),
        )
        refuse_endpoint(self.settings.embedding)
        recognizer.change_to(self.settings)
        self.previous.replaced_by = recognizer.version

    def save(self, done: Consolidation) -> None:
        self.previous.redirected = collect_merged_away(self.project, done)
        self.previous.save()


class SwitchBack:
    """A switch back to the previous recogniser; patterns that the switch merged get their ids back."""

    def __init__(self, project: Project, previous: PreviousRecognizer) -> None:
        self.project, self.previous = project, previous

    def prepare(self, recognizer: DefaultPatternRecognizer) -> None:
        settings = find_settings_in_use(self.project.pk, self.previous.settings)
        refuse_endpoint(settings.embedding)
        recognizer.change_to(settings)
        recognizer.version = self.previous.settings["version"]
        self.rows = self._still_merged()
        for row in self.rows:
            recognizer.add(state_of(row))

    def _still_merged(self) -> list[Pattern]:
        """Patterns merged by the switch, except those restored or pruned since."""
        rows = Pattern.objects.filter(project=self.project, pk__in=list(self.previous.redirected))
        found = rows.filter(archived_why="merged", redirect_to__isnull=False, state__isnull=False)
        return list(found.order_by("pk"))

    def save(self, done: Consolidation) -> None:
        rows = Pattern.objects.filter(project=self.project)
        for row in self.rows:
            _, uses, children = self.previous.redirected[str(row.pk)]
            rows.filter(pk=str(row.redirect_to)).update(use_count=F("use_count") - uses)
            rows.filter(pk=row.pk).update(
                redirect_to=None, archived_at=None, archived_why="", use_count=uses
            )
            rows.filter(pk__in=children).update(redirect_to=row.pk)
        self.previous.delete()


def collect_merged_away(project: Project, done: Consolidation) -> dict[str, list[Any]]:
    """Each pattern about to be merged: its target, how many of its uses go there (not those that move
    elsewhere), and the patterns that redirect to it."""
    found: dict[str, list[Any]] = {}
    rows = Pattern.objects.filter(project=project)
    led = rows.filter(redirect_to__in=list(done.redirects)).order_by("pk")
    earlier: dict[UUID | None, list[str]] = {}
    for child, source in led.values_list("pk", "redirect_to"):
        earlier.setdefault(source, []).append(str(child))
    merged = rows.filter(pk__in=list(done.redirects)).values_list("pk", "use_count")
    for source, uses in merged:
        into = follow_redirects(str(source), done.redirects)
        found[str(source)] = [into, uses, earlier.get(source, [])]
    homes = {child: pk for pk, (_, _, children) in found.items() for child in children}
    for name, owner in read_owners(project, list(done.moved)):
        home = homes.get(owner, owner)
        if home in found and follow_redirects(done.moved[name], done.redirects) != found[home][0]:
            found[home][1] -= 1
    return found


def read_owners(project: Project, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The current pattern of each of these interactions, as (interaction id, pattern id)."""
    rows = ModelInteraction.objects.filter(project=project, state=1)
    for start in range(0, len(names), 500):
        some = rows.filter(id__in=names[start : start + 500])
        for name, owner in some.values_list("id", "pattern_id"):
            yield name, str(owner)
