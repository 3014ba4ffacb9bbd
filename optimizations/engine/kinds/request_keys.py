"""The parts of a request that make its cache key: what has to be equal for an answer to be reused."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from optimizations.engine.domain.task import Json, Task

_WORD = re.compile(r"[^\W_]+")
# Several lines may be code, tabs and bars may part columns, and what is quoted is the matter itself.
_LAID_OUT = re.compile(r"[\n\r\t|`\"“”„«»]|(?<!\w)['‘]")
_GAP = re.compile(r"(?<!\d) {2,}(?!\d)")  # between numbers a gap may stand for one that is missing
# Words that point at the moment of asking: the answer of yesterday is not the answer of today.
_MOMENT = """now today tonight currently current presently latest live recent recently yesterday
    tomorrow moment instantly newest updated upcoming ago pending"""
MOMENT = frozenset(_MOMENT.split())


def context_parts(task: Task) -> list[object]:
    """Everything but the text that is asked: model, parameters, system, tools, parts, verbatim."""
    return [
        task.task_type,
        task.model_id,
        task.parameters,
        without_asked_text(task.input),
        task.parts,
    ]


def points_at_now(task: Task) -> bool:
    """Whether the request refers to the present moment, so that its answer does not last."""
    return any(w.casefold() in MOMENT for w in _WORD.findall(asked_text(task.input)))


def asked_text(value: Json) -> str:
    """The text of the last user message, or the input itself when it is a text, else ""."""
    if isinstance(value, str):
        return value
    messages = value.get("messages") if isinstance(value, dict) else value
    if isinstance(messages, list) and messages:
        last = messages[-1]
        if isinstance(last, dict) and isinstance(last.get("content"), str):
            return str(last["content"])
    return ""


def normalize_spacing(text: str) -> str:
    """The text without differences that carry no meaning: encoding of accents, repeated spaces.

    >>> normalize_spacing(" Where  is it? ")
    'Where is it?'
    >>> normalize_spacing("1  3"), normalize_spacing("a  b`")
    ('1  3', 'a  b`')
    """
    line = text.strip()
    return text if _LAID_OUT.search(line) else _GAP.sub(" ", unicodedata.normalize("NFC", line))


def without_asked_text(value: Json) -> Json:
    """The input without the asked text: the part that has to be equal verbatim."""
    text = asked_text(value)
    if not text or isinstance(value, str):
        return None if isinstance(value, str) else value
    if isinstance(value, dict):
        messages = value["messages"]
        return {**value, "messages": [*messages[:-1], {**messages[-1], "content": None}]}
    if isinstance(value, list):
        return [*value[:-1], {**value[-1], "content": None}]
    return value


def digest(value: object) -> str:
    """Hex, 32 digits; the order of JSON keys does not matter."""
    raw = msgspec.json.encode(value, order="deterministic")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
