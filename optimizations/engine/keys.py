"""When two requests ask the same: keys of an answer, from exact to nearly equal.

Nearly equal means equal but for case, punctuation, spacing and words that carry nothing
(articles, greetings, politeness). A negation, number, unit, date or name is never dropped, so
two requests that differ in one never share a key.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from optimizations.engine.task import Json, Task

LEVELS = ("exact", "normal", "content")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[-+−]?\d[\d.,:/-]*|[€$£¥%°<>=≤≥≠]|!=")
_FILLERS = """a an the please hi hello hey dear thanks thank you kindly just so well ok okay
    um uh"""
FILLERS = frozenset(_FILLERS.split())
# Words that point at the moment of asking: the answer of yesterday is not the answer of today.
_MOMENT = """now today tonight currently current presently latest live recent recently yesterday
    tomorrow moment instantly newest updated upcoming ago pending"""
MOMENT = frozenset(_MOMENT.split())


def answer_keys(task: Task) -> dict[str, str]:
    """Level → digest over model, parameters, system, tools and text (hex, 32 digits)."""
    text = asked(task.input)
    rest = [task.task_type, task.model_id, task.parameters, without(task.input), task.parts]
    words = [w.casefold() for w in _WORD.findall(text)]
    content = [w for w in words if w not in FILLERS]
    return {
        "exact": _digest([rest, text]),
        "normal": _digest([rest, words]),
        "content": _digest([rest, content]),
    }


def momentary(task: Task) -> bool:
    """Whether the request points at the moment it is asked in."""
    return any(w.casefold() in MOMENT for w in _WORD.findall(asked(task.input)))


def asked(value: Json) -> str:
    """The text of the last user message, or the input itself when it is a text, else ""."""
    if isinstance(value, str):
        return value
    messages = value.get("messages") if isinstance(value, dict) else value
    if isinstance(messages, list) and messages:
        last = messages[-1]
        if isinstance(last, dict) and isinstance(last.get("content"), str):
            return str(last["content"])
    return ""


def without(value: Json) -> Json:
    """The input with that text taken out: what has to be equal to the letter."""
    text = asked(value)
    if not text or isinstance(value, str):
        return None if isinstance(value, str) else value
    if isinstance(value, dict):
        messages = value["messages"]
        return {**value, "messages": [*messages[:-1], {**messages[-1], "content": None}]}
    if isinstance(value, list):
        return [*value[:-1], {**value[-1], "content": None}]
    return value


def _digest(value: object) -> str:
    raw = msgspec.json.encode(value, order="deterministic")
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
