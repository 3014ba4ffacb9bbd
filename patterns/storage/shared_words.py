"""Shows the words that enough sessions share in place of their digests."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from featurememory.config import config_of
from patterns.models import SharedWords

KEPT_S = 5.0
# What a digest of a word looks like, small, Capitalised or CAPITAL: see redaction.
DIGEST = re.compile(
    r"(?<![A-Za-z0-9])[G-Zg-z][g-z]{8}(?![A-Za-z0-9])|(?<![A-Za-z0-9])[G-Z]{9}(?![A-Za-z0-9])"
)
Words = Mapping[str, str]
NO_WORDS: Words = MappingProxyType({})
_kept: dict[UUID, tuple[float, Words]] = {}


def words_of(project_id: UUID) -> Words:
    """{digest: word} of a project, at most KEPT_S old; empty where nothing may be shown."""
    now = time.monotonic()
    until, words = _kept.get(project_id, (0.0, {}))
    if now < until:
        return words
    words = read_words(project_id)
    if len(_kept) > 256:
        _kept.clear()
    _kept[project_id] = now + KEPT_S, words
    return words


def read_words(project_id: UUID) -> Words:
    row = SharedWords.objects.filter(pk=project_id).values_list("words", flat=True).first()
    if not row:
        return {}
    least = config_of(project_id).k_sessions
    return {digest: word for digest, (word, sessions) in row.items() if sessions >= least}


def forget_words() -> None:
    _kept.clear()


def show_text(words: Words, text: str) -> str:
    return DIGEST.sub(lambda found: show_word(words, found[0]), text) if words else text


def show_word(words: Words, digest: str) -> str:
    word = words.get(digest.lower(), digest)
    if word is digest or digest.islower():
        return word
    return word.upper() if digest.isupper() else word.capitalize()


def show_value(words: Words, value: Any) -> Any:
    """The same in every text of a JSON value, names of members included."""
    if not words:
        return value
    if isinstance(value, str):
        return show_text(words, value)
    if isinstance(value, list):
        return [show_value(words, one) for one in value]
    if isinstance(value, dict):
        return {show_text(words, name): show_value(words, one) for name, one in value.items()}
    return value


def show_json(words: Words, raw: bytes) -> bytes:
    """The same in JSON as it is stored."""
    if not words:
        return raw
    try:
        return msgspec.json.encode(show_value(words, msgspec.json.decode(raw)))
    except (msgspec.DecodeError, RecursionError):
        return raw
