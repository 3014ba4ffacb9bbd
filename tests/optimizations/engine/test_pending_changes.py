from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.pending_changes import PendingChanges
from optimizations.engine.trials.trial import Trial

STATE = OptimizationState("a", "route_model", "chat", "large", {"model_id": "small"})
STEP = Transition("a", "candidate", "trial", "begun", "Its trial has started.", 1.0)


def test_what_was_taken_is_not_taken_again() -> None:
    pending = PendingChanges()
    pending.note([STEP], [])
    first, second = (pending.take({"a": STATE}, {}, ()) for _ in range(2))
    assert (first.optimizations, first.transitions) == ((STATE,), (STEP,))
    assert (second.optimizations, second.transitions) == ((), ())


def test_a_state_is_taken_with_its_running_tests() -> None:
    pending, trial = PendingChanges(), Trial.of(STATE)
    trial.tests.n_treated = 7
    pending.note([], ["a"])
    (state,) = pending.take({"a": STATE}, {"a": trial}, ()).optimizations
    assert Trial.of(state).tests.n_treated == 7


def test_what_was_removed_is_not_written_any_more() -> None:
    pending = PendingChanges()
    pending.note([], ["a"])
    pending.remove("a")
    taken = pending.take({}, {}, ())
    assert (taken.optimizations, taken.removed) == ((), ("a",))
