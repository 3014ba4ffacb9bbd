"""Removes the rows of erased interactions and decisions, and what quotes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Q
from django.db.models.functions import Length

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project, SavedView, StoredAnswer
from integration.erasure.selection import PART, ErasedContent
from integration.models import PreviousRecognizer
from optimizations.decision_log.shadow_rows import MOST_SHADOWS, delete_shadows
from optimizations.evaluation_sets.task_texts import delete_tasks
from optimizations.models import AppliedOptimization, Decision, WaitingOutcome
from patterns.models import FailedRecord, Feedback, ModelInteraction, Payload
from patterns.retention.delete_interactions import record_forgotten_until
from patterns.storage.tag_blocks import refresh_blocks

COUNTED = (
    *("interactions", "payloads", "decisions", "evaluations"),
    *("examples", "slots", "snapshots", "bytes"),
)


def split(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), PART):
        yield values[start : start + PART]


def erase_rows(project: Project, content: ErasedContent) -> Counter[str]:
    """In transactions of a bounded size; running it again removes what is left. Counts what went."""
    counts: Counter[str] = Counter()
    record_forgotten_until(project, content.newest)
    for tasks in split(content.evaluations):
        with write_turn():
            gone, freed = delete_tasks(tasks)
            counts += Counter({"evaluations": gone, "bytes": freed})
    for decisions in split(content.decisions):
        with write_turn():
            counts += erase_decisions(decisions)
    for ids in split(content.decision_ids):
        with write_turn():
            AppliedOptimization.objects.filter(project=project, decision_id__in=ids).delete()
            counts["bytes"] += delete_shadows(project.pk, list(ids))
            shadows = [f"{one}.{number}" for one in ids for number in range(1, MOST_SHADOWS + 1)]
            Feedback.objects.filter(project=project, target_id__in=shadows).delete()
            Feedback.objects.filter(project=project, target_id__in=ids).delete()
    for numbers, ids in zip(split(content.numbers), split(content.ids), strict=True):
        with write_turn():
            counts += erase_interactions(project, numbers, ids)
    with write_turn():
        Feedback.objects.filter(project=project, target_id__in=list(content.sessions)).delete()
        StoredAnswer.objects.filter(project=project).delete()  # they hold whole answers
        erase_searches(project, content.names)
        # Reasons may quote a value. That a partition failed stays: it is repaired no more until then.
        rows = FailedRecord.objects.filter(project=project, number=None)
        rows.update(reason="erased")
        counts["snapshots"] += PreviousRecognizer.objects.filter(project=project).delete()[0]
    return counts


def erase_decisions(numbers: Sequence[int]) -> Counter[str]:
    rows = Decision.objects.filter(pk__in=numbers)
    size = sum(rows.values_list(Length("data"), flat=True))
    return Counter({"decisions": rows.delete()[0], "bytes": size})


def erase_interactions(
    project: Project, numbers: Sequence[int], ids: Sequence[str]
) -> Counter[str]:
    payloads = Payload.objects.filter(pk__in=numbers)
    size = sum(payloads.values_list(Length("data"), flat=True))
    WaitingOutcome.objects.filter(project=project, interaction__in=numbers).delete()
    Feedback.objects.filter(project=project, target="interaction", target_id__in=ids).delete()
    named = Q(number__in=numbers) | Q(subject__in=ids)
    FailedRecord.objects.filter(named, project=project).delete()
    gone = payloads.delete()[0]
    rows = ModelInteraction.objects.filter(project=project, pk__in=numbers).delete()[0]
    refresh_blocks(project.pk, numbers)
    return Counter({"interactions": rows, "payloads": gone, "bytes": size})


def erase_activity(project: Project, ids: Sequence[Any]) -> None:
    """Lines about these patterns quote their template; who did what stays in the audit log."""
    for some in split([f"/patterns/{one}/" for one in ids]):
        Activity.objects.filter(Q(link__in=some), project=project).delete()


def erase_searches(project: Project, names: Set[str]) -> None:
    """Saved views that look for one of these names, and the lines of activity that tell of them."""
    for view in SavedView.objects.filter(project=project):
        if names & set(read_values(view.query)):
            view.delete()
    for line in Activity.objects.filter(project=project, verb="view"):
        if names & set(read_values(line.link.partition("?")[2])):
            line.delete()


def read_values(query: str) -> list[str]:
    return [value for _, value in parse_qsl(query)]
