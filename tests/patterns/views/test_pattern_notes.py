"""Notes on a pattern: who wrote what and when; escaped, limited, taken away again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from featurememory.models import AuditEntry, Project
from patterns.models import Pattern, PatternEvent
from patterns.views import pattern_notes
from tests.builders import pattern_row, project
from tests.web import PLAIN_STATIC, browser, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True))


def write(editor: Client, row: Pattern, text: str) -> str:
    return text_of(editor.post(f"/patterns/{row.pk}/note/", {"note": text}, follow=True))


def test_a_note_is_shown_with_its_author_and_escaped(editor: Client, owner: Project) -> None:
    shown = write(editor, pattern_row(owner, 1), "Ask <b>legal</b> first")

    assert "Ask &lt;b&gt;legal&lt;/b&gt; first" in shown
    assert "by eva" in shown
    assert AuditEntry.objects.filter(action="pattern.noted").count() == 1


def test_an_empty_note_is_none(editor: Client, owner: Project) -> None:
    assert "No notes yet" in write(editor, pattern_row(owner, 1), "  ")


def test_a_note_is_deleted_and_the_audit_log_keeps_that_but_no_text(
    editor: Client, owner: Project
) -> None:
    row = pattern_row(owner, 1)
    write(editor, row, "old news")
    note = PatternEvent.objects.get(kind="note")
    shown = text_of(editor.post(f"/patterns/{row.pk}/note/{note.pk}/delete/", follow=True))

    assert "No notes yet" in shown
    assert AuditEntry.objects.get(action="pattern.note_deleted").before == '{"characters":8}'


def test_beyond_the_limit_it_says_what_to_do(
    editor: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pattern_notes, "MOST", 1)
    row = pattern_row(owner, 1)
    write(editor, row, "one")

    assert "delete one of them first" in write(editor, row, "two")
    assert PatternEvent.objects.filter(kind="note").count() == 1


def test_a_note_of_another_pattern_or_project_is_not_found(editor: Client, owner: Project) -> None:
    row, foreign = pattern_row(owner, 1), pattern_row(project("other"), 2)
    write(editor, row, "mine")
    note = PatternEvent.objects.get(kind="note")

    assert editor.post(f"/patterns/{foreign.pk}/note/", {"note": "x"}).status_code == 404
    path = f"/patterns/{foreign.pk}/note/{note.pk}/delete/"
    assert editor.post(path).status_code == 404
    assert PatternEvent.objects.filter(kind="note").count() == 1
