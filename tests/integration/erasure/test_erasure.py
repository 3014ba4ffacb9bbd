"""What was erased is nowhere any more; everything else is as it was."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.files.base import ContentFile
from django.db import connection

from featurememory.config import forget_config
from featurememory.models import AuditEntry, Project
from integration.doctor.examination import examine
from integration.jobs import queue, uploads
from integration.models import Job
from optimizations.models import Decision, ShadowAnswer
from patterns.failed_records import note_failure
from patterns.models import FailedRecord, ModelInteraction, Pattern, PayloadDictionary
from patterns.storage import payloads
from tests.builders import caller, item, keep, learn_all, learned, project

NAMES = ("canarypath", "canarysession", "canaryuser", "canaryids", "canarystays")


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir(mode=0o700)


def told(name: str, number: int) -> dict[str, Any]:
    return item(
        number,
        id=f"{name}-{number}",
        input=f"Please call {name} number {number} back about order {number * 31}",
        output=f"I called {name} {number}",
        error=f"late {name}",
        session_id=f"s-{name}",
        tags={"user": f"u-{name}"},
        task_type="erase.me",
    )


def lived(owner: Project) -> None:
    """Five people, each with a session, interactions and a decision."""
    for name in NAMES:
        keep(owner, [told(name, number) for number in range(12)])
        task = {"model_id": "m", "task_type": "erase.me", "session_id": f"s-{name}"}
        body = {"task": {**task, "input": f"Please call {name} number 7 back about order 9"}}
        caller(owner, "in").post("tasks/prepare/", body)
    learn_all(owner)


def erase(owner: Project, body: dict[str, Any]) -> dict[str, Any]:
    answer = caller(owner, "ad").post("erasure/", body)
    assert answer.status_code == 202, answer.content
    return finished(owner, answer.json()["job"]["id"])


def finished(owner: Project, job: str) -> dict[str, Any]:
    row = Job.objects.get(pk=job)
    Job.objects.filter(pk=job).update(state="running")
    queue.run_job(row)
    found: dict[str, Any] = caller(owner, "ro").get(f"jobs/{job}/").json()
    assert found["state"] == "done", found
    return found


def places(word: str) -> set[str]:
    """The columns in which a word is found, compressed ones opened."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    if word.encode() in opened(value):
                        found.add(f"{table}.{name}")
    return found


def opened(value: Any) -> bytes:
    if not isinstance(value, bytes | memoryview):
        return str(value).encode()
    data = bytes(value)
    for unpack in (payloads.unpack_json, zstandard.decompress):
        with suppress(ValueError, zstandard.ZstdError, PayloadDictionary.DoesNotExist):
            return unpack(data)
    return data


def files_with(word: str) -> list[str]:
    """Files of the database and of the data directory that hold a word."""
    base = str(connection.settings_dict["NAME"])
    return [
        str(path)
        for path in (Path(base), Path(f"{base}-wal"))
        if path.exists() and word.encode() in path.read_bytes()
    ]


def test_what_was_erased_is_nowhere_and_the_rest_stays(transactional_db: None) -> None:
    owner = project("shop")
    lived(owner)
    assert all(places(name) for name in NAMES)

    answer = caller(owner, "ad").send("DELETE", "sessions/s-canarypath/")
    assert answer.status_code == 202
    finished(owner, answer.json()["job"]["id"])
    erase(owner, {"session_id": "s-canarysession"})
    erase(owner, {"tag": {"user": "u-canaryuser"}})
    receipt = erase(owner, {"interaction_ids": [f"canaryids-{n}" for n in range(12)]})["result"]

    assert {name: places(name) for name in NAMES[:4]} == {name: set() for name in NAMES[:4]}
    assert places("canarystays")
    if connection.vendor == "sqlite":
        assert {name: files_with(name) for name in NAMES[:4]} == {name: [] for name in NAMES[:4]}
    assert (receipt["interactions"], receipt["payloads"], receipt["decisions"]) == (12, 12, 1)
    assert receipt["bytes"] > 0
    kept = ModelInteraction.objects.filter(project=owner)
    assert {row.id.partition("-")[0] for row in kept} == {"canarystays"}
    assert kept.count() == 12
    assert Decision.objects.filter(project=owner).count() == 1


@pytest.mark.django_db
def test_what_is_left_is_recognised_as_before(owner: Project) -> None:
    lived(owner)
    erase(owner, {"session_id": "s-canaryuser"})

    body = told("canarystays", 99)
    match = caller(owner, "ro").post("patterns/recognize/", body).json()["match"]
    own = ModelInteraction.objects.get(project=owner, id="canarystays-3")
    assert match is not None
    assert match["pattern_id"] == str(own.pattern_id)
    pattern = Pattern.objects.get(pk=str(own.pattern_id))
    assert "Please call" in pattern.template
    assert pattern.slots
    learned(owner, 6, start=300, task_type="erase.me", input="Please call Ann number 1 back")


@pytest.mark.django_db
def test_all_is_in_order_afterwards(owner: Project) -> None:
    lived(owner)
    erase(owner, {"session_id": "s-canaryuser"})
    erase(owner, {"interaction_ids": ["canarystays-3"]})

    wrong = [one for _, _, found in examine() for one in found]
    assert wrong == []


@pytest.mark.django_db
def test_labels_and_pins_stay(owner: Project) -> None:
    lived(owner)
    own = str(ModelInteraction.objects.get(project=owner, id="canarystays-3").pattern_id)
    caller(owner, "rw").patch(f"patterns/{own}/", {"label": "Call back", "pinned": True})
    erase(owner, {"session_id": "s-canaryuser"})

    kept = Pattern.objects.get(pk=own)
    assert (kept.label, kept.pinned) == ("Call back", True)


@pytest.mark.django_db
def test_a_neighbour_keeps_what_has_the_same_names(owner: Project) -> None:
    other = project("other")
    lived(owner)
    lived(other)
    erase(owner, {"session_id": "s-canaryuser"})

    assert ModelInteraction.objects.filter(project=other).count() == 60
    assert ModelInteraction.objects.filter(project=owner).count() == 48


@pytest.mark.django_db
def test_a_shared_session_keeps_its_other_decisions(owner: Project) -> None:
    lived(owner)
    receipt = erase(owner, {"interaction_ids": ["canaryuser-3"]})["result"]

    assert (receipt["interactions"], receipt["decisions"]) == (1, 0)


@pytest.mark.django_db
def test_the_receipt_and_the_log_name_nobody(owner: Project) -> None:
    lived(owner)
    found = erase(owner, {"tag": {"user": "u-canaryuser"}})

    assert "canary" not in json.dumps(found)
    assert Job.objects.get(pk=found["id"]).params == {}
    assert AuditEntry.objects.filter(action="erasure.done").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["forget_patterns", "erase_rows", "forget_answers"])
def test_an_erasure_that_died_goes_on(
    owner: Project, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from integration.erasure import steps

    lived(owner)
    answer = caller(owner, "ad").post("erasure/", {"session_id": "s-canaryuser"}).json()
    job = Job.objects.get(pk=answer["job"]["id"])
    monkeypatch.setattr(steps, step, lambda *_: 1 / 0)
    Job.objects.filter(pk=job.pk).update(state="running")
    queue.run_job(job)
    assert job.state == "failed"

    monkeypatch.undo()
    queue.retry_job(job)
    found = finished(owner, str(job.pk))
    assert places("canaryuser") == set()
    assert found["result"]["interactions"] == 12


@pytest.mark.django_db
def test_what_still_waits_is_erased_unlearned(owner: Project) -> None:
    lived(owner)
    keep(owner, [told("canarylate", number) for number in range(3)])
    erase(owner, {"session_id": "s-canarylate"})

    assert learn_all(owner) == 0
    assert places("canarylate") == set()


@pytest.mark.django_db
def test_a_dictionary_trained_on_it_is_replaced(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integration.erasure import dictionaries

    monkeypatch.setattr(dictionaries, "WAIT_S", 0)
    lived(owner)
    row = PayloadDictionary.objects.create(data=b"late canaryuser" * 9, trained_on=1 << 40)
    payloads.forget_dictionaries()
    keep(owner, [told("canarystays", 50)])
    learn_all(owner)
    erase(owner, {"session_id": "s-canaryuser"})

    assert not PayloadDictionary.objects.filter(pk=row.pk).exists()
    assert places("canaryuser") == set()
    answer = caller(owner, "ro").get("interactions/canarystays-50/").json()
    assert "canarystays" in answer["input"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"session_id": ""},
        {"session_id": "a", "interaction_ids": ["b"]},
        {"tag": {}},
        {"interaction_ids": "a"},
        {"interaction_ids": ["a\x00"]},
        {"tag": {"a": ["b"]}},
    ],
)
def test_a_bad_order_is_refused(owner: Project, body: dict[str, Any]) -> None:
    assert caller(owner, "ad").post("erasure/", body).status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["in", "ro", "rw"])
def test_only_keys_of_kind_ad_erase(owner: Project, kind: str) -> None:
    assert caller(owner, kind).post("erasure/", {"session_id": "a"}).status_code == 403
    assert caller(owner, kind).send("DELETE", "sessions/a/").status_code == 403


@pytest.mark.django_db
def test_a_session_of_which_nothing_is_stored_is_not_found(owner: Project) -> None:
    other, api = project("other"), caller(owner, "ad")
    keep(other, [item(1, session_id="theirs")])
    task = {"model_id": "m", "input": "hi", "session_id": "only-asked"}
    api.post("tasks/prepare/", {"task": task})

    assert api.send("DELETE", "sessions/theirs/").status_code == 404
    assert api.send("DELETE", "sessions/only-asked/").status_code == 202


@pytest.mark.django_db
def test_what_is_unknown_is_erased_already(owner: Project) -> None:
    assert erase(owner, {"session_id": "nobody"})["result"]["interactions"] == 0


@pytest.mark.django_db
def test_reasons_of_failures_and_uploads_are_erased(owner: Project, settings: Any) -> None:
    keep(owner, [told("canaryfail", 1), told("other", 2)])
    rows = {row.id: row for row in ModelInteraction.objects.all()}
    for name in ("canaryfail-1", "other-2"):
        note_failure(owner.pk, "learning", name, f"cannot read {name}", rows[name].pk)
    note_failure(owner.pk, "repair", "erase.me", "the text of canaryfail")
    draft = uploads.save_upload(ContentFile(b'{"input": "canaryfail"}', name="a.jsonl"))
    done = uploads.save_upload(ContentFile(b'{"input": "canaryfail"}', name="b.jsonl"))
    refused = Path(done["path"] + uploads.ERRORS)
    refused.write_text("1,canaryfail")
    made = {"project": owner, "kind": "import", "actor": "a"}
    waiting = Job.objects.create(**made, params=draft, state="preview")
    cursor = {"errors": str(refused)}
    Job.objects.create(**made, params=done, state="done", cursor=cursor, log=["canaryfail"])

    erase(owner, {"interaction_ids": ["canaryfail-1"]})

    assert set(FailedRecord.objects.values_list("subject", "reason")) == {
        ("other-2", "cannot read other-2"),
        ("erase.me", "erased"),
    }
    assert list((settings.DATA_DIR / "uploads").iterdir()) == []
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert places("canaryfail") == set()


def test_what_shadows_answered_goes_with_its_decision(db: None) -> None:
    owner = project("shadowed")
    lived(owner)
    for decision in Decision.objects.filter(project=owner):
        ShadowAnswer.objects.create(
            project=owner, shadow_id=f"{decision.id}.1", decision_id=decision.id, model_id="m", at=1
        )

    erase(owner, {"session_id": f"s-{NAMES[1]}"})
    assert ShadowAnswer.objects.count() == len(NAMES) - 1


def test_names_that_were_redacted_when_they_came_in_are_found(db: None) -> None:
    owner = project("guarded")
    api = caller(owner, "ad")
    api.patch("config/", {"privacy": {"redact": True}})
    forget_config()  # which the commit does, and there is none in a test
    people = [f"{name}@mail.example" for name in ("ann", "bob", "cid", "dan")]
    keep(
        owner,
        [
            item(n, id=f"i-{who}", session_id=f"s-{who}", tags={"user": who})
            for n, who in enumerate(people)
        ],
    )

    assert erase(owner, {"interaction_ids": [f"i-{people[0]}"]})["result"]["interactions"] == 1
    assert erase(owner, {"session_id": f"s-{people[1]}"})["result"]["interactions"] == 1
    assert erase(owner, {"tag": {"user": people[2]}})["result"]["interactions"] == 1
    assert ModelInteraction.objects.filter(project=owner).count() == 1
