"""Redaction as a project wants it: built-in detectors, its own expressions, or both."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from patterns.redaction.detectors import has_check_digit, redact_text
from patterns.redaction.own_expressions import Own, match_whole, replace_matches

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
        """Names that become the same get -2, -3, … behind them: no member is lost."""
        found: dict[str, Any] = {}
        counts: Counter[str] = Counter()
        for name, inner in value.items():
            redacted = self.redact_text(name)
            if redacted != name:
                redacted = name_apart(redacted, counts, value, found)
            found[redacted] = self.redact_value(inner)
        return found

    def redact_number(self, value: int) -> int | str:
        if value.bit_length() > LONGEST_NUMBER:
            return value
        text = str(value)
        if mark := match_whole(self.own, text):
            return mark
        return redact_text(text) if self.built_in and has_check_digit(text) else value

    def redact_name(self, name: str) -> str:
        """An id or a session: other names stay other names, so a keyed digest follows the mark."""
        redacted = self.redact_text(name)
        if redacted == name:
            return name
        key = settings.SECRET_KEY.encode() + self.project_id.bytes
        return f"{redacted[:100]}-{hmac.new(key, name.encode(), hashlib.blake2b).hexdigest()[:16]}"


def name_apart(name: str, counts: Counter[str], *taken: dict[str, Any]) -> str:
    """The name with the next number that no member has, sent or redacted; the first has none."""
    while True:
        counts[name] += 1
        made = name if counts[name] == 1 else f"{name}-{counts[name]}"
        if not any(made in names for names in taken):
            return made
