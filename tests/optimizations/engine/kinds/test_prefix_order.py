from optimizations.engine.kinds.prefix_order import PartCounts, PrefixOrder
from optimizations.engine.task import Request, Task


def counted(requests: int, shared: bool, cached: float = 0.0) -> PartCounts:
    counts = PartCounts()
    for n in range(requests):
        counts.note([f"date {n}", "rules" if shared else f"text {n}"], 100.0, cached)
    return counts


def test_parts_that_recur_come_first_in_their_order() -> None:
    params = counted(300, shared=True).proposal()
    assert params is not None
    task = Task("m", None, parts=["date 7", "rules", "question"])
    after = PrefixOrder().apply(Request("r", task, 0.0), task, params, {})
    assert after is not None
    assert after.parts == ["rules", "date 7", "question"]


def test_nothing_is_proposed_without_shared_parts_or_when_the_cache_hits() -> None:
    assert counted(300, shared=False).proposal() is None
    assert counted(300, shared=True, cached=80.0).proposal() is None
    assert counted(100, shared=True).proposal() is None


def test_a_task_without_parts_is_left_alone() -> None:
    assert PrefixOrder().base(Task("m", "hi"), {}) is None
