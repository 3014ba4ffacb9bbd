"""Only the first outcome of a session is evidence."""

from optimizations.engine.domain.task import Task, TaskDecision
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.trials import sessions
from optimizations.engine.trials.sessions import Sessions

SCOPE = Scope("route_model", "t", "m", "m", {})


def decision(number: int, session: str | None) -> TaskDecision:
    task = Task("m", session_id=session)
    return TaskDecision(f"d{number}", task, unit_digest=session or f"d{number}")


def test_the_first_of_a_session_counts_and_the_others_do_not() -> None:
    found = Sessions()
    assert [found.is_first(SCOPE, decision(n, "s")) for n in range(3)] == [True, False, False]


def test_without_a_session_every_outcome_counts() -> None:
    found = Sessions()
    assert all(found.is_first(SCOPE, decision(n, None)) for n in range(3))


def test_what_was_seen_survives_a_snapshot() -> None:
    before = Sessions()
    before.is_first(SCOPE, decision(1, "s"))
    assert not Sessions(before.units()).is_first(SCOPE, decision(2, "s"))


def test_the_oldest_sessions_are_forgotten_first() -> None:
    found = Sessions(str(n) for n in range(sessions.MOST))
    found.is_first(SCOPE, decision(1, "s"))
    assert len(found.units()) == sessions.MOST
    assert "0" not in found.units()
