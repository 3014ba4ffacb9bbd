"""Split patterns by topic where evaluation sets show that it decides which model does well.

A pattern of one instruction and free text ("Answer the question: ...") says nothing of what the
text is about, and a cheaper model may do as well on some topics only.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from uuid import UUID

import msgspec

from featurememory.config import config_of
from featurememory.errors import handle_feature_memory_error
from featurememory.models import Project
from integration.jobs import queue
from optimizations.policy_runtime import evaluations, outcomes, topic_evidence
from optimizations.policy_runtime.policy_cache import policies
from patterns.curation.topic_split import split_by_topic, was_split
from patterns.engine.topics.learn_topics import LearnedTopics, learn_topics

logger = logging.getLogger("featurememory.topics")

ACTOR = "memory"
COUNTING_S = 0.5  # of a sweep, for each project: interactions wait to be learned meanwhile
LOOKED_AT = 1_000  # task types whose newest sets are remembered as looked at
_looked_at: OrderedDict[tuple[UUID, str], int] = OrderedDict()


def count_evaluations(project_id: UUID) -> int:
    """Match and count the next tasks of evaluation sets for some time; how many."""
    until, total = time.monotonic() + COUNTING_S, 0
    while count := count_next(project_id):
        total += count
        if time.monotonic() >= until:
            break
    return total


def count_next(project_id: UUID) -> int:
    """Topics are looked for between matching and counting: what is counted stays with its pattern."""
    if config_of(project_id).split_by_topic:
        for task_type in evaluations.find_ready(project_id):
            look_for_topics(project_id, task_type)
    return evaluations.count_next(project_id)


def look_for_topics(project_id: UUID, task_type: str) -> None:
    """Once for each newest task: what was looked at is remembered until this process ends."""
    newest = topic_evidence.find_newest(project_id, task_type)
    if newest is None or _looked_at.get((project_id, task_type)) == newest:
        return
    for pattern_id in topic_evidence.find_large_patterns(project_id, task_type):
        try:
            divide_pattern(project_id, task_type, pattern_id)
        except Exception as error:  # the tasks are counted for the whole
            logger.warning("Topics of pattern %s could not be looked for", pattern_id)
            handle_feature_memory_error(error)
    _looked_at[project_id, task_type] = newest
    if len(_looked_at) > LOOKED_AT:
        _looked_at.popitem(last=False)


def divide_pattern(project_id: UUID, task_type: str, pattern_id: UUID) -> bool:
    """Whether the pattern was split. Nothing happens where the answers do not tell topics apart, and to
    a pattern that was split before: what people undid stays undone."""
    project = Project.objects.get(pk=project_id)
    if was_split(project, str(pattern_id)):
        return False
    found = topic_evidence.collect_evidence(project_id, task_type, pattern_id)
    learned = learn_topics(found.texts, found.tabulate()) if found.texts else None
    if learned is None:
        return False
    if config_of(project_id).mode == "content_free":
        learned = msgspec.structs.replace(learned, words=[[] for _ in learned.words])
    apply_division(project, pattern_id, learned)
    return True


def apply_division(project: Project, pattern_id: UUID, learned: LearnedTopics) -> None:
    """The split, the tasks to match anew and the job are one transaction; then the policy follows. After
    a crash in between, it sees the parts as new patterns."""

    def follow(made: list[str]) -> None:
        topic_evidence.match_again(project.pk, pattern_id)
        whole, *parts = made
        queue.start_job(project, "follow_split", ACTOR, {"whole": whole, "parts": parts})

    shares = split_by_topic(project, str(pattern_id), learned, ACTOR, follow)
    logger.info("Split pattern %s into %d by topic", pattern_id, len(shares))
    with policies.changing(project.pk) as kept:
        with kept.lock:
            kept.engine.divide_pattern(str(pattern_id), shares)
        outcomes.save_policy(project.pk, kept)
