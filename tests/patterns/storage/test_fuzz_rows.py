"""Whatever people send is learned and saved on this database, and reads the same afterwards."""

from __future__ import annotations

import json
import random

import pytest

from featurememory.models import Project
from integration.repair.save_repair import consolidate_project
from patterns.models import FailedRecord, Pattern
from patterns.recognition.recognizer_cache import recognizers
from tests.benchmarks.fuzzing.grammar import KINDS
from tests.builders import item, keep, learn_all, states_of, uses_and_recount

pytestmark = pytest.mark.django_db


def sendable(value: object) -> object:
    """What JSON can carry: a lone surrogate is refused at the door."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
    return json.loads(text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_text_is_saved_and_read_again(owner: Project, kind: str) -> None:
    r = random.Random(kind)
    texts = [sendable(KINDS[kind](r)) for _ in range(14)]
    keep(owner, [item(n, input=text, task_type="t") for n, text in enumerate(texts)])
    learn_all(owner)
    consolidate_project(owner.pk)

    assert states_of(owner) == {1: 14}
    assert not FailedRecord.objects.exists()
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    known = recognizers.for_learning(owner.pk).recognizer
    for row in Pattern.objects.stored().filter(project=owner):
        assert bytes(row.state or b"") == known.get(str(row.pk)).to_bytes()
