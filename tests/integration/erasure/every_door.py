"""One word through every door by which texts of people come in, and into every column that keeps them."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from msgspec import msgpack

from featurememory.models import Project, SavedView
from integration.jobs import queue, uploads
from integration.models import PreviousRecognizer
from integration.repair.save_repair import consolidate_project
from optimizations.policy_runtime import outcomes
from patterns.curation.editing import edit_pattern
from patterns.curation.history import add_pattern_events
from patterns.failed_records import note_failure
from patterns.models import ModelInteraction, Pattern, PatternEvent
from tests import builders
from tests.optimizations.shadow_answers import wished

OTHERS = ("annabel", "bertram", "cordelia", "dorothea")


def say(word: str, number: int) -> str:
    return f"Tell {word} that parcel {number * 37} of {word} is late"


def session_of(word: str) -> str:
    """Not the word itself: the name of a session stays where texts go."""
    return f"s-{word}" if "@" in word else f"s-{word[::-1]}"


def let_in(owner: Project, word: str) -> None:
    """What programs and people send: calls, questions, feedback, evaluated tasks, shadows, files."""
    api = builders.caller(owner)
    builders.keep(owner, [tell(word, number) for number in range(12)])
    builders.keep(owner, [call(name, n) for name in (word, *OTHERS) for n in range(60, 72)])
    task: dict[str, Any] = {"model_id": "m", "task_type": "tell", "input": say(word, 3)}
    task |= {"session_id": session_of(word), "parameters": {"system": f"{word} " * 20}}
    answer = api.post("tasks/prepare/", {"task": task}, headers={"Idempotency-Key": word})
    assert answer.status_code == 200, answer.content
    builders.learn_all(owner)
    for metric, value in (("comment", f"thanks, {word}"), (f"of {word}", 1)):
        body = {"session_id": session_of(word), "metric_name": metric, "value": value}
        assert api.post("feedback/", body).status_code == 201
    let_in_evaluations(owner, word)
    let_in_shadow(owner, word)
    let_in_file(owner, word)
    consolidate_project(owner.pk)


def tell(word: str, number: int, **more: Any) -> dict[str, Any]:
    usual = {
        "id": f"{word}-{number}",
        "task_type": "tell",
        "input": say(word, number),
        "output": f"I told {word}",
        "error": f"late {word}",
        "session_id": session_of(word),
        "tags": {"user": f"u-{word}"},
        "parameters": {"system": word},
    }
    return builders.item(number, **usual | more)


def call(name: str, number: int) -> dict[str, Any]:
    """A task in which a name is the value of a slot."""
    text = f"Please call {name} number {number} back about order {number * 31}"
    known = f"other-{name}" if name in OTHERS else name
    return tell(name, number, id=f"{known}-{number}", task_type="call", input=text)


def let_in_evaluations(owner: Project, word: str) -> None:
    """One says whose it is, one asks what a stored interaction asked."""
    answers = [
        {"input": f"Another text of {word}", "session_id": session_of(word)},
        {"input": say(word, 5), "tags": {"user": "somebody else"}},
    ]
    usual = {"set": "tickets", "task_type": "tell", "model_id": "m", "score": 1}
    usual |= {"parameters": {"system": f"{word} " * 20}}
    sent = builders.caller(owner).post("evaluations/", [usual | one for one in answers])
    assert sent.json()["accepted"] == 2, sent.content


def let_in_shadow(owner: Project, word: str) -> None:
    made = wished.orchestrator(owner)
    for number in range(120):
        made.count = number
        answer = made.play([{**wished.TASK, "input": say(word, number)}])[0]
        if answer["shadows"]:
            break
    body = wished.shadow(answer, output=f"ask {word}")
    assert made.call.post("interactions/", body).status_code == 201
    outcomes.count_outcomes(owner.pk)


def let_in_file(owner: Project, word: str) -> None:
    """A row of it is refused, and the reason quotes it."""
    head = "id,model_id,task_type,input,duration"
    rows = [f"{word}-{50 + n},m,tell,{say(word, n)},{value}" for n, value in enumerate((5, word))]
    content = "\n".join([head, *rows]).encode()
    params = uploads.save_upload(ContentFile(content, name="a.csv"))
    job = queue.start_job(owner, "import", "ann", params)
    type(job).objects.filter(pk=job.pk).update(state="running")
    queue.run_job(job)
    assert job.state == "done", job.log
    builders.learn_all(owner)


def keep_by_hand(owner: Project, word: str) -> None:
    """What is made of texts later: failures, edits, notes, views, the recogniser before a switch."""
    row = ModelInteraction.objects.filter(project=owner, id=f"{word}-1").get()
    pattern = Pattern.objects.get(pk=str(row.pattern_id))
    note_failure(owner.pk, "learning", row.id, f"cannot read {word}", row.number)
    note_failure(owner.pk, "repair", "tell", f"the text of {word}")
    Pattern.objects.filter(pk=pattern.pk).update(template=say(word, 1))
    pattern.refresh_from_db()
    edit_pattern(owner, pattern, "ann", pinned=True)
    PatternEvent.objects.create(
        project=owner, pattern_id=pattern.pk, kind="template", template=say(word, 1)
    )
    add_pattern_events(owner, [str(pattern.pk)], "note", "ann", {"text": f"{word} complained"})
    SavedView.objects.create(
        project=owner, list_name="interactions", name="hers", query=f"session={session_of(word)}"
    )
    PreviousRecognizer.objects.create(
        project=owner, settings={}, plans=msgpack.encode({"": word}), replaced_by="2"
    )
