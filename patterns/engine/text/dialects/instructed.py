"""An instruction beside its data in one object: instruction-tuning records, home-made wrappers."""

from __future__ import annotations

from collections.abc import Mapping

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.request import ModelRequest, Turn
from patterns.engine.text.json_text import write_json

INSTRUCTIONS = ("instruction", "instructions", "task", "directive", "system_prompt")
WORDS = 3  # of a sentence: less names a kind of task ("ticket_urgency"), and is a value
UNSPACED = 6  # characters of one in a script without spaces


def read_instructed(value: Json) -> ModelRequest | None:
    """The instruction is the system prompt, all other keys are the data it is about.

    >>> read_instructed({"instruction": "Translate to Finnish.", "text": "Good morning"}).system
    'Translate to Finnish.'
    """
    if not isinstance(value, Mapping) or len(value) < 2:
        return None
    name = next((one for one in INSTRUCTIONS if _is_sentence(value.get(one))), None)
    if name is None:
        return None
    data = {key: inner for key, inner in value.items() if key != name}
    return ModelRequest(value[name], (Turn("user", _write_data(data)),))


def _is_sentence(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    return len(value.split()) >= WORDS or sum(not char.isascii() for char in value) >= UNSPACED


def _write_data(data: dict[str, Json]) -> str:
    """One text as it is, several keys as an object."""
    only = next(iter(data.values()))
    return only if len(data) == 1 and isinstance(only, str) else write_json(data)
