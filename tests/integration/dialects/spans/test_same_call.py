"""Two spans about one call: told once, with what either knows."""

from __future__ import annotations

from integration.dialects.calls import ToldCall
from integration.dialects.spans.mapping import kind_of
from integration.dialects.spans.same_call import FARTHEST, find_twin, inherit_session, model_above
from tests.integration.dialects.sent import CHAT, span

AGENT = {"gen_ai.operation.name": "invoke_agent"}


def test_the_nearest_model_above_is_found_across_what_lies_between() -> None:
    tree = [span(CHAT), span(AGENT, number=1, parent=0), span(CHAT, number=2, parent=1)]
    spans = {one.key: one for one in tree}
    kinds = {one.key: kind_of(one) for one in tree}

    assert model_above(tree[2], spans, kinds) == tree[0].key
    assert model_above(tree[0], spans, kinds) is None


def test_a_session_is_looked_for_upwards() -> None:
    tree = [span({"session.id": "s-1"}), span({}, number=1, parent=0), span({}, number=2, parent=1)]
    spans = {one.key: one for one in tree}
    call, own = ToldCall(), ToldCall(session="own")
    inherit_session(call, tree[2], spans)
    inherit_session(own, tree[2], spans)

    assert (call.session, own.session) == ("s-1", "own")


def test_the_way_up_ends() -> None:
    chain = [span({}, number=n, parent=n - 1) for n in range(1, 200)]
    circle = [span({}, number=1, parent=2), span({}, number=2, parent=1)]
    for tree in (chain, circle):
        inherit_session(ToldCall(), tree[-1], {one.key: one for one in tree})

    assert FARTHEST < 200


def test_the_same_answer_at_the_same_time_is_the_same_call() -> None:
    def call(response: str | None, start: float) -> ToldCall:
        return ToldCall(response_id=response, started_ms=start, duration_ms=100.0)

    first = call("r-1", 1000)

    assert find_twin(call("r-1", 1050), [first]) is first
    assert find_twin(call("r-1", 2000), [first]) is None
    assert find_twin(call("r-2", 1050), [first]) is None
    assert find_twin(call(None, 1050), [call(None, 1000)]) is None
