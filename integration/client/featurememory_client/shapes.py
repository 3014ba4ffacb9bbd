"""`capture="shapes"`: what a call looks like, without a word of what it says.

Each word becomes a keyed digest in letters, the same in every process with the same key, so the
server still sees what recurs. Numbers of JSON, JSON keys, names of models and task types stay;
digits inside texts are text. Blanks and ASCII punctuation stay: they are the shape.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

MOST_WORDS = 400  # kept at each end of a text: the server looks at no more
LETTERS = 10  # 47 bits: among a million words not one pair is expected to meet

_WORD = re.compile(r"[^\s!-/:-@\[-^`{-~]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,63}")
# What the providers define; values a caller makes up are never among them.
_KNOWN = frozenset(
    re.findall(
        r"\w+",
        "system developer user assistant tool function text image_url input_text output_text"
        " input_image input_audio image tool_use tool_result tool_calls message refusal thinking"
        " function_call function_call_output reasoning json_object json_schema object array string"
        " number integer boolean null stop length end_turn max_tokens cache",
    )
)
_TYPED = frozenset({"role", "type", "finish_reason", "served"})
# Fields of an interaction or a task that are names or numbers, not what was said.
_IDS = {"id", "interaction_id", "decision_id", "shadow_id"}
_NAMED = _IDS | {"model_id", "task_type", "metric_name", "metadata", "usage", "success", "score"}


class Disguise:
    """Turns interactions, tasks and feedback into their shapes."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.blake2b(key.encode(), person=b"feature-memory").digest()
        self._digest = lru_cache(maxsize=16_384)(self._make_digest)

    def disguise(self, content: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in content.items():
            if name in _NAMED:
                found[name] = value
            elif name == "error" and isinstance(value, dict):
                found[name] = {**value, "message": self.disguise_value(value["message"])}
            else:
                found[name] = self.disguise_value(value)
        return found

    def disguise_value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value if name in _TYPED and value in _KNOWN else self.disguise_text(value)
        if isinstance(value, dict):
            return {self._disguise_key(k): self.disguise_value(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.disguise_value(inner, name) for inner in value]
        return value

    def _disguise_key(self, key: str) -> str:
        """Keys may stay; one that is no name, an address for instance, was made of data."""
        return key if _NAME.fullmatch(key) else self.disguise_text(key)

    def disguise_text(self, text: str) -> str:
        words = list(_WORD.finditer(text))
        if len(words) <= 2 * MOST_WORDS:
            return _WORD.sub(self._replace, text)
        # The digest of the whole keeps apart what differs only in the middle.
        begin = text[: words[MOST_WORDS].start()]
        end = text[words[-MOST_WORDS].start() :]
        parts = (_WORD.sub(self._replace, part) for part in (begin, end))
        return f" {self._make_digest(text)} ".join(parts)

    def _replace(self, match: re.Match[str]) -> str:
        word = match.group()
        digest = self._digest(word.casefold())
        return digest.capitalize() if word[0].isupper() else digest

    def _make_digest(self, word: str) -> str:
        raw = hashlib.blake2b(word.encode("utf-8", "replace"), key=self._key, digest_size=8)
        number = int.from_bytes(raw.digest(), "big")
        letters = []
        for _ in range(LETTERS):
            number, letter = divmod(number, 26)
            letters.append(chr(97 + letter))
        return "".join(letters)
