"""Sessions that saw both arms of an optimization."""

from optimizations.engine.health import arm_sessions
from optimizations.engine.health.arm_sessions import ArmMemory, ArmSessions


def count(*requests: tuple[str, bool]) -> ArmSessions:
    memory, counts = ArmMemory(), ArmSessions()
    for session, treated in requests:
        memory.note(counts, "o", session, treated)
    return counts


def test_a_session_that_keeps_its_arm_does_not_cross() -> None:
    assert count(("s", True), ("s", True), ("s", True)) == ArmSessions(1, 1, 0)


def test_a_session_that_saw_both_arms_crossed_once_however_often_it_changes() -> None:
    assert count(("s", True), ("s", False), ("s", True), ("s", False)) == ArmSessions(1, 1, 1)


def test_the_share_is_that_of_sessions_that_came_back() -> None:
    counts = count(("a", True), ("b", True), ("b", False), ("c", False), ("c", False))

    assert (counts.sessions, counts.returned, counts.share) == (3, 2, 0.5)


def test_each_optimization_has_sessions_of_its_own() -> None:
    memory, one, other = ArmMemory(), ArmSessions(), ArmSessions()
    memory.note(one, "one", "s", True)
    memory.note(other, "other", "s", False)

    assert (one.crossed, other.crossed) == (0, 0)


def test_a_few_crossings_are_no_reason_to_warn() -> None:
    assert not ArmSessions(1000, 500, 4).is_much
    assert not ArmSessions(1000, 500, 9).is_much
    assert ArmSessions(1000, 500, 10).is_much


def test_what_was_seen_survives_a_snapshot() -> None:
    before, counts = ArmMemory(), ArmSessions()
    before.note(counts, "o", "s", True)

    ArmMemory(before.list_seen()).note(counts, "o", "s", False)

    assert counts == ArmSessions(1, 1, 1)


def test_the_sessions_seen_longest_ago_are_forgotten_first() -> None:
    memory = ArmMemory({f"o\x1f{n}": 1 for n in range(arm_sessions.MOST)})
    counts = ArmSessions()
    memory.note(counts, "o", "0", True)  # comes back: it is the newest now
    memory.note(counts, "o", "fresh", True)

    assert len(memory.list_seen()) == arm_sessions.MOST
    assert "o\x1f0" in memory.list_seen()
    assert "o\x1f1" not in memory.list_seen()
