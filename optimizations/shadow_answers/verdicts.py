"""What is said of a shadow's answer later: scores, and people's verdicts on pairs that differ."""

from __future__ import annotations

from typing import Any

from django.db.models import F, JSONField, Value

from featurememory.database.write_lock import write_turn
from featurememory.errors import invalid, not_found
from featurememory.models import Project
from optimizations.models import ShadowAnswer
from patterns.ingest.wakeup import wake_learner
from patterns.models import Feedback

VERDICT = "verdict"
VERDICTS = {"better": 1, "same": 0, "worse": -1, None: None}


def store_shadow_feedback(project: Project, name: str, metric: str, value: Any) -> Feedback:
    """Stores a metric of a shadow's answer, and has its pair looked at again. 404 for an unknown id,
    422 for a verdict that is none."""
    change = changed_columns(metric, value)
    with write_turn():
        rows = ShadowAnswer.objects.filter(project=project, shadow_id=name)
        if not rows.exists():
            raise not_found("shadow")
        if change:
            rows.update(**change, due=True, turn=F("turn") + 1)
        made = Feedback.objects.create(
            project=project,
            target="shadow",
            target_id=name,
            metric_name=metric,
            value=Value(None, JSONField()) if value is None else value,  # JSON's null, not SQL's
        )
    if change:
        wake_learner(project.pk)
    return made


def judge_pair(project: Project, name: str, verdict: int | None, person: str) -> None:
    """A person's verdict on a pair, None takes it back; kept like feedback over the API."""
    word = next(word for word, value in VERDICTS.items() if value == verdict)
    store_shadow_feedback(project, name, VERDICT, word)
    ShadowAnswer.objects.filter(project=project, shadow_id=name).update(judged_by=person)


def changed_columns(metric: str, value: Any) -> dict[str, Any]:
    if metric in ("success", "score"):
        return {metric: value}
    return {"verdict": read_verdict(value)} if metric == VERDICT else {}


def read_verdict(value: Any) -> int | None:
    """`better`, `same` or `worse` than the answer that was served; null takes a verdict back."""
    if not isinstance(value, str | None) or value not in VERDICTS:
        raise invalid("must be better, same, worse, or null to take it back", "/value")
    return VERDICTS[value]
