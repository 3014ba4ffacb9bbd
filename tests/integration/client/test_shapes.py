"""`capture="shapes"`: what recurs can be seen, what was said cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client.shapes import Disguise

from tests.integration.client.fake_server import PREPARE, FakeServer, dead_url

disguise = Disguise("key").disguise_value


def start(server: FakeServer, **more: Any) -> None:
    fm.init(server.url, "k", capture="shapes", timeout=5, **more)


def test_equal_words_are_equal_and_their_setting_stays() -> None:
    first = disguise("Where is my order A-17?")
    second = disguise("Where is my parcel A-18?")

    ours, theirs = first.split(" "), second.split(" ")
    assert ours[:3] == theirs[:3]
    assert ours[3] != theirs[3]
    assert first[0].isupper()
    assert first.endswith("?")
    assert first.replace("-", "").replace(" ", "").replace("?", "").isalpha()


def test_the_same_key_makes_the_same_digests_and_another_key_others() -> None:
    assert Disguise("key").disguise_value("order") == disguise("order")
    assert Disguise("other").disguise_value("order") != disguise("order")


def test_numbers_keys_and_roles_are_the_shape() -> None:
    value = {"role": "user", "content": "hi", "n": 5, "alice@example.com": True}
    found = disguise(value)

    assert (found["role"], found["n"]) == ("user", 5)
    assert found["content"] != "hi"
    assert "alice" not in json.dumps(found)


@pytest.mark.parametrize("text", ["naïve 語", "नमस्ते", "🙂 x", "a_b", "12 345", "\ud800"])
def test_no_letter_of_any_script_stays(text: str) -> None:
    found = disguise(text)

    assert found.isascii()
    assert not {word for word in text.split() if len(word) > 1} & set(found.split())


def test_long_texts_keep_both_ends_and_what_tells_them_apart() -> None:
    words = [f"word{'abcdefghij'[n % 10]}" for n in range(5000)]
    first, second = " ".join(words), " ".join([*words[:2500], "other", *words[2501:]])

    assert len(disguise(first)) < 20_000
    assert disguise(first) != disguise(second)
    assert disguise(first)[:4000] == disguise(second)[:4000]


CANARIES = ["Wolpertinger", "Zaunkönig", "4711008"]


def test_no_text_leaves_in_any_field(server: FakeServer) -> None:
    start(server)
    name, word, number = CANARIES
    call = fm.interaction(
        task_type="t",
        model_id="m",
        input={"messages": [{"role": "user", "content": name}], "n": 5},
        session_id=f"s-{name}",
        parameters={"stop": word, "temperature": 0.5},
        tags={"customer": number},
    )
    with pytest.raises(ValueError, match=name), call:
        answer_and_fail(call, {"text": word, "list": [number]}, f"cannot help {name}")
    fm.feedback(session_id=f"s-{name}", score=0.5, comment=f"from {word}")
    fm.prepare({"task_type": "t", "model_id": "m", "input": name, "parameters": {"stop": word}})

    assert fm.flush(5)
    sent = json.dumps([body for _, body, _ in server.requests], ensure_ascii=False).lower()
    assert [canary for canary in CANARIES if canary.lower() in sent] == []
    entry = server.one()
    assert (entry["task_type"], entry["model_id"], entry["input"]["n"]) == ("t", "m", 5)
    assert (entry["error"]["type"], entry["parameters"]["temperature"]) == ("ValueError", 0.5)
    # Feedback finds the session under the same digest.
    assert server.feedback[0]["session_id"] == entry["session_id"]


def answer_and_fail(call: fm.Interaction, output: Any, message: str) -> None:
    call.output = output
    raise ValueError(message)


def test_no_text_lies_in_the_spool(tmp_path: Path) -> None:
    fm.init(dead_url(), "k", capture="shapes", spool=tmp_path)
    fm.remember(task_type="t", model_id="m")(lambda q: q)("Wolpertinger")
    from featurememory_client import runtime

    client = runtime.get_client()
    assert client is not None
    client.close(deadline=0.0)

    (file,) = tmp_path.iterdir()
    assert b"olpertinger" not in file.read_bytes()


def test_a_prepared_task_comes_back_in_its_own_words(server: FakeServer) -> None:
    start(server)
    task = {"model_id": "large", "input": "Hello", "parameters": {"stop": "Bye", "n": 1}}
    server.decide = lambda asked: {
        "task": {**asked, "parameters": {**asked["parameters"], "n": 2}, "model_id": "small"},
        "changed": ["model_id", "parameters"],
        "cached_output": "xyzzy",
    }
    decision = fm.prepare(task)

    expected = {"model_id": "small", "input": "Hello", "parameters": {"stop": "Bye", "n": 2}}
    assert decision.task == expected
    assert decision.cached_output is None  # it would be a shape
    assert server.bodies(PREPARE)[0]["task"]["input"] != "Hello"
