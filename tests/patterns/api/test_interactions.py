"""/api/v1/interactions/: single, batch, NDJSON, compressed, listed and shown."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import zstandard
from django.test.utils import CaptureQueriesContext

from featurememory.models import Project
from patterns.api import page_bytes
from patterns.ingest.backpressure import admission
from patterns.ingest.wakeup import work_waits
from patterns.models import ModelInteraction
from patterns.serializers import format_ms
from tests.builders import NOON, Caller, damage, item, items, keep, learn_all, learned, states_of

pytestmark = pytest.mark.django_db

NDJSON = "application/x-ndjson"


def lines(*entries: Any) -> bytes:
    return b"\n".join(json.dumps(entry).encode() for entry in entries)


def test_a_new_interaction_is_stored_and_answered_with_201(api: Caller) -> None:
    response = api.post("interactions/", item(1))

    assert (response.status_code, response.json()) == (201, {"id": "i-1", "status": "stored"})
    assert work_waits.is_set()


def test_a_known_id_is_answered_with_200_and_changes_nothing(api: Caller, owner: Project) -> None:
    api.post("interactions/", item(1))
    response = api.post("interactions/", item(1))

    assert (response.status_code, response.json()["status"]) == (200, "duplicate")
    assert ModelInteraction.objects.filter(project=owner).count() == 1


def test_a_known_id_with_another_content_is_a_conflict_and_names_what_differs(api: Caller) -> None:
    api.post("interactions/", item(1))
    response = api.post("interactions/", item(1, model_id="other", output="another"))

    assert (response.status_code, response.json()["status"]) == (200, "conflict")
    assert response.json()["differs"] == ["model_id", "output"]
    assert api.get("interactions/i-1/").json()["output"] == "It ships tomorrow."


def test_the_order_of_keys_is_no_conflict(api: Caller) -> None:
    api.post("interactions/", item(1, input={"a": 1, "b": [{"c": 2, "d": 3}]}))
    response = api.post("interactions/", item(1, input={"b": [{"d": 3, "c": 2}], "a": 1.0}))

    assert response.json()["status"] == "duplicate"


def test_what_feedback_changed_since_is_no_conflict_when_it_is_sent_again(api: Caller) -> None:
    api.post("interactions/", item(1, success=True))
    assert api.post("interactions/", item(1, success=False)).json()["status"] == "conflict"

    feedback = {"interaction_id": "i-1", "metric_name": "success", "value": False}
    assert api.post("feedback/", feedback).status_code == 201
    assert api.post("interactions/", item(1, success=True)).json()["status"] == "duplicate"


def test_a_batch_counts_conflicts_apart_and_says_where(api: Caller) -> None:
    api.post("interactions/", item(0))
    other = item(0, input="something else")
    body = api.post(
        "interactions/batch/", ["no object", item(1), other, item(0), item(1, task_type="t")]
    ).json()

    assert (body["accepted"], body["duplicates"], body["conflicts"]) == (1, 1, 2)
    assert body["conflicting"] == [
        {"index": 2, "id": "i-0", "differs": ["input"]},
        {"index": 4, "id": "i-1", "differs": ["task_type"]},
    ]


@pytest.mark.parametrize("broken", [rb'"\ud83d"', b"NaN", b"-Infinity", b"1e999", b'"\xff"', b"{]"])
def test_an_item_of_an_array_that_is_no_json_is_refused_alone(
    api: Caller, owner: Project, broken: bytes
) -> None:
    sent = json.dumps(item(2, input='HERE [,]{ " \\')).encode()
    bad = sent.replace(b'"HERE', broken + b',"x":"')
    body = b"[" + json.dumps(item(1)).encode() + b" , " + bad + b"," + lines(item(3)) + b"]\n"
    response = api.post("interactions/batch/", body)

    assert (response.status_code, response.json()["accepted"]) == (207, 2)
    assert [entry["index"] for entry in response.json()["rejected"]] == [1]
    assert ModelInteraction.objects.filter(project=owner).count() == 2


def test_unknown_members_are_kept_and_named_when_they_look_like_ours(api: Caller) -> None:
    sent = item(1, prompt_tokens=7, trace="t-1", latency_ms=3)
    sent["usage"] |= {"cached_tokens": 5, "audio": {"a": 1}}
    sent["metadata"] |= {"host": "h", "timestmap": 5}
    answer = api.post("interactions/", sent).json()

    assert answer["status"] == "stored"
    assert answer["ignored"] == [
        "/latency_ms",
        "/metadata/timestmap",
        "/prompt_tokens",
        "/usage/cached_tokens",
    ]
    assert api.get("interactions/i-1/").json()["extra"] == {
        "prompt_tokens": 7,
        "trace": "t-1",
        "latency_ms": 3,
        "usage": {"cached_tokens": 5, "audio": {"a": 1}},
        "metadata": {"host": "h", "timestmap": 5},
    }


def test_a_batch_sums_up_which_members_it_ignored(api: Caller) -> None:
    batch = [item(0), item(1, sesion_id="s"), item(2, sesion_id="s", cost=1)]
    body = api.post("interactions/batch/", batch).json()

    assert body["ignored"] == [
        {"pointer": "/sesion_id", "count": 2, "index": 1},
        {"pointer": "/cost", "count": 1, "index": 2},
    ]


def test_integers_beyond_64_bits_are_given_back_and_learned(api: Caller, owner: Project) -> None:
    for number, value in enumerate((2**64, -(2**63) - 1, 10**300, 2**64 - 1)):
        sent = {"n": value, "list": [value]}
        api.post("interactions/", item(number, input=sent, output=value, parameters={"n": value}))
        shown = api.get(f"interactions/i-{number}/").json()
        assert (shown["input"], shown["output"], shown["parameters"]) == (sent, value, {"n": value})

    assert learn_all(owner) == 4
    assert states_of(owner) == {1: 4}
    assert api.post("patterns/recognize/", item(9, input={"n": 10**300})).status_code == 200


def test_openai_usage_is_read_as_ours(api: Caller) -> None:
    usage = {
        "prompt_tokens": 2006,
        "completion_tokens": 482,
        "total_tokens": 2488,
        "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 448},
    }
    answer = api.post("interactions/", item(1, usage=usage)).json()
    shown = api.get("interactions/i-1/").json()["usage"]

    assert "ignored" not in answer
    assert (shown["input_tokens"], shown["output_tokens"]) == (2006, 482)
    assert shown["cached_input_tokens"] == 1920


def test_without_an_id_the_answer_names_the_one_that_was_made(api: Caller) -> None:
    made = api.post("interactions/", item(id=...)).json()["id"]

    assert api.get(f"interactions/{made}/").json()["id"] == made


def test_a_batch_says_what_was_stored_known_and_refused(api: Caller) -> None:
    api.post("interactions/", item(0))
    bad = item(9, metadata={"timestamp": 0})
    response = api.post("interactions/batch/", [item(0), item(1), bad, item(1), "text", item(2)])

    assert response.status_code == 207
    body = response.json()
    assert (body["accepted"], body["duplicates"]) == (2, 2)
    assert [entry["index"] for entry in body["rejected"]] == [2, 4]
    assert body["rejected"][0]["problem"]["errors"][0]["pointer"] == "/metadata/duration"


def test_ndjson_is_a_batch_whose_broken_lines_fail_alone(api: Caller, owner: Project) -> None:
    body = lines(item(1)) + b'\n{"broken\n\n' + lines(item(2)) + b"\r\n"
    response = api.post("interactions/batch/", body, content_type=NDJSON)

    assert response.json()["accepted"] == 2
    assert [entry["problem"]["status"] for entry in response.json()["rejected"]] == [400]


def test_an_empty_batch_is_a_batch(api: Caller) -> None:
    assert api.post("interactions/batch/", []).json()["accepted"] == 0
    assert api.post("interactions/batch/", b"\n", content_type=NDJSON).json()["accepted"] == 0


@pytest.mark.parametrize("body", [b'{"a": 1}', b'"text"', b"7", b"null"])
def test_a_batch_that_is_no_list_is_refused_as_a_whole(api: Caller, body: bytes) -> None:
    assert api.post("interactions/batch/", body).status_code == 422


def test_a_batch_cut_in_the_middle_stores_nothing(api: Caller, owner: Project) -> None:
    body = json.dumps(items(5)).encode()[:-40]

    assert api.post("interactions/batch/", body).status_code == 400
    assert not ModelInteraction.objects.filter(project=owner).exists()


def test_a_batch_holds_as_many_items_as_the_setting_says(api: Caller, settings: Any) -> None:
    settings.BATCH_ITEM_LIMIT = 3

    assert api.post("interactions/batch/", items(3)).json()["accepted"] == 3
    assert api.post("interactions/batch/", items(4)).status_code == 413


ENCODERS = {"gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_compressed_bodies_are_read(api: Caller, encoding: str) -> None:
    body = ENCODERS[encoding](json.dumps(items(3)).encode())
    headers = {"Content-Encoding": encoding}

    assert api.post("interactions/batch/", body, headers=headers).json()["accepted"] == 3


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_compressed_body_that_was_cut_off_stores_nothing(
    api: Caller, owner: Project, encoding: str, kept: float
) -> None:
    noise = [item(n, input=f"{n * 7919 % 104729:x}" * 40) for n in range(400)]
    body = ENCODERS[encoding](lines(*noise))
    cut = body[: int(len(body) * kept)]
    headers = {"Content-Encoding": encoding}
    response = api.post("interactions/batch/", cut, content_type=NDJSON, headers=headers)

    assert response.status_code == 400
    assert not ModelInteraction.objects.filter(project=owner).exists()


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_small_body_that_unpacks_to_a_huge_one_is_too_large(api: Caller, encoding: str) -> None:
    bomb = ENCODERS[encoding](b" " * (20 << 20))
    headers = {"Content-Encoding": encoding}

    assert api.post("interactions/batch/", bomb, headers=headers).status_code == 413


def test_the_specs_camel_case_is_taken_in_and_snake_case_comes_out(api: Caller) -> None:
    sent = item(1)
    sent["modelId"] = sent.pop("model_id")
    sent["metadata"]["resourceUsage"] = {"tokenCount": 7}
    del sent["metadata"]["resource_usage"]
    api.post("interactions/", sent)

    shown = api.get("interactions/i-1/").json()
    assert shown["model_id"] == "gpt-5-mini"
    assert shown["metadata"]["resource_usage"]["token_count"] == 7


def test_everything_that_was_sent_is_shown_again(api: Caller) -> None:
    sent = item(
        1,
        input={"messages": [{"role": "user", "content": "Grüße 🙂 \x00"}]},
        output=None,
        parameters={"temperature": 0.2},
        score=0.9,
        session_id="s-1",
        tags={"env": "prod"},
        error={"kind": "timeout"},
    )
    api.post("interactions/", sent)
    shown = api.get("interactions/i-1/").json()

    names = ("input", "output", "parameters", "score", "session_id", "tags", "error", "success")
    assert {name: shown[name] for name in names} == {name: sent[name] for name in names}
    assert shown["metadata"]["timestamp"] == format_ms(NOON + 1000)
    assert (shown["pattern_id"], shown["status"]) == (None, "pending")


def test_once_recognised_it_shows_its_pattern_and_why(api: Caller, owner: Project) -> None:
    (pattern,) = learned(owner, 5)
    shown = api.get("interactions/i-3/").json()

    assert (shown["pattern_id"], shown["status"]) == (str(pattern.pk), "recognized")
    assert 0 <= shown["confidence"] <= 1
    assert shown["recognized_at"].endswith("Z")
    assert {"anchors", "slots", "parts", "runner_up"} <= shown["why"].keys()


def test_a_damaged_payload_reads_as_nulls_and_not_as_an_error(api: Caller, owner: Project) -> None:
    learned(owner, 2)
    damage(owner, "i-1")

    shown = api.get("interactions/i-1/")
    assert (shown.status_code, shown.json()["input"], shown.json()["why"]) == (200, None, None)
    assert len(api.get("interactions/").json()["data"]) == 2


@pytest.mark.parametrize("name", ["nothing", "a/b/c", "%00", "x" * 129, "%F0%9F%99%82"])
def test_an_unknown_interaction_is_404(api: Caller, name: str) -> None:
    assert api.send("GET", f"interactions/{name}/").status_code == 404


def test_an_id_with_slashes_and_spaces_is_found_again(api: Caller) -> None:
    api.post("interactions/", item(id="run 7/step 3"))

    assert api.send("GET", "interactions/run%207/step%203/").json()["id"] == "run 7/step 3"


@pytest.mark.parametrize("path", ["interactions/", "patterns/{pattern}/examples/"])
def test_a_page_ends_where_its_payloads_become_too_large(
    api: Caller, owner: Project, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(page_bytes, "PAGE_BYTES", 2500)
    (pattern,) = learned(owner, 6, output="x" * 1000)
    keep(owner, [item(6, input="y" * 5000)])
    keep(owner, items(2, start=7, output="x" * 1000, task_type="task.0"))
    learn_all(owner)
    damage(owner, "i-2")
    cursor: dict[str, str] = {}
    seen = []
    for _ in range(9):
        page = api.get(path.format(pattern=pattern.pk), limit=4, **cursor).json()
        seen.append([row["id"] for row in page["data"]])
        if not page["meta"]["next_cursor"]:
            break
        cursor = {"cursor": page["meta"]["next_cursor"]}

    everything = [f"i-{n}" for n in reversed(range(9)) if n != 6 or path == "interactions/"]
    assert [name for names in seen for name in names] == everything
    assert max(len(names) for names in seen) == 3  # one of them is damaged and counts nothing


def test_the_list_is_newest_first_and_pages_without_gaps(api: Caller, owner: Project) -> None:
    for number in range(7):
        keep(owner, [item(number)])
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = api.get("interactions/", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page.json()["data"]]
        cursor, pages = page.json()["meta"]["next_cursor"], pages + 1

    assert (seen, pages) == ([f"i-{n}" for n in reversed(range(7))], 3)


def test_the_link_header_leads_to_the_next_page(api: Caller, owner: Project) -> None:
    keep(owner, items(3))
    first = api.get("interactions/", limit=2)
    url = first["Link"].partition(">")[0].lstrip("<")

    assert url.startswith("http://testserver/api/v1/interactions/")
    following = api.send("GET", url.partition("/api/v1/")[2])
    assert len(following.json()["data"]) == 1
    assert "Link" not in following


def test_the_list_is_filtered_by_pattern_model_and_session(api: Caller, owner: Project) -> None:
    first, _ = learned(owner, 6, tasks=2)
    keep(owner, [item(20, session_id="s", model_id="other")])
    learn_all(owner)

    def ids(**query: str) -> int:
        return len(api.get("interactions/", **query).json()["data"])

    assert ids(pattern_id=str(first.pk)) == 3
    assert (ids(model_id="other"), ids(session_id="s"), ids(session_id="none")) == (1, 1, 0)
    assert api.get("interactions/", pattern_id="nonsense").status_code == 404
    assert api.get("interactions/", model_id="a\x00b").status_code == 422


def test_a_list_costs_the_same_few_queries_however_long(
    api: Caller, owner: Project, django_assert_max_num_queries: Any
) -> None:
    learned(owner, 60, tasks=6)
    api.get("interactions/")  # the key is known now
    with django_assert_max_num_queries(4) as queries:
        assert len(api.get("interactions/").json()["data"]) == 50
    assert isinstance(queries, CaptureQueriesContext)


def test_storing_a_batch_costs_a_handful_of_queries(
    api: Caller, django_assert_max_num_queries: Any
) -> None:
    api.post("interactions/", item(9_999))  # thresholds are read every five seconds
    admission.refresh()  # read every two seconds, not for every request
    with django_assert_max_num_queries(8):  # savepoints included
        assert api.post("interactions/batch/", items(200)).json()["accepted"] == 200
