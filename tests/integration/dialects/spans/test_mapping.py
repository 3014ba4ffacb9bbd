"""Spans of several dialects at once, their outcome, and what nobody maps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.dialects.calls import ToldCall, interaction_of
from integration.dialects.otlp.span import Source
from integration.dialects.spans import litellm_spans
from integration.dialects.spans.mapping import DIALECTS, kind_of, read_span
from integration.dialects.spans.name_sets import names_of
from integration.dialects.spans.taken import Taken
from tests.integration.dialects.sent import CHAT, span, told


@pytest.mark.parametrize("status", [0, 1])
def test_unset_and_ok_are_success(status: int) -> None:
    interaction = told(CHAT, status=status)

    assert interaction["success"] is True
    assert "error" not in interaction


def test_a_failure_says_what_happened() -> None:
    exception = (
        "exception",
        {"exception.type": "RateLimitError", "exception.message": "slow down"},
    )

    assert told(CHAT, status=2, events=[exception])["error"] == {
        "type": "RateLimitError",
        "message": "slow down",
    }
    assert told(CHAT, status=2, status_message="timeout")["error"] == {"message": "timeout"}
    assert told({**CHAT, "error.type": "429"})["success"] is False


def test_an_exception_that_was_handled_is_no_failure() -> None:
    assert told(CHAT, events=[("exception", {"exception.type": "Retry"})])["success"] is True


def test_langfuse_knows_better_what_it_forwards() -> None:
    both = {
        **CHAT,
        "langfuse.observation.model.name": "renamed",
        "langfuse.observation.input": "Hi",
    }
    interaction = told(both)

    assert (interaction["input"], interaction["output"]) == ("Hi", "It ships tomorrow.")


def test_what_nobody_maps_is_a_tag_and_named() -> None:
    more = {"acme.tenant": "t-1", "acme.list.0.x": 1, "acme.list.1.x": 2, "acme.empty": ""}
    call, names = read_span(span({**CHAT, **more, "http.request.method": "POST", "thread.id": 5}))

    assert interaction_of(call)["tags"] == {
        "provider": "openai",
        "acme.tenant": "t-1",
        "acme.list.0.x": 1,
        "acme.list.1.x": 2,
    }
    assert names == ["acme.list.*.x", "acme.tenant"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = """
    gen_ai.prompt.0.role gen_ai.prompt.0.content gen_ai.prompt gen_ai.completion.0.tool_calls
    gen_ai.operation.name gen_ai.request.model gen_ai.response.model gen_ai.input.messages
    gen_ai.output.messages gen_ai.usage.input_tokens gen_ai.cost.total_cost gen_ai.tool.definitions
    gen_ai.system_instructions gen_ai.response.finish_reasons gen_ai.response.id llm.request.type
    llm.input_messages.0.message.role llm.input_messages.0.message.contents llm.input_messages.0
    llm.tools.0.tool llm.tools.0 llm.prompts.0 llm.cost.total llm.token_count.prompt llm.model_name
    llm.invocation_parameters input.value output.value openinference.span.kind metadata events
    embedding.embeddings.0 langfuse.observation.type langfuse.observation.input session.id
    langfuse.observation.output langfuse.observation.usage_details langfuse.trace.metadata.a
    langfuse.observation.cost_details langfuse.observation.model.parameters langfuse.trace.tags
    litellm.call_id metadata.requester_metadata error.type error.message feature_memory.score
    gen_ai.request.id gen_ai.is_streaming gen_ai.user gen_ai.system llm.top_k llm.user user.id
    llm.usage.reasoning_tokens llm.chat.stop_sequences langfuse.user.id gen_ai.request.top_p
    feature_memory.task_type traceloop.association.properties.session_id traceloop.span.kind
"""


@given(
    st.dictionaries(
        st.sampled_from(NAMES.split()) | st.text(max_size=30), json_values, max_size=12
    ),
    st.dictionaries(
        st.sampled_from(["content", "message", "gen_ai.event.content", "id"]), json_values
    ),
    st.sampled_from(["gen_ai.choice", "gen_ai.user.message", "exception", "gen_ai.content.prompt"]),
)
def test_any_values_under_any_names_are_read(
    attributes: dict[str, Any], inside: dict[str, Any], name: str
) -> None:
    hostile = span(attributes, events=[(name, inside)])
    kind_of(hostile)
    call, names = read_span(hostile)

    assert set(interaction_of(call)) >= {"model_id", "input", "metadata"}
    assert all(isinstance(name, str) for name in names)


def test_a_dialect_understands_nothing_outside_its_areas() -> None:
    for dialect in DIALECTS:
        for name in NAMES.split():
            one = span({name: "x"})
            taken = Taken(one.attributes)
            dialect.read(one, taken, ToldCall())
            if taken.names:
                assert not dialect.AREAS.isdisjoint(taken.known.areas), (dialect, name)


def test_a_dialect_knows_no_span_by_a_name_outside_its_areas() -> None:
    for dialect in DIALECTS:
        for name in NAMES.split():
            one = span({name: "chat"})
            if dialect.kind_of(one) is not None and dialect is not litellm_spans:
                assert not dialect.AREAS.isdisjoint(names_of(one).areas), (dialect, name)


def test_events_are_read_whatever_the_attributes_are() -> None:
    said = ("gen_ai.user.message", {"content": "Where is it?"})
    call, _ = read_span(span({"gen_ai.request.model": "m"}, events=[said]))

    assert call.input == [{"role": "user", "content": "Where is it?"}]


def test_the_first_name_of_a_resource_that_says_something_is_the_tag() -> None:
    source = Source({"deployment.environment.name": "", "deployment.environment": "prod"})
    call, _ = read_span(span({"gen_ai.request.model": "m"}, source=source))

    assert call.tags == {"env": "prod"}


def test_every_dialect_is_what_a_dialect_has_to_be() -> None:
    for dialect in DIALECTS:
        assert isinstance(dialect.AREAS, frozenset)
        assert dialect.kind_of(span({})) is None
