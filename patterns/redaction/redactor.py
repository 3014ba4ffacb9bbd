"""Redaction as a project wants it: built-in detectors, its own expressions, or both."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from patterns.redaction.detectors import has_check_digit, redact_text
from patterns.redaction.own_expressions import Own, match_whole, replace_matches

LONGEST_TAG = 2000
LONGEST_NUMBER = 200  # bits; no number of a person or a card is longer


@dataclass(frozen=True)
class Redactor:
    project_id: UUID
    built_in: bool = True
    own: Own = ()

    def redact_text(self, text: str) -> str:
        if self.own:
            text = replace_matches(self.own, text)
        return redact_text(text) if self.built_in else text

    def redact_value(self, value: Any) -> Any:
        """Every text inside a JSON value, names of members included, and numbers that are one."""
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, list):
            return [self.redact_value(one) for one in value]
        if isinstance(value, dict):
            return self.redact_object(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.redact_number(value)
        return value

    def redact_object(self, value: dict[str, Any]) -> dict[str, Any]:
        pairs = ((self.redact_text(name), self.redact_value(one)) for name, one in value.items())
        return name_apart_all(pairs)

    def redact_number(self, value: int) -> int | str:
        if value.bit_length() > LONGEST_NUMBER:
            return value
        text = str(value)
        if mark := match_whole(self.own, text):
            return mark
        return redact_text(text) if self.built_in and has_check_digit(text) else value

    def redact_session(self, name: str) -> str:
        return self.redact_name(name)

    def redact_message(self, text: str) -> str:
        """What we say about something that was sent, which may quote it."""
        return self.redact_text(text)

    def redact_member(self, name: str) -> str:
        return self.redact_text(name)

    def redact_content(self, content: dict[str, Any]) -> dict[str, Any]:
        """The members of an interaction or a task."""
        tags = content.get("tags")
        redacted = self.redact_object(content)
        return redacted | {"tags": self.redact_tags(tags)} if isinstance(tags, dict) else redacted

    def redact_tags(self, tags: dict[str, Any]) -> dict[str, Any]:
        """Values are names: people are found by them, and must not be taken for each other."""
        return name_apart_all(
            (
                self.redact_text(name),
                self.redact_name(one, LONGEST_TAG)
                if isinstance(one, str)
                else self.redact_value(one),
            )
            for name, one in tags.items()
        )

    def redact_name(self, name: str, longest: int = 100) -> str:
        """An id or a session: other names stay other names, so a keyed digest follows the mark."""
        redacted = self.redact_text(name)
        if redacted == name:
            return name
        key = settings.SECRET_KEY.encode() + self.project_id.bytes
        return (
            f"{redacted[:longest]}-{hmac.new(key, name.encode(), hashlib.blake2b).hexdigest()[:16]}"
        )


def name_apart_all(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Names that became the same get -2, -3, … behind them: no member is lost."""
    found: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for name, value in pairs:
        made = name
        while made in found:
            counts[name] += 1
            made = f"{name}-{counts[name] + 1}"
        found[made] = value
    return found
