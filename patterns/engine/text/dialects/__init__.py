"""What SDKs send, read into one form, so that the same task is one pattern whoever sent it."""

from __future__ import annotations

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.chat import read_chat
from patterns.engine.text.dialects.chat_template import read_chat_template
from patterns.engine.text.dialects.completion import read_completion
from patterns.engine.text.dialects.gemini import read_gemini
from patterns.engine.text.dialects.instructed import read_instructed
from patterns.engine.text.dialects.request import ModelRequest
from patterns.engine.text.dialects.responses import read_responses

READERS = (
    read_chat_template,
    read_chat,
    read_gemini,
    read_responses,
    read_completion,
    read_instructed,
)


def read_request(value: Json) -> ModelRequest | None:
    """The request in the first dialect that knows this shape; None: it stays JSON."""
    for read in READERS:
        found = read(value)
        if found is not None:
            return found
    return None
