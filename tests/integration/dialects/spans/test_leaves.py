"""Only the lowest calls of models count, in whatever order and requests their spans come."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from integration.dialects.otlp.span import Span
from integration.dialects.spans.leaves import Ancestors, ancestors, find_leaves
from integration.dialects.spans.mapping import kind_of
from tests.integration.dialects.sent import CHAT, span

ONE, TWO = UUID(int=1), UUID(int=2)
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    ancestors.clear()


def leaves(*spans: Span, project: UUID = ONE) -> list[str]:
    kinds = {one.key: kind_of(one) for one in spans}
    return [one.span_id[-2:] for one in find_leaves(project, spans, kinds)]


def test_agents_and_tools_are_context() -> None:
    tool = span({"gen_ai.operation.name": "execute_tool"}, number=2, parent=0)

    assert leaves(span(AGENT), span(CHAT, number=1, parent=0), tool) == ["14"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_call_above_another_repeats_it(order: tuple[int, ...]) -> None:
    tree = [span(CHAT), span({}, number=1, parent=0), span(CHAT, number=2, parent=1)]

    assert leaves(*(tree[place] for place in order)) == ["15"]


def test_several_calls_below_one_all_count() -> None:
    below = [span(CHAT, number=number, parent=0) for number in (1, 2)]

    assert leaves(span(CHAT), *below) == ["14", "15"]


def test_a_parent_that_comes_in_a_later_request_is_known() -> None:
    assert leaves(span(CHAT, number=2, parent=1)) == ["15"]
    assert leaves(span({}, number=1, parent=0)) == []
    assert leaves(span(CHAT)) == []
    assert leaves(span(CHAT), project=TWO) == ["13"]


def test_a_request_sent_again_has_the_same_leaves() -> None:
    tree = [span(CHAT), span(CHAT, number=1, parent=0)]

    assert leaves(*tree) == leaves(*tree) == ["14"]


def test_circles_end() -> None:
    circle = [span(CHAT, number=1, parent=2), span(CHAT, number=2, parent=1)]

    assert leaves(*circle) == []
    assert leaves(span(CHAT, number=5, parent=5)) == ["18"]


def test_a_long_chain_costs_linear_time() -> None:
    chain = [span(CHAT, number=n, parent=n - 1 if n else None) for n in range(9000)]
    began = time.monotonic()

    assert len(leaves(*chain)) == 1
    assert time.monotonic() - began < 2


def test_memory_is_bounded() -> None:
    few = Ancestors(most=3)
    few.remember(ONE, ["a", "b", "c"])
    few.remember(ONE, ["a", "d"])

    assert few.known(ONE, "abcd") == {"a", "c", "d"}
