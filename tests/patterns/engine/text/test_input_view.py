"""What belongs together by structure alone."""

from __future__ import annotations

import unicodedata

from patterns.engine.text.input_view import view_input
from patterns.engine.text.tokens import drop_header, list_tools
from tests.patterns.engine.streams import observation


def test_a_call_is_known_by_its_function_in_every_spelling() -> None:
    spellings = (
        {"name": "get_weather", "arguments": {"city": "Oslo"}},
        {"type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}},
    )
    views = [view_input(observation(spelling)) for spelling in spellings]
    assert {view.text for view in views} == {"get_weather"}
    assert all(view.leaves == {"city": "Oslo"} for view in views)


def test_json_in_a_text_is_json() -> None:
    assert view_input(observation('{"b": 1, "a": 2}')) == view_input(observation({"a": 2, "b": 1}))


def test_names_that_look_alike_are_one_name() -> None:
    """Repair reads texts in their normal form: a key in another one would found a pattern after each."""
    decomposed = {unicodedata.normalize("NFD", "größe"): 1, "a\r\nb": 2}
    view = view_input(observation(decomposed))

    assert view == view_input(observation({"größe": 1, "a\nb": 2}))


def test_the_tools_a_request_offers_stand_in_the_header_of_its_text() -> None:
    request = {"messages": [{"role": "user", "content": "hi"}], "tools": [{"name": "search"}]}
    view = view_input(observation(request))

    assert (list_tools(view.text), drop_header(view.text)) == (frozenset({"search"}), "hi")


def test_the_history_of_a_chat_does_not_move_it() -> None:
    system, user = {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}
    earlier = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    short, long = (view_input(observation([system, *more, user])) for more in ([], earlier))
    assert (short.partition, short.text) == (long.partition, long.text)


def test_keys_made_up_at_run_time_name_no_shape() -> None:
    one = view_input(observation({"strings": {"a.1f": "x", "b.2c": "y"}}))
    other = view_input(observation({"strings": {"c.9d": "z"}}))
    assert one.text == other.text


def test_numbered_arguments_are_names() -> None:
    assert view_input(observation({"array1": [1], "array2": [2]})).leaves.keys() == {
        "array1",
        "array2",
    }
    assert (
        view_input(observation({"num1": 4, "num2": 6})).text
        != view_input(observation({"x1": 4})).text
    )


def test_a_counter_names_no_shape() -> None:
    few, many = ({"rows": {f"row{n}": n for n in range(size)}} for size in (12, 30))
    assert view_input(observation(few)).text == view_input(observation(many)).text == "rows"
