"""One prompt in an object with settings of the call: completions, Ollama, Hugging Face, Cohere."""

from __future__ import annotations

from collections.abc import Mapping

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.chat import read_turns
from patterns.engine.text.dialects.chat_template import read_chat_template
from patterns.engine.text.dialects.content import read_content
from patterns.engine.text.dialects.request import ModelRequest, Turn, request_of, unexplained
from patterns.engine.text.dialects.tools import tool_names

PROMPTS = ("prompt", "inputs", "message", "query_text")
SYSTEMS = ("system", "preamble", "system_prompt", "systemPrompt")
BODY_KEYS = frozenset({*PROMPTS, *SYSTEMS, "chat_history", "conversation_id", "documents"})


def read_completion(value: Json) -> ModelRequest | None:
    """None when other keys stand beside the prompt: then it is one parameter among others."""
    if not isinstance(value, Mapping):
        return None
    name = next((one for one in PROMPTS if isinstance(value.get(one), str)), None)
    if name is None or unexplained(list(value), BODY_KEYS):
        return None
    if len(value) == 1 and name == "message":
        return None  # a text somebody called a message, not a request
    written = read_chat_template(value[name])
    if written is not None:
        return written
    history = read_turns(value.get("chat_history")) or []
    system = next((read_content(value[one]).text for one in SYSTEMS if one in value), "")
    return request_of(system, [*history, Turn("user", value[name])], tool_names(value))
