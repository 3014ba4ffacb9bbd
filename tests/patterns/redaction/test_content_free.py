"""A content-free project: no word of it is stored anywhere, and what recurs is still found."""

from __future__ import annotations

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from featurememory.config import forget_config
from featurememory.models import Project, StoredAnswer
from optimizations.policy_runtime.policy_cache import load_settings
from patterns.models import ModelInteraction, Pattern, SharedWords
from patterns.redaction.content_free import ContentFree
from patterns.redaction.redact import make_redactor
from patterns.redaction.word_sessions import forget_sessions, sessions_of
from patterns.storage.shared_words import forget_words
from tests.builders import caller, item, keep, learn_all, project
from tests.integration.erasure.test_erasure import erase, places

pytestmark = pytest.mark.django_db
WORDS = ("Canarybird", "zebrafinch", "4711081", "kiwi@fruit.example")
TEXT = f"Tell {WORDS[0]} that {WORDS[1]} {WORDS[2]} wrote from {WORDS[3]}"


@pytest.fixture
def free() -> Project:
    owner = project("shop")
    forget_sessions()
    forget_words()
    set_privacy(owner, mode="content_free")
    return owner


def set_privacy(owner: Project, **values: Any) -> None:
    assert caller(owner, "ad").patch("config/", {"privacy": values}).status_code == 200
    forget_config()  # which the commit does, and there is none in a test


def told(number: int, **more: Any) -> dict[str, Any]:
    return item(
        number,
        input={"messages": [{"role": "user", "content": TEXT}], WORDS[1]: TEXT},
        output={"reply": TEXT, "n": 7},
        error=TEXT,
        tags={"contact": WORDS[1], "beta": True},
        parameters={
            "temperature": 0.2,
            "stop": WORDS[0],
            "response_format": {"type": "json_object"},
        },
        session_id=WORDS[1],
        unknown={"note": [TEXT], WORDS[0]: WORDS[2]},
        **more,
    )


def left() -> set[str]:
    return {place for word in WORDS for one in (word, word.lower()) for place in places(one)}


def test_no_word_is_stored_whatever_way_it_came(free: Project, tmp_path: Path) -> None:
    api, file = caller(free, "rw"), tmp_path / "history.jsonl"
    file.write_text(json.dumps(told(3)))

    assert api.post("interactions/", told(1)).status_code == 201
    assert api.post("interactions/batch/", [told(2)]).json()["accepted"] == 1
    call_command("import", str(file), "--project", "shop", "--quiet", stdout=StringIO())
    task = {
        "model_id": "m",
        "input": TEXT,
        "session_id": WORDS[1],
        "parameters": {"stop": WORDS[0]},
    }
    headers = {"Idempotency-Key": "once"}
    assert api.post("tasks/prepare/", {"task": task}, headers=headers).json()["task"] == task
    body = {"session_id": WORDS[1], "metric_name": "comment", "value": TEXT}
    assert api.post("feedback/", body).status_code == 201
    learn_all(free)

    assert left() == set()
    assert ModelInteraction.objects.filter(project=free, state=1).count() == 3
    assert not StoredAnswer.objects.exists()


def test_numbers_choices_roles_and_names_of_programs_stay(free: Project) -> None:
    keep(free, [told(1)])
    kept = caller(free, "ro").get("interactions/i-1/").json()

    assert kept["parameters"]["temperature"] == 0.2
    assert kept["parameters"]["response_format"] == {"type": "json_object"}
    assert kept["input"]["messages"][0]["role"] == "user"
    assert kept["output"][next(name for name, value in kept["output"].items() if value == 7)] == 7
    assert kept["tags"]["beta"] is True
    assert set(kept["tags"]) == {"contact", "beta"}
    assert (kept["model_id"], kept["task_type"]) == ("gpt-5-mini", "support.order_status")


def test_a_text_that_is_json_stays_json() -> None:
    name = Project().pk
    hidden = ContentFree(name, make_redactor(name, True))
    text = json.dumps({"type": "text", "note": 'line\nbreak "said"', "n": 1.5, "ok": True})

    read = json.loads(hidden.shape_text(text))
    assert read["type"] == "text"
    assert sorted(map(str, read.values()))[:2] == ["1.5", "True"]
    assert hidden.shape_text("{no json}").startswith("{")


def test_patterns_and_routing_go_on(free: Project) -> None:
    kinds = ("Where is order {0} of {1}?", "Translate the sentence {0} for {1} now")
    names = [
        f"{one}{other}" for one in ("ann", "bob", "eve", "leo") for other in ("a", "is", "o", "y")
    ]
    sent = [
        item(number, input=kinds[number % 2].format(number * 37, names[number % 16]), task_type="")
        for number in range(40)
    ]
    keep(free, sent)
    learn_all(free)
    found = [row.pattern_id for row in ModelInteraction.objects.order_by("number")][10:]

    assert [len(set(found[start::2])) for start in (0, 1)] == [1, 1]
    assert found[0] != found[1]
    asked = {"model_id": "gpt-5-mini", "input": kinds[1].format(77, "zoe")}
    answer = caller(free, "in").post("tasks/prepare/", {"task": asked}).json()
    assert [one["id"] for one in answer["patterns"]] == [str(found[1])]
    told_of = caller(free, "ro").post("patterns/recognize/", sent[0]).json()
    assert told_of["match"]["pattern_id"] == str(found[0])


def test_nothing_is_served_from_the_cache(free: Project) -> None:
    assert {"cache_response", "cache_similar"} & set(load_settings(free.pk).kinds) == set()
    set_privacy(free, mode="full")
    assert "cache_response" in load_settings(free.pk).kinds


def greet(owner: Project, sessions: range, text: str = "Please refund order {0}") -> None:
    sent = [
        item(n, id=f"g-{n}", input=text.format(n), session_id=f"s-{n}", task_type="greet")
        for n in sessions
    ]
    keep(owner, sent)
    sessions_of(owner.pk).save()
    learn_all(owner)


def shown(owner: Project) -> str:
    return str(caller(owner, "ro").get("interactions/g-0/").json()["input"])


def test_a_word_is_shown_when_twenty_sessions_share_it(free: Project) -> None:
    greet(free, range(19))
    assert "refund" not in shown(free)
    assert SharedWords.objects.get().words == {}
    assert places("refund") == set()

    greet(free, range(19, 21))
    assert shown(free).startswith("Please refund order ")
    assert "refund" in str(Pattern.objects.get(project=free).template)
    words = {word for word, _ in SharedWords.objects.get().words.values()}
    assert words == {"please", "refund", "order", "it", "ships", "tomorrow"}


def test_sessions_are_counted_across_restarts_and_one_session_counts_once(free: Project) -> None:
    greet(free, range(15))
    forget_sessions()
    sent = [item(n, id=f"x-{n}", input="Please refund", session_id="s-1") for n in range(50)]
    keep(free, sent)
    sessions_of(free.pk).save()
    assert "refund" not in shown(free)

    forget_sessions()
    greet(free, range(15, 20))
    greet(free, range(20, 21))
    assert "refund" in shown(free)


def test_a_word_that_too_few_share_by_a_new_setting_is_hidden_again(free: Project) -> None:
    greet(free, range(20))
    assert "refund" in shown(free)
    set_privacy(free, k_sessions=25)
    forget_words()

    assert "refund" not in shown(free)


def test_interactions_are_found_and_erased_by_what_the_caller_knows(free: Project) -> None:
    keep(free, [told(1), told(2) | {"session_id": "other", "tags": {"contact": "else"}}])
    api = caller(free, "ad")
    found = api.get("interactions/", session_id=WORDS[1]).json()["data"]
    assert [one["id"] for one in found] == ["i-1"]

    assert erase(free, {"tag": {"contact": WORDS[1]}})["result"]["interactions"] == 1
    assert erase(free, {"session_id": "other"})["result"]["interactions"] == 1


def test_pages_show_it(free: Project) -> None:
    greet(free, range(21))
    browser = Client()
    browser.force_login(User.objects.create_superuser("ana"))
    for path in ("/interactions/", "/interactions/g-0/", "/patterns/", "/interactions/g-0/why/"):
        page = browser.get(path).content.decode()
        assert "refund" in page or path.endswith("why/"), path
        assert "stores no words" in page or path.endswith("why/"), path


def test_logs_and_refusals_hold_no_content(free: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = caller(free, "rw")
    for path, body in bad_bodies():
        assert 400 <= api.post(path, body).status_code < 500 or path.endswith("batch/")

    said = "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records)
    assert not [word for word in WORDS[:3] if word in said]
    assert left() == set()


def bad_bodies() -> list[tuple[str, Any]]:
    word = WORDS[0]
    ends: list[Any] = [
        {"input": 1, "metadata": {"timestamp": word, "duration": 1}},
        {"input": 1, "metadata": {"timestamp": 1, "duration": word}},
        {"input": 1, "usage": word, "metadata": {"timestamp": 1, "duration": 1}},
        {"input": 1, "success": word, "metadata": {"timestamp": 1, "duration": 1}},
        {"input": 1, "tags": word, "metadata": {"timestamp": 1, "duration": 1}},
        {
            "input": {word: {word: "\x00"}},
            "id": word * 40,
            "metadata": {"timestamp": 1, "duration": 1},
        },
    ]
    found: list[tuple[str, Any]] = []
    for end in ends:
        found += [("interactions/", {"model_id": "m", **end}), ("interactions/batch/", [end])]
    found += [
        ("interactions/", f'{{"model_id": "{word}", '.encode()),
        ("feedback/", {"session_id": word, "metric_name": "score", "value": word}),
        ("feedback/", {"interaction_id": word, "metric_name": word, "value": 1}),
        ("tasks/prepare/", {"task": {"model_id": "m", "input": 1, "parameters": word}}),
        ("tasks/prepare/", {"task": {"model_id": [word], "input": 1}}),
        ("patterns/recognize/", {"model_id": "m", "input": 1, "metadata": {word: word}}),
    ]
    return found


def test_redacted_tags_are_told_from_each_other() -> None:
    redactor = make_redactor(UUID(int=1), True)
    one, two = (
        redactor.redact_content({"tags": {"user": f"{name}@mail.example", "n": 1}})["tags"]
        for name in ("ann", "bob")
    )

    assert one["user"].startswith("⟦email⟧-")
    assert one["user"] != two["user"]
    assert one["n"] == 1


def test_evaluations_hold_no_word_either(free: Project) -> None:
    line = {"task_type": "t", "input": TEXT, "model_id": "m", "score": 1.0}
    answer = caller(free, "rw").post(
        "evaluations/", [line | {"parameters": {"system": TEXT, "n": 1}}]
    )

    assert answer.status_code < 300, answer.content
    assert left() == set()
