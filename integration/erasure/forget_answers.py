"""The optimizations forget texts: answers kept for repeats, the last request of each task type."""

from __future__ import annotations

from featurememory.models import Project
from optimizations.models import PolicyState
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.policy_cache import policies


def forget_answers(project: Project) -> None:
    """Evidence stays: it is made of numbers."""
    if not PolicyState.objects.filter(pk=project.pk).exists():
        return
    with policies.changing(project.pk) as kept:
        with kept.lock:
            kept.engine.forget_texts()
        outcomes.save_policy(project.pk, kept)
