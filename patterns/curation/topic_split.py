"""Split a pattern by topic: what its free text is about, where that tells which model does well."""

from __future__ import annotations

from collections.abc import Callable

from featurememory.models import Project
from patterns.curation.splitting import apply_split
from patterns.engine.topics.learn_topics import LearnedTopics
from patterns.models import Operation
from patterns.recognition.recognizer_cache import recognizers

WAY = " by topic, because models do better on some than on others"


def was_split(project: Project, pattern_id: str) -> bool:
    """Whether it was split before, also if that was undone since: people's words win."""
    return Operation.objects.filter(project=project, kind="split", before__into=pattern_id).exists()


def split_by_topic(
    project: Project,
    pattern_id: str,
    learned: LearnedTopics,
    actor: str,
    follow: Callable[[list[str]], None],
) -> dict[str, float]:
    """The share of the uses (0 to 1) of each resulting pattern, the whole among them.

    `follow` is given these patterns in the same transaction. 404, 422 when it cannot be split.
    """
    _, made = apply_split(
        project,
        pattern_id,
        actor,
        lambda one, own: one.divide(own, learned),
        pointer="/by",
        way=WAY,
        follow=follow,
    )
    recognizer = recognizers.for_reading(project.pk).recognizer
    uses = {name: recognizer.get(name).use_count for name in made if name in recognizer}
    total = max(1, sum(uses.values()))
    return {name: count / total for name, count in uses.items()}
