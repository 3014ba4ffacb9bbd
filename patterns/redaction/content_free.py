"""Content-free mode: what is stored of a project has shapes and numbers, and no word of anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from patterns.redaction.known_names import IDENTIFIER, KEYS, TYPED, VALUES
from patterns.redaction.redactor import Redactor, name_apart_all
from patterns.redaction.shapes import Shaper
from patterns.redaction.word_sessions import sessions_of

QUOTED = re.compile(r"'[^']{0,300}'|\"[^\"]{0,300}\"|“[^”]{0,300}”")
Met = Callable[[str], None] | None


class ContentFree:
    """Takes the place of a Redactor. `redactor` still marks what ids and names must not hold."""

    def __init__(self, project_id: UUID, redactor: Redactor) -> None:
        self.project_id, self.redactor = project_id, redactor
        self.shaper = Shaper(make_key(project_id))

    def redact_text(self, text: str) -> str:
        return self.shape_text(text)

    def redact_value(self, value: Any) -> Any:
        return self.shape_value(value)

    def redact_name(self, name: str) -> str:
        """Ids, models and task types are names that programs give; they stay but for what looks like a
        person's address or a key."""
        return self.redactor.redact_name(name)

    def redact_session(self, name: str) -> str:
        """Sessions are often people: another name for each."""
        return f"session-{self.shaper.digest_word(name)}{self.shaper.digest_word(name + ' ')}"

    def redact_message(self, text: str) -> str:
        """Our own words stay; what stands in quotes is theirs."""
        return QUOTED.sub("'…'", self.redactor.redact_text(text))

    def redact_member(self, name: str) -> str:
        """A name that a program gave to what it sends, unless it was made of data."""
        return name if IDENTIFIER.fullmatch(name) else self.shape_text(name)

    def redact_content(self, content: dict[str, Any], met: Met = None) -> dict[str, Any]:
        """The members of an interaction or a task; of parameters and tags the names stay."""
        return {
            name: self.shape_named(value, met)
            if name in ("parameters", "tags") and isinstance(value, dict)
            else self.shape_value(value, met)
            for name, value in content.items()
        }

    def count_and_redact(self, session: str | None, content: dict[str, Any]) -> dict[str, Any]:
        """Also counts the words towards those that enough sessions share."""
        if not session:
            return self.redact_content(content)
        words: set[str] = set()
        redacted = self.redact_content(content, lambda word: words.add(word.casefold()))
        counted = ((self.shaper.digest_word(word), word) for word in words)
        sessions_of(self.project_id).note(self.shaper.digest_number(session), counted)
        return redacted

    def shape_named(self, value: dict[str, Any], met: Met = None) -> dict[str, Any]:
        return name_apart_all(
            (self.redact_member(name), self.shape_choice(inner, met))
            for name, inner in value.items()
        )

    def shape_choice(self, value: Any, met: Met = None) -> Any:
        """Choices such as "json_object" and "low" stay."""
        return value if isinstance(value, str) and value in VALUES else self.shape_value(value, met)

    def shape_value(self, value: Any, met: Met = None, name: str = "") -> Any:
        """Numbers, true, false and null stay; keys that SDKs define, too."""
        if isinstance(value, str):
            return value if name in TYPED and value in VALUES else self.shape_text(value, met)
        if isinstance(value, list):
            return [self.shape_value(one, met, name) for one in value]
        if isinstance(value, dict):
            return name_apart_all(
                (key if key in KEYS else self.shape_text(key, met), self.shape_value(one, met, key))
                for key, one in value.items()
            )
        return value

    def shape_text(self, text: str, met: Met = None) -> str:
        """A text that is JSON stays JSON."""
        if text[:1] in "{[" and text[-1:] in "]}":
            try:
                inner = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                pass
            else:
                return msgspec.json.encode(self.shape_value(inner, met)).decode()
        return self.shaper.shape_text(text, met)


def make_key(project_id: UUID) -> bytes:
    """Not in the database: whoever has only that cannot try words."""
    secret = settings.SECRET_KEY.encode() + project_id.bytes
    return blake2b(secret, person=b"fm-content-free").digest()


@lru_cache(maxsize=64)
def make_content_free(project_id: UUID, redactor: Redactor) -> ContentFree:
    return ContentFree(project_id, redactor)
