"""A late word on a call, a decision or a session."""

from __future__ import annotations

from featurememory_client import runtime
from featurememory_client.recording.call import clean_id
from featurememory_client.recording.usage import is_share

LONGEST_COMMENT = 10_000


def feedback(
    *,
    interaction_id: str | None = None,
    decision_id: str | None = None,
    session_id: str | None = None,
    shadow_id: str | None = None,
    success: bool | None = None,
    score: float | None = None,
    comment: str | None = None,
) -> None:
    """Say how a call, a decision or a session went: one of the three ids. Sent in the background."""
    client = runtime.get_client()
    named = {
        "interaction_id": clean_id(interaction_id),
        "decision_id": clean_id(decision_id),
        "session_id": clean_id(session_id),
    }
    target = next(((name, value) for name, value in named.items() if value), None)
    values = {"success": success, "score": score, "comment": comment}
    given = {name: value for name, value in values.items() if value is not None}
    good = {name: value for name, value in given.items() if is_word(name, value)}
    if client is None:
        return
    if target is None or good != given:
        client.report(ValueError("feedback needs an id, and a score is a number from 0 to 1"))
    if target is not None and good:
        client.take_feedback(dict([target, *shadow_of(shadow_id)]), good)


def shadow_of(shadow_id: str | None) -> list[tuple[str, str]]:
    name = clean_id(shadow_id)
    return [("shadow_id", name)] if name else []


def is_word(name: str, value: object) -> bool:
    """Whether the server takes this value of this metric."""
    if name == "success":
        return isinstance(value, bool)
    if name == "score":
        return is_share(value)
    return isinstance(value, str) and 0 < len(value) <= LONGEST_COMMENT and "\x00" not in value
