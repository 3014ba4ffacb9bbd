"""Late feedback on outcomes: all values are stored, the last one per metric counts."""

from __future__ import annotations

import math
from typing import Annotated, Any

from django.db.models import JSONField, Q, Value
from msgspec import Meta, Struct

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.outcome_rows import VERDICT
from optimizations.policy_runtime.shadow_pairs import note_change
from optimizations.shadow_answers import verdicts
from patterns.list_figures import refresh_figures
from patterns.models import Feedback, Learner, ModelInteraction
from patterns.recognition import late_feedback
from patterns.redaction.redact import redactor_of
from patterns.statistics import rollups

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
TARGETS = {
    "interaction_id": "interaction",
    "decision_id": "decision",
    "session_id": "session",
    "shadow_id": "shadow",
}
# One session may hold very many interactions; feedback is about the recent ones.
SESSION_LIMIT = 1000


class FeedbackIn(Struct):
    metric_name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    value: Any
    interaction_id: Text | None = None
    decision_id: Text | None = None
    session_id: Text | None = None
    shadow_id: Text | None = None


def find_target(given: FeedbackIn) -> tuple[str, str]:
    if given.shadow_id and not (given.interaction_id or given.session_id):
        return "shadow", given.shadow_id  # its decision may be named as well
    named = [(kind, getattr(given, name)) for name, kind in TARGETS.items() if getattr(given, name)]
    if len(named) != 1:
        raise invalid(f"name exactly one of {', '.join(TARGETS)}", "")
    return named[0]


def check_value(given: FeedbackIn) -> None:
    value = given.value
    if given.metric_name == "success" and not isinstance(value, bool):
        raise invalid("must be true or false for the metric success", "/value")
    if given.metric_name == "score":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 <= value <= 1:
            raise invalid("must be a number from 0 to 1 for the metric score", "/value")
    if isinstance(value, str) and (len(value) > 10_000 or "\x00" in value):
        raise invalid("must be at most 10,000 characters without NUL", "/value")
    if isinstance(value, list | dict):
        raise invalid("must be a number, a text, true, false or null", "/value")


def store_feedback(project: Project, given: FeedbackIn) -> Feedback:
    """Store feedback and update success and score of its interactions. 404 for an unknown target, 422."""
    kind, name = find_target(given)
    check_value(given)
    metric, value = given.metric_name, given.value
    if redactor := redactor_of(project.pk):
        hide = redactor.redact_session if kind == "session" else redactor.redact_name
        name, metric = hide(name), redactor.redact_name(metric)[:100]
        if metric != verdicts.VERDICT:  # one of our own words
            value = redactor.redact_value(value)
    if kind == "shadow":
        return verdicts.store_shadow_feedback(project, given.shadow_id or "", metric, value)
    rows = ModelInteraction.objects.filter(
        Q(**{f"{kind}_id" if kind != "interaction" else "id": name})
    )
    with write_turn():
        # A batch that is being saved must not count rows with old values.
        Learner.objects.lock(project.pk)
        found = list(rows.filter(project=project).order_by("-number")[:SESSION_LIMIT])
        if not found and kind != "decision":
            raise not_found(kind)
        if given.metric_name in ("success", "score"):
            for row in found:
                apply_metric(project, row, given.metric_name, given.value)
            refresh_figures(project.pk, (row.pattern_id for row in found if row.pattern_id))
        if given.metric_name == VERDICT:
            outcomes.note_verdicts(project.pk, found)
        return Feedback.objects.create(
            project=project,
            target=kind,
            target_id=name,
            metric_name=metric,
            value=Value(None, JSONField()) if value is None else value,  # JSON's null, not SQL's
        )


def apply_metric(project: Project, row: ModelInteraction, metric: str, value: Any) -> None:
    """Set the value in the row, and correct the rollups when the row was already counted."""
    row.failed = row.has_failed  # as it was sent: a judgement of the answer comes later
    before = rollups.outcome_of(row)
    setattr(row, metric, value)
    ModelInteraction.objects.filter(pk=row.pk).update(**{metric: value, "failed": row.failed})
    if row.decision_id:
        note_change(project.pk, Q(decision_id=row.decision_id))
    if row.state == ModelInteraction.InteractionState.RECOGNIZED:
        after = rollups.outcome_of(row)
        rollups.correct_outcome(project.pk, before, after)
        late_feedback.queue_judgement(project.pk, before, after)
        outcomes.note_correction(row, before.success, before.score)
