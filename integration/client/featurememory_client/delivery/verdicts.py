"""What an answer means for what was sent. An answer that makes no sense means: not now."""

from __future__ import annotations

import json
from typing import Any

from featurememory_client.http.reply import HttpReply

SENT, DROPPED, LATER, UNKNOWN = "sent", "dropped", "later", "unknown"
LONGEST_PAUSE_S = 60.0


class Verdict:
    """`fates` has one entry a body; None when the whole was refused and has to be split."""

    __slots__ = ("fates", "pause_s", "reason")

    def __init__(self, fates: list[str] | None, reason: str = "", pause_s: float = 0.0) -> None:
        self.fates = fates
        self.reason = reason
        self.pause_s = pause_s


def judge_batch(reply: HttpReply, size: int) -> Verdict:
    answer = read_json(reply)
    if 200 <= reply.status < 300:
        rejected = read_rejected(answer, size)
        if rejected is None:
            return put_off(reply, size, "the server's answer makes no sense")
        fates = [DROPPED if n in rejected else SENT for n in range(size)]
        return Verdict(fates, "; ".join(list(rejected.values())[:3]))
    # Another program's 400 says nothing about the interactions: ours names its code.
    is_ours = isinstance(answer, dict) and "code" in answer
    if reply.status == 413 or (reply.status in (400, 422) and is_ours):
        return Verdict(None, tell(reply, answer))
    return put_off(reply, size, tell(reply, answer))


def judge_feedback(reply: HttpReply) -> Verdict:
    answer = read_json(reply)
    if 200 <= reply.status < 300:
        return Verdict([SENT])
    if reply.status == 404 and isinstance(answer, dict) and "code" in answer:
        return Verdict([UNKNOWN], tell(reply, answer))
    if reply.status in (400, 413, 422):
        return Verdict([DROPPED], tell(reply, answer))
    return put_off(reply, 1, tell(reply, answer))


def put_off(reply: HttpReply, size: int, reason: str) -> Verdict:
    return Verdict([LATER] * size, reason, read_pause(reply.headers.get("retry-after", "")))


def read_json(reply: HttpReply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def read_rejected(answer: Any, size: int) -> dict[int, str] | None:
    """Index → reason of what was refused; None when the counts are not those of our batch."""
    if not isinstance(answer, dict) or not isinstance(answer.get("rejected"), list):
        return None
    good = [answer.get("accepted"), answer.get("duplicates")]
    counts = [count for count in good if isinstance(count, int)]
    if len(counts) < len(good):
        return None
    found = {}
    for entry in answer["rejected"]:
        if not isinstance(entry, dict) or type(entry.get("index")) is not int:
            return None
        found[entry["index"]] = f"refused: {describe_problem(entry.get('problem'))}"
    found |= read_conflicts(answer.get("conflicting"))
    return found if sum(counts) + len(found) == size else None


def read_conflicts(told: Any) -> dict[int, str]:
    """Those under whose id another interaction is stored: they will never be taken."""
    entries = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    places = [one.get("index") for one in entries]
    return {at: "refused: its id is taken" for at in places if type(at) is int}


def describe_problem(problem: Any) -> str:
    if not isinstance(problem, dict):
        return "no reason given"
    return str(problem.get("detail") or problem.get("title") or problem.get("code"))[:300]


def tell(reply: HttpReply, answer: Any) -> str:
    detail = f": {describe_problem(answer)}" if isinstance(answer, dict) else ""
    return f"the server answered {reply.status}{detail}"


def read_pause(header: str) -> float:
    """Seconds of a Retry-After; 0 for a date or nonsense."""
    return min(LONGEST_PAUSE_S, float(header)) if header.isdigit() else 0.0
