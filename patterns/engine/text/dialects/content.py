"""The content of a message: text, media, calls of tools, what tools answered.

The parts of OpenAI (chat, Responses), Anthropic, Gemini, Bedrock and LangChain say themselves what
they are, by `type` or by their only key, so one reader serves all dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from patterns.engine.domain.observation import Json

TEXT_KEYS = ("text", "input_text", "output_text", "refusal")
MEDIA = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "video": "video",
    "video_url": "video",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "media": "file",
    "inline_data": "file",
    "inlineData": "file",
    "file_data": "file",
    "fileData": "file",
}
RESULTS = (
    "tool_result",
    "toolResult",
    "function_response",
    "functionResponse",
    "function_call_output",
    "tool-result",
)
CALLS = ("tool_use", "toolUse", "function_call", "functionCall", "tool-call", "server_tool_use")
DEEPEST = 8  # parts within parts


class Content(NamedTuple):
    """Texts are joined by line breaks; `media` are placeholders like `<image/png 12 kB 3f2a91>`."""

    text: str = ""
    media: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    results: int = 0


def read_content(value: Json, depth: int = 0) -> Content:
    """The content of a message: a string, a part or a list of parts."""
    if isinstance(value, str):
        return Content(value)
    if depth >= DEEPEST:
        return Content()
    if isinstance(value, Mapping):
        return _read_part(value, depth)
    if isinstance(value, list):
        return _together([read_content(part, depth + 1) for part in value])
    return Content()


def _together(parts: list[Content]) -> Content:
    return Content(
        "\n".join(part.text for part in parts if part.text),
        tuple(one for part in parts for one in part.media),
        tuple(one for part in parts for one in part.calls),
        sum(part.results for part in parts),
    )


def _read_part(part: Mapping[str, Any], depth: int) -> Content:
    kind = part.get("type")
    if any(kind == name or name in part for name in RESULTS):
        return Content(results=1)
    for name in CALLS:
        if kind == name or isinstance(part.get(name), Mapping):
            return Content(calls=_names(part if kind == name else part[name]))
    for name in TEXT_KEYS:
        if isinstance(part.get(name), str):
            return Content(part[name])
    for name, medium in MEDIA.items():
        if kind == name or name in part:
            return Content(media=(placeholder(medium, part),))
    inner = part.get("content", part.get("parts"))
    return read_content(inner, depth + 1) if inner is not None else Content()


def _names(call: Mapping[str, Any]) -> tuple[str, ...]:
    name = call.get("name", call.get("toolName"))
    return (name,) if isinstance(name, str) else ()


def placeholder(medium: str, part: Mapping[str, Any]) -> str:
    """What stands for a medium: its type, its size as it was sent, and a digest.

    >>> placeholder("image", {"type": "image_url", "image_url": {"url": "https://a.b/c.png"}})
    '<image 17 B 6c0b34>'
    """
    kind, data = _media_type(part), _longest_text(dict(part))
    size = len(data)
    shown = f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"
    digest = blake2b(data.encode("utf-8", "replace"), digest_size=3).hexdigest()
    return f"<{kind or medium} {shown} {digest}>"


def _media_type(part: Mapping[str, Any]) -> str:
    for key in ("media_type", "mime_type", "mimeType", "mediaType"):
        for holder in (part, *(v for v in part.values() if isinstance(v, Mapping))):
            if isinstance(holder.get(key), str):
                return str(holder[key])[:60]
    return ""


def _longest_text(value: Json, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    inner: list[Any] = []
    if isinstance(value, Mapping) and depth < DEEPEST:
        inner = list(value.values())
    elif isinstance(value, list) and depth < DEEPEST:
        inner = value
    return max((_longest_text(one, depth + 1) for one in inner), key=len, default="")
