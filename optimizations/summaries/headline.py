"""The headline sentence: what the optimizations saved, or why nothing can be said yet."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.utils import timezone

from featurememory.models import Project
from featurememory.templatetags.figures import money, number, points
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.reporting.savings import Savings
from optimizations.models import RegisteredModel
from optimizations.policy_runtime.policy_cache import LoadedPolicy, policies
from optimizations.summaries.progress import CACHES, count_compared, count_needed
from patterns.models import Pattern
from patterns.statistics.time_window import Window

DAYS = 30
UNMEASURED = 2.0  # an interval from -100 to +100 points says nothing
COUNTED = (*CACHES, "token_budget", "timeout")  # kinds whose errors are counted


@dataclass(frozen=True)
class Sentence:
    """`strong` is the answer, `text` what it rests on; `proven` when the interval excludes 0."""

    strong: str
    text: str
    link: str = "/optimizations/"
    proven: bool = False


def summarize_project(
    project: Project, span: tuple[float, float] | None = None, words: str = f"{DAYS} days"
) -> Sentence:
    """About a span of traffic in seconds since the epoch, called `words`; by default the last 30 days."""
    kept = policies.for_deciding(project.pk)
    since, until = span or last_days(kept)
    with kept.lock:
        states = list(kept.engine.optimizations.values())
        saved = kept.engine.savings(since, until)
    if not states:
        return summarize_nothing(project)
    active = [state for state in states if state.status == "active"]
    if active:
        return summarize_active(active, saved, words)
    return summarize_trials(states) or summarize_rejected(kept, states)


def last_days(kept: LoadedPolicy) -> tuple[float, float]:
    """The days the Overview shows; of a history that ended before today those before its end."""
    if kept.at < time.time() - 86_400:
        return kept.at - DAYS * 86_400, kept.at + 1
    window = Window.ending(timezone.now(), f"{DAYS}d")
    return window.start * 3600.0, window.end * 3600.0


def summarize_nothing(project: Project) -> Sentence:
    models = RegisteredModel.objects.filter(project=project, enabled=True).count()
    if models < 2:
        text = (
            "Nothing is changed yet. Register the models that may serve a task, and "
            "prepare every task before it runs."
        )
        return Sentence("Memory only watches.", text, "/models/")
    return Sentence("No measurable effect yet.", "No change has been proposed so far.")


def summarize_active(active: list[OptimizationState], saved: Savings, words: str) -> Sentence:
    helped = sum(state.lift[1] > 0 for state in active)
    changes = "1 change is" if len(active) == 1 else f"{number(len(active))} changes are"
    proof = f"{changes} active, {number(helped)} of them with a measured gain."
    cost = saved.verified.cost
    if not saved.verified.n or cost.low <= 0 <= cost.high:
        return Sentence("No measurable saving yet.", f"{describe_interval(saved)} {proof}".strip())
    word = "saved" if cost.point > 0 else "cost"
    strong = f"Memory {word} {money(abs(cost.point))} in {words}."
    return Sentence(strong, f"{describe_interval(saved)} {proof}", proven=cost.low > 0)


def describe_interval(saved: Savings) -> str:
    if not saved.verified.n:
        return ""
    cost = saved.verified.cost
    return (
        f"95% interval {money(cost.low)} to {money(cost.high)}, measured over "
        f"{number(saved.verified.n)} calls against held-out ones."
    )


def summarize_rejected(kept: LoadedPolicy, states: list[OptimizationState]) -> Sentence:
    with kept.lock:
        gain = [f.text for f in kept.engine.findings() if f.code == "nothing_to_gain"]
    return Sentence("Nothing to gain so far.", gain[0] if gain else count_rejected(states))


def count_rejected(states: list[OptimizationState]) -> str:
    stopped = sum(state.status == "suspended" for state in states)
    tried = sum(state.status in ("rejected", "retired") for state in states)
    parts = [
        count_changes(tried, "was tried and not kept", "were tried and none was kept")
        if tried
        else "",
        count_changes(stopped, "is suspended", "are suspended") if stopped else "",
    ]
    return " ".join(filter(None, parts)) or "No change has been tried yet."


def count_changes(n: int, one: str, several: str) -> str:
    return f"One change {one}." if n == 1 else f"{number(n)} changes {several}."


def summarize_trials(states: list[OptimizationState]) -> Sentence | None:
    """None when nothing is on trial."""
    trials = [state for state in states if state.status == "trial"]
    if not trials:
        return None
    text = f"{number(len(trials))} on trial against a control group."
    needs = [more for state in trials if (more := count_needed(state))]
    if needs:
        text += f" The nearest needs about {number(min(needs))} more interactions."
    return Sentence("No measurable effect yet.", text)


def summarize_pattern(project: Project, pattern: Pattern) -> Sentence:
    """About the optimizations that concern this pattern."""
    kept = policies.for_deciding(project.pk)
    with kept.lock:
        mine = [s for s in kept.engine.optimizations.values() if concerns(s, pattern)]
    active = [state for state in mine if state.status == "active"]
    if active:
        best = max(active, key=lambda state: state.lift[0])
        return summarize_one(best, len(active))
    if not mine:
        return Sentence("Nothing is changed here.", "No change has been proposed for this pattern.")
    tried = any(state.status in ("rejected", "retired") for state in mine)
    none_left = Sentence(
        "Nothing to gain so far." if tried else "Nothing is changed here now.",
        count_rejected(mine),
    )
    return summarize_trials(mine) or none_left


def concerns(state: OptimizationState, pattern: Pattern) -> bool:
    """Whether it is for this pattern alone, for a group with it, or for its whole task type."""
    name = str(pattern.pk)
    if state.pattern_id or state.patterns:
        return state.pattern_id == name or name in state.patterns
    return state.task_type == pattern.task_type


def summarize_one(state: OptimizationState, count: int) -> Sentence:
    point, low, high = state.lift
    if high - low >= UNMEASURED and state.kind in COUNTED:
        return summarize_unmeasured(state, count)
    text = (
        f"{points(point)} against the holdout, 95% interval {points(low)} to {points(high)}, "
        f"{number(state.n_treated)} treated and {number(state.n_control)} held out."
    )
    if not state.patterns:
        text += f" Measured over all of {state.task_type or 'the tasks without a type'}."
    if count > 1:
        text += f" {number(count - 1)} more active here."
    link = f"/optimizations/{state.id}/"
    strong = f"{state.summary}." if low > 0 else "No measurable effect yet."
    return Sentence(strong, text, link, proven=low > 0)


def summarize_unmeasured(state: OptimizationState, count: int) -> Sentence:
    """An active change whose errors are counted in place of an effect."""
    compared, wrong = count_compared(state) or (0, 0)
    text = "It is active; its errors are counted instead of an effect."
    if compared:
        different = number(wrong) if wrong else "none"
        text = f"It is active; {number(compared)} repeats compared, {different} different."
    if count > 1:
        text += f" {number(count - 1)} more active here."
    return Sentence(f"{state.summary}.", text, f"/optimizations/{state.id}/")
