from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Request, Task
from optimizations.engine.kinds.timeout import Durations, Timeout


def measured(n: int, slow: float) -> Durations:
    found = Durations()
    for k in range(n):
        found.note(
            Outcome(str(k), Task("m"), "m", 0.0, duration=slow if k % 50 == 0 else 100.0), False
        )
    return found


def test_a_heavy_tail_gives_a_limit_above_it() -> None:
    params = measured(2000, 5000.0).limit()
    assert params == {"timeout_ms": 6000, "retries": 1}


def test_a_light_tail_or_too_few_durations_give_none() -> None:
    assert measured(2000, 200.0).limit() is None
    assert measured(1500, 5000.0).limit() is None


def test_the_task_itself_stays_as_it_is() -> None:
    task = Task("m", "hi")
    assert Timeout().apply(Request("r", task, 0.0), task, {"timeout_ms": 5}, {}) == task
